"""The unfolded cut against its own surface: areas, distances, labels, vessels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.organ_model import OrganModel
from simulation.resectogram import MAP_PIXELS, resectogram_of_cut, resectograms
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from tests.simulation.shapes import ball, block, centres, grid_of, rotation, twin_of
from tests.simulation.sheets import flat_sheet, sheet_over
from tests.simulation.test_perfusion import forked_twin
from twin.anatomy import LayerName
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, parse_cut


@pytest.fixture(scope="module")
def model():
    grid = grid_of((64, 64, 40), (1, 1, 1.6), direction=rotation(3))
    twin = twin_of(grid, ball(grid, (0, 0, 0), 28), [ball(grid, (12, 0, 0), 6)])
    return OrganModel.of_twin(twin)


def tent(u, v):
    """Bent about one axis only."""
    return -abs(u) * 0.6


@given(st.integers(0, 1000))
@settings(max_examples=8)
def test_that_the_area_of_a_plane_through_a_ball_is_that_of_a_disc(model, seed):
    rng = np.random.default_rng(seed)
    normal, away = rng.normal(size=3), rng.uniform(-15, 15)
    plane = PlaneCut(tuple(away * normal / np.linalg.norm(normal)), tuple(normal))
    found = resectogram_of_cut(plane, model)
    assert found.area_cm2 == pytest.approx(np.pi * (28**2 - away**2) / 100, rel=0.03)
    assert found.in_organ.shape == (MAP_PIXELS, MAP_PIXELS)
    assert not found.in_organ[[0, -1]].any()
    assert not found.in_organ[:, [0, -1]].any()


@pytest.mark.parametrize("seed", range(4))
def test_that_every_pixel_stands_for_the_same_area_of_the_sheet(model, seed):
    """Corners of pixels in space: the quadrilaterals between them are as large as the map says."""
    rng = np.random.default_rng(seed)
    cut = sheet_over(lambda u, v: rng.normal() * 9, axes=rotation(seed))
    found = resectogram_of_cut(cut, model)
    points = found.points_lps_mm.astype(float)
    inner = np.isfinite(points).all(axis=-1)
    quads = inner[:-1, :-1] & inner[1:, 1:] & inner[:-1, 1:] & inner[1:, :-1]
    across = np.cross(points[1:, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, 1:])
    areas = 0.5 * np.linalg.norm(across, axis=-1)[quads] / found.pixel_mm**2
    assert areas.mean() == pytest.approx(1.0, abs=0.01)
    assert np.percentile(np.abs(areas - 1.0), 95) < 0.12  # a map of 128 cells holds slopes to some per cent
    settled = simulate(Plan("A", (cut,)), model.twin, PatientFacts(), model=model).liver["cut_area_cm2"]
    assert found.area_cm2 == pytest.approx(settled.value, rel=0.05)


def test_that_a_sheet_bent_about_one_axis_is_laid_flat_without_stretching(model):
    for axes in (np.eye(3), [[0, -1, 0], [1, 0, 0], [0, 0, 1]]):
        found = resectogram_of_cut(sheet_over(tent, axes=axes), model)
        points = found.points_lps_mm.astype(float)
        steps = [np.linalg.norm(np.diff(points, axis=axis), axis=-1) / found.pixel_mm for axis in (0, 1)]
        for step in steps:
            assert np.nanpercentile(np.abs(step - 1.0), 99) < 0.05


def test_that_distances_and_labels_are_those_of_the_place(model):
    cut = sheet_over(lambda u, v: 0.005 * u * u, centre=(0, 0, 2))
    found = resectogram_of_cut(cut, model)
    at = found.in_organ
    points = found.points_lps_mm[at].astype(float)
    expected = np.linalg.norm(points - (12.0, 0.0, 0.0), axis=1) - 6.0
    assert np.abs(found.lesion_distance_mm[at] - expected).max() < 1.2  # about half a voxel of 1 x 1 x 1.6 mm
    assert np.abs(found.lesion_distance_mm[at] - expected).mean() < 0.4
    assert np.isnan(found.lesion_distance_mm[~at]).all()
    assert np.abs(SheetMap.of_cut(cut, model.grid).gap_mm(points)).max() < 1e-3
    assert (np.linalg.norm(points, axis=1) < 28 + 1.2).all()
    assert found.least_distance_mm == pytest.approx(expected.min(), abs=1.2)
    near = np.count_nonzero(found.lesion_distance_mm[at] < 10) * found.pixel_mm**2 / 100
    assert found.area_nearer_than_cm2(10) == pytest.approx(near)


def test_that_the_map_shows_territories_and_the_vessels_of_the_list():
    twin = forked_twin()
    plan = Plan("A", (PlaneCut((4.0, 0.0, 0.0), (1.0, 0.05, 0.0)),))
    (found,) = resectograms(plan, twin)
    outcome = simulate(plan, twin, PatientFacts())
    y = found.points_lps_mm[..., 1]
    at = found.in_organ & (np.abs(y) > 0.6)
    assert np.array_equal(found.portal_branch[at], np.where(y > 0, 2, 3)[at])
    assert np.array_equal(found.couinaud[at], np.where(y > 0, 8, 5)[at])
    assert set(np.unique(found.vessel)) - {0} <= {vessel.order for vessel in outcome.clip_list}
    for vessel in outcome.clip_list:
        if vessel.tree == "portal":
            pixels = found.vessel == vessel.order
            same = [other.order for other in outcome.clip_list if other.branch.endswith(vessel.branch[-5:])]
            drawn = np.isin(found.vessel, same)
            assert np.linalg.norm(found.points_lps_mm[drawn].mean(axis=0) - vessel.point_lps_mm) < 0.5
            area_mm2 = np.count_nonzero(drawn) * found.pixel_mm**2
            assert area_mm2 == pytest.approx(np.pi * vessel.diameter_mm**2 / 4, rel=0.15)
            assert pixels.sum() <= drawn.sum()
    assert (found.plan_hash, found.labels_hash, found.cut_number) == (plan.hash, twin.labels_hash, 1)


def test_that_what_another_cut_removes_is_no_cut_surface(model):
    cuts = (PlaneCut((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)), parse_cut("plane:10,0,0:1,0,0"), parse_cut("wedge:lesion-1:2"))
    first, second = resectograms(Plan("A", cuts), model.twin, model=model)
    assert (first.cut_number, second.cut_number) == (1, 2)
    x = first.points_lps_mm[..., 0]
    assert not first.is_cut[first.in_organ & (x > 11)].any()
    assert first.is_cut[first.in_organ & (x < 3)].all()
    assert first.area_cm2 < np.pi * 28**2 / 100


def test_that_a_cut_beyond_the_organ_gives_an_empty_map(model):
    found = resectogram_of_cut(flat_sheet((90, 0, 0), (1, 0, 0)), model)
    assert not found.in_organ.any()
    assert found.area_cm2 == 0
    assert found.least_distance_mm is None


def test_that_without_lesions_no_distance_is_known():
    grid = grid_of((30, 30, 30))
    found = resectogram_of_cut(
        PlaneCut((0, 0, 0), (1, 0, 0)), OrganModel.of_twin(twin_of(grid, block(grid, (9, 9, 9))))
    )
    assert found.in_organ.any()
    assert np.isnan(found.lesion_distance_mm).all()
    assert found.least_distance_mm is None


def test_that_the_area_of_the_cut_is_that_of_the_cap_and_lies_in_its_interval(model):
    for seed in range(4):
        normal = np.random.default_rng(seed).normal(size=3)
        normal /= np.linalg.norm(normal)
        figure = simulate(
            Plan("A", (PlaneCut(tuple(6 * normal), tuple(normal)),)), model.twin, PatientFacts(), model=model
        )
        area = figure.liver["cut_area_cm2"]
        assert area.value == pytest.approx(np.pi * (28**2 - 36) / 100, rel=0.03)
        assert area.low < area.value < area.high
        assert area.unit == "cm2"


def test_that_the_area_of_a_territory_is_read_from_its_voxels():
    grid = grid_of((60, 60, 40), (1, 1, 1.5), direction=rotation(1))
    liver, normal = ball(grid, (0, 0, 0), 26), np.array([0.6, 0.0, 0.8])
    couinaud = np.where(liver, np.where(centres(grid) @ normal > 4, 6, 3), 0).astype(np.uint8)
    twin = twin_of(grid, liver, derived={LayerName.COUINAUD: couinaud})
    area = simulate(Plan("A", (parse_cut("H6"),)), twin, PatientFacts()).liver["cut_area_cm2"].value
    assert area == pytest.approx(np.pi * (26**2 - 16) / 100, rel=0.04)
