"""A duct between two clicks: where it runs, how wide it is, and that the figures say how sure they are."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from segmentation.ducts.duct_width import disc_radii_mm
from segmentation.ducts.tracing import DuctTracer, TracedDuct, trace_duct
from tests.segmentation.ducts.made_up_duct import MadeUpDuct, made_up_duct
from twin.box import Box
from twin.errors import InputError
from twin.geometry.components_cc3d import component_sizes


def _traced(scan: MadeUpDuct) -> TracedDuct:
    return trace_duct(scan.volume, scan.course_lps_mm[[0, -1]] + np.array([[0.5, -0.4, 0.3], [-0.4, 0.5, -0.3]]))


def _gaps_mm(scan: MadeUpDuct, duct: TracedDuct) -> np.ndarray:
    return np.asarray(cKDTree(scan.course_lps_mm).query(duct.graph.nodes_lps_mm)[0])


@pytest.mark.parametrize("is_mr", [False, True])
@pytest.mark.parametrize("radius_mm", [1.2, 2.0, 3.5])
def test_that_course_and_diameter_are_those_of_the_duct(radius_mm: float, is_mr: bool) -> None:
    scan = made_up_duct(radius_mm, is_mr=is_mr)
    duct = _traced(scan)
    assert _gaps_mm(scan, duct).mean() < 0.6
    assert _gaps_mm(scan, duct).max() < 2.0
    errors_mm = np.abs(duct.diameters_mm - 2.0 * radius_mm)
    assert errors_mm.mean() < 0.8  # a voxel
    assert (errors_mm <= duct.diameter_uncertainty_mm).mean() > 0.7


def test_that_the_uncertainty_is_one_voxel_across_the_duct() -> None:
    duct = _traced(made_up_duct())
    assert duct.diameter_uncertainty_mm.shape == duct.diameters_mm.shape
    assert 0.8 <= duct.diameter_uncertainty_mm.min() <= duct.diameter_uncertainty_mm.max() <= 1.0


def test_that_the_graph_is_rooted_at_the_first_click() -> None:
    scan = made_up_duct()
    duct = _traced(scan)
    graph = duct.graph
    assert graph.tree == "pancreatic"
    assert graph.parents[0] == -1
    np.testing.assert_array_equal(graph.parents[1:], np.arange(len(graph.parents) - 1))
    assert np.linalg.norm(graph.nodes_lps_mm[0] - scan.course_lps_mm[0]) < 2.5
    true_mm = np.linalg.norm(np.diff(scan.course_lps_mm, axis=0), axis=1).sum()
    assert duct.length_mm == pytest.approx(true_mm, rel=0.06)


def test_that_the_voxels_are_one_tube_of_the_volume_of_the_duct() -> None:
    scan = made_up_duct(2.0)
    duct = _traced(scan)
    assert len(component_sizes(duct.mask)) == 1
    wanted_ml = np.pi * 2.0**2 * duct.length_mm / 1000.0
    assert duct.mask.sum() * scan.volume.grid.voxel_volume_ml == pytest.approx(wanted_ml, rel=0.35)
    inside = Box.around(duct.mask)
    assert inside is not None


def test_that_a_duct_thinner_than_a_voxel_is_still_one_piece() -> None:
    scan = made_up_duct(0.7, noise=4.0)
    duct = _traced(scan)
    assert len(component_sizes(duct.mask)) == 1


def test_that_a_click_between_mends_the_way() -> None:
    scan = made_up_duct()
    middle = np.array([0.0, 8.0, 0.0])  # off the duct on purpose: the way must go there
    ends = scan.course_lps_mm[[0, -1]]
    duct = trace_duct(scan.volume, np.stack([ends[0], middle, ends[1]]))
    assert np.linalg.norm(duct.graph.nodes_lps_mm - middle, axis=1).min() < 4.0


def test_that_one_box_serves_several_traces_and_says_what_it_covers() -> None:
    scan = made_up_duct()
    tracer = DuctTracer(scan.volume, scan.course_lps_mm[::100], margin_mm=6.0)
    assert tracer.covers(scan.course_lps_mm)
    assert not tracer.covers([[31.0, 20.0, 18.0]])
    assert tracer.trace(scan.course_lps_mm[[0, 200]]).length_mm < tracer.trace(scan.course_lps_mm[[0, 400]]).length_mm
    with pytest.raises(InputError, match="point_outside"):
        tracer.trace([scan.course_lps_mm[0], [31.0, 20.0, 18.0]])


@pytest.mark.parametrize(
    ("clicks", "message"),
    [
        ([[0.0, 0, 0]], "two_clicks"),
        ([[0.0, 0, 0], [0.5, 0, 0]], "same_point"),
        ([[0.0, 0, 0], [900.0, 0, 0]], "outside"),
    ],
)
def test_that_bad_clicks_are_refused_with_their_reason(clicks: list[list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        trace_duct(made_up_duct().volume, clicks)


@pytest.mark.parametrize("radius_mm", [0.6, 1.0, 2.5, 6.0])
def test_that_a_blurred_disc_gives_its_radius_back(radius_mm: float) -> None:
    """A disc painted finely and blurred by a library, not by the formula that is fitted."""
    from scipy import ndimage

    step = 0.05
    axis = np.arange(-14.0, 14.0 + step / 2, step)
    disc = (np.hypot(axis[:, None], axis[None, :]) <= radius_mm).astype(float)
    row = ndimage.gaussian_filter(disc, 0.8 / step)[len(axis) // 2, len(axis) // 2 :]
    profile = 90.0 - 82.0 * np.interp(np.arange(0.0, 12.01, 0.25), axis[len(axis) // 2 :], row)
    assert disc_radii_mm(profile[None], 8.0, 0.8)[0] == pytest.approx(radius_mm, abs=0.11)
