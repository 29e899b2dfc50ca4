"""Sheets to begin with follow what they are made from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.organ_model import OrganModel
from simulation.sheet_making import sheet_along_curve, sheet_along_territory, sheet_of_plane
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from simulation.split import split_masks
from tests.simulation.shapes import ball, block, centres, grid_of, rotation, twin_of
from twin.anatomy import LayerName
from twin.errors import GeometryError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, TerritorySet


@pytest.fixture(scope="module")
def twin():
    grid = grid_of((60, 56, 40), (1, 1, 1.5), direction=rotation(4))
    return twin_of(grid, ball(grid, (3, -2, 4), 25))


@pytest.fixture(scope="module")
def model(twin):
    return OrganModel.of_twin(twin)


def removed(cut, twin, model):
    return split_masks(Plan("A", (cut,)), twin, model=model).specimen


@given(st.integers(0, 1000), st.sampled_from([(2, 2), (4, 4), (5, 3)]))
@settings(max_examples=8)
def test_that_the_sheet_of_a_plane_removes_the_same_voxels(twin, model, seed, shape):
    rng = np.random.default_rng(seed)
    plane = PlaneCut(tuple(rng.uniform(-8, 8, 3)), tuple(rng.normal(size=3)))
    sheet = sheet_of_plane(plane, model, shape=shape)
    assert (sheet.n_rows, sheet.n_columns) == shape
    assert np.array_equal(removed(sheet, twin, model), removed(plane, twin, model))
    assert SheetMap.of_cut(sheet, model.grid).frame.axes_lps[2] == pytest.approx(np.array(plane.normal_lps))


def test_that_a_curve_round_the_organ_gives_the_sheet_through_it(twin, model):
    """A saddle drawn on the ball: x = 4 + yz / 60."""
    angle = np.linspace(0, 2 * np.pi, 90)
    middle = np.array([3.0, -2.0, 4.0])
    curve = []
    for a in angle:
        y, z = 24 * np.cos(a), 24 * np.sin(a)
        curve.append(middle + np.array([1.0 + y * z / 60, y, z]))
    fit = sheet_along_curve(np.array(curve), model)
    assert fit.rms_mm < 0.3
    gaps = SheetMap.of_cut(fit.cut, model.grid).gap_mm(np.array(curve))
    assert np.abs(gaps).max() == pytest.approx(fit.largest_mm, abs=0.1)
    smaller = removed(fit.cut, twin, model)
    assert 2 * smaller.sum() <= twin.mask("liver").sum()
    x = centres(twin.grid)[..., 0]
    assert x[smaller].mean() > 3.0


def test_that_the_side_of_a_point_is_removed(twin, model):
    angle = np.linspace(0, 2 * np.pi, 50)
    curve = np.stack([np.full(50, 5.0), 24 * np.cos(angle), 24 * np.sin(angle)], axis=1)
    for x in (-15.0, 15.0):
        fit = sheet_along_curve(curve, model, removed_lps_mm=np.array([x, 0, 0]))
        part = centres(twin.grid)[..., 0][removed(fit.cut, twin, model)]
        assert (part < 5.0).all() if x < 5 else (part > 5.0).all()


def test_that_a_line_on_one_face_goes_into_the_organ(twin, model):
    """A line along z drawn on the front of the ball (y = -27): the cut is the plane through it and the middle."""
    z = np.linspace(-10, 16, 30)
    line = np.stack([np.full(30, 3.0), -2 - np.sqrt(25**2 - (z - 4) ** 2), z], axis=1)
    x = centres(twin.grid)[..., 0]
    half = removed(sheet_along_curve(line, model, removed_lps_mm=np.array([20.0, -2, 4])).cut, twin, model)
    liver = twin.mask("liver")
    assert np.count_nonzero(half != (liver & (x > 3.0))) < 0.005 * liver.sum()
    straight = np.stack([np.full(30, 3.0), np.full(30, -27.0), z], axis=1)
    aslant = sheet_along_curve(
        straight, model, depth_lps=np.array([1.0, 1.0, 0.0]), removed_lps_mm=np.array([30.0, -27, 4])
    )
    places = centres(twin.grid)
    beyond = liver & ((places[..., 0] - 3.0) - (places[..., 1] + 27.0) > 0)
    assert np.count_nonzero(removed(aslant.cut, twin, model) != beyond) < 0.005 * liver.sum()


def test_that_a_curve_too_short_is_refused(model):
    for curve in (np.zeros((1, 3)), np.array([[0, 0, 0], [0, 0, 4.0]])):
        with pytest.raises(GeometryError) as refused:
            sheet_along_curve(curve, model)
        assert refused.value.message_id == "error.sheet.short_curve"


def segmented_twin(height):
    grid = grid_of((60, 50, 50))
    liver = block(grid, (25, 20, 20))
    places = centres(grid)
    right = places[..., 0] > height(places[..., 1], places[..., 2])
    return twin_of(
        grid, liver, derived={LayerName.COUINAUD: np.where(liver, np.where(right, 6, 3), 0).astype(np.uint8)}
    )


def test_that_the_sheet_of_a_territory_follows_its_border():
    twin = segmented_twin(lambda y, z: 4 + 5 * np.sin(y / 12) + z * z / 80)
    model = OrganModel.of_twin(twin)
    territory = TerritorySet(new_world_code="H6")
    fit = sheet_along_territory(territory, model)
    assert fit.rms_mm < 0.8
    wanted, found = removed(territory, twin, model), removed(fit.cut, twin, model)
    assert np.count_nonzero(wanted != found) < 0.03 * wanted.sum()
    flat = sheet_along_territory(territory, model, shape=(2, 2))
    assert flat.rms_mm > 2 * fit.rms_mm


def test_that_the_border_of_a_corner_is_followed_as_far_as_a_sheet_can_and_said():
    grid = grid_of((50, 50, 40))
    liver = block(grid, (20, 20, 15))
    places = centres(grid)
    corner = liver & (places[..., 0] > 0) & (places[..., 1] > 0)
    twin = twin_of(grid, liver, derived={LayerName.COUINAUD: np.where(corner, 6, 3 * liver).astype(np.uint8)})
    fit = sheet_along_territory(TerritorySet(new_world_code="H6"), OrganModel.of_twin(twin))
    assert 0.5 < fit.rms_mm < 4
    assert fit.largest_mm > fit.rms_mm
    outcome = simulate(Plan("A", (fit.cut,)), twin, PatientFacts())
    assert outcome.liver["resected_ml"].value == pytest.approx(corner.sum() / 1000, rel=0.2)


def test_that_a_territory_that_is_the_whole_organ_has_no_border():
    twin = segmented_twin(lambda y, z: -100.0)
    with pytest.raises(GeometryError) as refused:
        sheet_along_territory(TerritorySet(new_world_code="H6"), OrganModel.of_twin(twin))
    assert refused.value.message_id == "error.sheet.no_border"
