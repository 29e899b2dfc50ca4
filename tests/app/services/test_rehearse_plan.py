"""A rehearsal answers while a plane is dragged with the figures that the settled plan will have."""

import numpy as np
import pytest

from app.services.rehearse_plan import Rehearsal
from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.case import Case
from twin.errors import Cancelled, GeometryError
from twin.job import CancelSource
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, parse_cut
from twin.twin import build_twin


@pytest.fixture(scope="module")
def rehearsal() -> Rehearsal:
    phantom = small_phantom()
    case = Case("a")
    for name in (LayerName.ORGANS, LayerName.LESIONS):
        case = case.with_layer(phantom.layers[name])
    return Rehearsal(build_twin(case, structure_ids=("liver",)), phantom.facts)


def _cut(rehearsal: Rehearsal) -> PlaneCut:
    points = rehearsal.twin.surfaces["liver"].points_lps_mm
    x, y, z = (float(v) for v in 0.5 * (points.min(axis=0) + points.max(axis=0)))
    return PlaneCut((x, y, z), (-0.8, 0.5, 0.1))


def test_that_live_volumes_are_those_of_the_settled_plan(rehearsal: Rehearsal) -> None:
    cut = _cut(rehearsal)
    live = rehearsal.live_figures(cut)
    settled = rehearsal.settled(Plan("A", (cut,)))
    assert settled.outcome.liver is not None
    for key in ("resected_ml", "remnant_ml", "flr_percent"):
        assert live.liver[key].value == settled.outcome.liver[key].value  # type: ignore[union-attr]


def test_that_the_removed_voxels_and_surfaces_are_those_of_the_figures(rehearsal: Rehearsal) -> None:
    settled = rehearsal.settled(Plan("A", (_cut(rehearsal),)))
    assert settled.outcome.liver is not None
    resected_ml = settled.outcome.liver["resected_ml"].value  # type: ignore[union-attr]
    assert settled.removed.sum() * rehearsal.twin.grid.voxel_volume_ml == pytest.approx(resected_ml)
    assert settled.specimen.is_closed
    assert settled.remnant.is_closed
    assert settled.specimen.volume_ml == pytest.approx(resected_ml, rel=0.03)


def test_that_a_pancreas_is_rehearsed_without_a_liver() -> None:
    phantom = small_phantom()
    organs = phantom.layers[LayerName.ORGANS]
    alone = np.where(organs.mask("pancreas"), organs.voxels, 0).astype(organs.voxels.dtype)
    case = Case("a").with_layer(organs.with_voxels(alone))
    rehearsal = Rehearsal(build_twin(case, structure_ids=("pancreas",)), PatientFacts()).with_facts(phantom.facts)
    cut = parse_cut("pancreas:distal@0.6")
    settled = rehearsal.settled(Plan("A", (cut,)))
    live = rehearsal.live_pancreas(cut)
    assert settled.outcome.liver is None
    assert live.pancreas["remnant_ml"].value == pytest.approx(settled.outcome.pancreas["remnant_ml"].value)
    assert settled.specimen.is_closed
    with pytest.raises(GeometryError) as refused:
        rehearsal.live_figures(PlaneCut((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    assert refused.value.message_id == "error.organ.empty"


def test_that_facts_change_without_preparing_the_liver_again(rehearsal: Rehearsal) -> None:
    other = rehearsal.with_facts(PatientFacts())
    cut = _cut(rehearsal)
    known = rehearsal.live_figures(cut).liver["flr_body_weight_percent"]
    unknown = other.live_figures(cut).liver["flr_body_weight_percent"]
    assert known.value is not None  # type: ignore[union-attr]
    assert unknown.needs == ("weight_kg",)  # type: ignore[union-attr]
    assert other.live_figures(cut).liver["resected_ml"] == rehearsal.live_figures(cut).liver["resected_ml"]


def test_that_settling_can_be_stopped_between_its_steps(rehearsal: Rehearsal) -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        rehearsal.settled(Plan("A", (_cut(rehearsal),)), stop=source.token.raise_if_cancelled)


def test_that_a_plane_beside_the_liver_is_refused_when_it_settles(rehearsal: Rehearsal) -> None:
    with pytest.raises(GeometryError):
        rehearsal.settled(Plan("A", (PlaneCut((5000.0, 0.0, 0.0), (1.0, 0.0, 0.0)),)))
