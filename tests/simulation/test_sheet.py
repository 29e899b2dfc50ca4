"""Curved cuts against answers that are known, and against the plane they become when they are flat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.live import LiveSheet
from simulation.organ_model import OrganModel
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from simulation.split import split_masks, split_organ
from simulation.volumetry import known_figures
from tests.simulation.shapes import EXACT, ball, block, centres, grid_of, rotation, twin_of
from tests.simulation.sheets import flat_sheet, points_of, sheet_over
from tests.simulation.test_perfusion import forked_twin
from twin.errors import GeometryError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, SheetCut, parse_cut

NOBODY = PatientFacts()


@pytest.fixture(scope="module")
def twin():
    grid = grid_of((60, 56, 30), (1, 1, 2), direction=rotation(5))
    return twin_of(grid, ball(grid, (0, 0, 0), 26), [ball(grid, (12, 0, 0), 6), ball(grid, (-12, 3, 0), 4)])


@pytest.fixture(scope="module")
def model(twin):
    return OrganModel.of_twin(twin)


def random_sheet(seed, amplitude_mm=8.0):
    rng = np.random.default_rng(seed)
    return sheet_over(lambda u, v: rng.normal() * amplitude_mm, axes=rotation(seed), centre=rng.uniform(-6, 6, 3))


@given(st.integers(0, 10_000), st.sampled_from([(2, 2), (3, 4), (4, 4), (5, 7)]))
@settings(max_examples=15)
def test_that_a_flat_sheet_removes_the_voxels_of_its_plane(seed, shape):
    rng = np.random.default_rng(seed)
    grid = grid_of((40, 37, 21), (1.1, 1.3, 2.7), direction=rotation(seed))
    origin, normal = rng.uniform(-10, 10, 3), rng.normal(size=3)
    removed = np.zeros(grid.shape_kji, np.bool_)
    SheetMap.of_cut(flat_sheet(origin, normal, shape=shape), grid).mark(removed)
    height = (centres(grid) - origin) @ (normal / np.linalg.norm(normal))
    sure = np.abs(height) > 1e-6
    assert np.array_equal(removed[sure], height[sure] > 0)


@given(st.integers(0, 10_000))
@settings(max_examples=8)
def test_that_the_map_of_a_4_by_4_net_is_its_bezier_patch(seed):
    cut = random_sheet(seed, 6.0)
    grid = grid_of((50, 50, 50), direction=rotation(seed + 1))
    points = points_of(cut).reshape(-1, 3)
    inside = (np.abs(grid.ijk_from_lps(points) - 24.5) <= 24.5).all(axis=1)
    gaps = SheetMap.of_cut(cut, grid).gap_mm(points[inside])
    assert inside.sum() > 1000
    assert np.abs(gaps).max() < 0.05  # a cell of the map is 0.7 mm wide


def test_that_a_sheet_goes_straight_on_beyond_its_border():
    """A small patch tilted and bent: far outside it is the plane that touches its border."""
    cut = sheet_over(lambda u, v: 0.4 * u + (u / 10.0) ** 2, half_mm=10.0)
    grid = grid_of((80, 40, 40))
    sheet = SheetMap.of_cut(cut, grid)
    border = points_of(cut)[100, -1]
    slope = (points_of(cut)[100, -1] - points_of(cut)[100, -2])[[0, 2]]
    far = border + 25.0 * np.array([1.0, 0.0, slope[1] / slope[0]])
    assert sheet.gap_mm(far[None])[0] == pytest.approx(0.0, abs=0.15)


def test_that_a_paraboloid_cuts_a_slab_of_known_volume():
    """Between a paraboloid and the top of a block: the volume is an integral; quadrics are Bezier patches exactly."""
    grid = grid_of((61, 61, 41), (1.0, 1.0, 0.8))
    liver = block(grid, (25, 25, 14))
    cut = _paraboloid(0.01)
    outcome = simulate(Plan("A", (cut,)), twin_of(grid, liver, uncertainty=EXACT), NOBODY)
    x = np.linspace(-25.5, 25.5, 2001)
    top = 14.0  # the last slice of centres lies at 13.6 and is 0.8 thick
    columns = np.clip(top - 0.01 * (x[:, None] ** 2 + x[None, :] ** 2) + 3.0, 0.0, 2 * top)
    expected_ml = columns.mean() * 51.0**2 / 1000
    assert outcome.liver["resected_ml"].value == pytest.approx(expected_ml, rel=0.01)


def _paraboloid(bend):
    """z = bend (x^2 + y^2) - 3 as a Bezier net: the ordinates of t^2 over [-40, 40] are 1, -1/3, -1/3, 1."""
    ordinates = dict(zip(np.round((2 * np.arange(4) / 3 - 1) * 40.0, 6), (1.0, -1 / 3, -1 / 3, 1.0), strict=True))

    def height(u, v):
        return bend * 1600.0 * (ordinates[round(u, 6)] + ordinates[round(v, 6)]) - 3.0

    return sheet_over(height)


@pytest.mark.parametrize("seed", range(6))
def test_that_live_figures_of_a_sheet_equal_the_settled_ones(twin, model, seed):
    cut = random_sheet(seed)
    live = known_figures(LiveSheet(twin, model=model).figures(cut).liver)
    settled = known_figures(simulate(Plan("A", (cut,)), twin, NOBODY, model=model).liver)
    for name, figure in live.items():
        if name != "margin_mm":
            ends = [(f.value, f.low, f.high) for f in (figure, settled[name])]
            assert ends[0] == ends[1] == pytest.approx(ends[1]), name
    if live["margin_mm"].value is not None:
        assert live["margin_mm"].value <= settled["margin_mm"].value + 0.05


def test_that_live_perfusion_and_vessels_of_a_sheet_equal_the_settled_ones():
    twin = forked_twin()
    axes = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    cut = sheet_over(lambda u, v: 0.004 * u * u + 2.0, axes=axes)
    live, settled = LiveSheet(twin).figures(cut), simulate(Plan("A", (cut,)), twin, NOBODY)
    for key in ("functional_remnant_ml", "ischaemic_ml", "congested_ml"):
        assert live.liver[key].value == settled.liver[key].value
    assert live.clip_list == settled.clip_list
    assert live.segments == settled.segments
    assert {vessel.branch for vessel in live.clip_list} == {
        f"{tree}.{side}" for tree in ("portal", "hepatic") for side in ("upper", "lower")
    }
    for vessel in live.clip_list:
        x, y, _ = vessel.point_lps_mm
        bezier = points_of(cut)[..., :2].reshape(-1, 2)
        assert np.linalg.norm(bezier - (x, y), axis=1).min() < 0.6


def test_that_crossings_come_in_order_along_the_sheet():
    settled = simulate(Plan("A", (flat_sheet((5, 0, 0), (1, 0, 0)),)), forked_twin(), NOBODY)
    plane = simulate(Plan("A", (PlaneCut((5.0, 0.0, 0.0), (1.0, 0.0, 0.0)),)), forked_twin(), NOBODY)
    assert [(v.order, v.branch) for v in settled.clip_list] == [(v.order, v.branch) for v in plane.clip_list]


@given(st.integers(0, 200), st.floats(2, 10))
@settings(max_examples=6)
def test_that_the_margin_of_a_ball_to_a_bowl_is_its_distance(seed, margin_mm):
    """The bowl bends away from the ball, so that its lowest point is nearest."""
    axes = rotation(seed)
    grid = grid_of((64, 64, 40), (1.0, 1.0, 1.6), direction=rotation(seed + 1))
    radius = 9.0
    twin = twin_of(grid, ball(grid, (0, 0, 0), 30), [ball(grid, (0, 0, 0), radius)])
    bend = -0.004
    cut = sheet_over(lambda u, v: bend * (u * u + v * v), axes=axes, centre=-(radius + margin_mm) * axes[2])
    lowest = -float(SheetMap.of_cut(cut, grid).gap_mm(np.zeros((1, 3)))[0])
    outcome = simulate(Plan("A", (cut,)), twin, NOBODY)
    assert outcome.liver["margin_mm"].value == pytest.approx(-lowest - radius, abs=0.5)
    live = LiveSheet(twin).figures(cut)
    assert live.liver["margin_mm"].value == pytest.approx(outcome.liver["margin_mm"].value, abs=0.1)
    lesion_point, cut_point = (np.array(point) for point in live.margin_points_lps_mm)
    assert np.linalg.norm(lesion_point - cut_point) == pytest.approx(live.liver["margin_mm"].value, abs=1e-6)


def test_that_a_sheet_joins_other_cuts_in_one_plan(twin, model):
    cut = random_sheet(3)
    cuts = (cut, parse_cut("wedge:lesion-2:3"), parse_cut("plane:0,18,0:0,1,0"))
    masks = [split_masks(Plan("A", (one,)), twin, model=model).specimen for one in cuts]
    together = split_masks(Plan("A", cuts), twin, model=model)
    assert np.array_equal(together.specimen, masks[0] | masks[1] | masks[2])
    outcome = simulate(Plan("A", cuts), twin, NOBODY, model=model)
    assert outcome.liver["resected_ml"].value == pytest.approx(together.specimen.sum() * twin.grid.voxel_volume_ml)
    assert outcome.liver["cut_area_cm2"].low <= outcome.liver["cut_area_cm2"].value


def test_that_both_parts_of_a_sheet_are_closed_and_hold_the_volume_of_their_voxels(twin, model):
    plan = Plan("A", (random_sheet(4, 5.0),))
    masks = split_masks(plan, twin, model=model)
    for part, mask in zip(split_organ(plan, twin, model=model), (masks.remnant, masks.specimen), strict=True):
        assert part.is_closed
        assert part.volume_ml == pytest.approx(mask.sum() * twin.grid.voxel_volume_ml, rel=0.03)


def test_that_a_sheet_that_misses_the_organ_is_refused_in_a_plan_and_no_error_while_dragging(twin, model):
    for normal, message_id in (((1, 0, 0), "error.cut.misses_organ"), ((-1, 0, 0), "error.cut.takes_whole_organ")):
        with pytest.raises(GeometryError) as refused:
            simulate(Plan("A", (flat_sheet((99, 0, 0), normal),)), twin, NOBODY, model=model)
        assert refused.value.message_id == message_id
    assert LiveSheet(twin, model=model).figures(flat_sheet((99, 0, 0), (1, 0, 0))).removes_nothing


def folded_net():
    """An S in profile: over some places the sheet lies three times."""
    profile = [(-30, 0), (50, 5), (-50, 10), (30, 15)]
    return SheetCut(tuple(tuple((float(x), float(y), float(z)) for x, z in profile) for y in (-30, -10, 10, 30)))


@pytest.mark.parametrize(
    ("cut", "message_id"),
    [
        (SheetCut((((0.0, 0.0, 0.0),) * 4,) * 4), "error.sheet.no_area"),
        (sheet_over(lambda u, v: 0.0, axes=[[1, 0, 0], [1, 0, 0], [0, 0, 1]]), "error.sheet.no_area"),
        (folded_net(), "error.sheet.overhang"),
        (sheet_over(lambda u, v: 500.0 * (abs(u) < 20)), "error.sheet.overhang"),
    ],
)
def test_that_a_sheet_without_two_sides_is_refused(twin, model, cut, message_id):
    for ask in (
        lambda: simulate(Plan("A", (cut,)), twin, NOBODY, model=model),
        lambda: LiveSheet(twin, model=model).figures(cut),
    ):
        with pytest.raises(GeometryError) as refused:
            ask()
        assert refused.value.message_id == message_id


def test_that_a_sheet_steep_in_space_is_flat_over_its_own_plane(twin, model):
    steep = sheet_over(lambda u, v: 60 * u)
    plane = PlaneCut((0.0, 0.0, 0.0), (-60.0, 0.0, 1.0))
    removed = [split_masks(Plan("A", (cut,)), twin, model=model).specimen for cut in (steep, plane)]
    assert np.count_nonzero(removed[0] != removed[1]) == 0
