"""The case: what becomes stale, what is withdrawn, what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.twin.store.case_examples import GRID, facts, full_case, layer, outcome_of, volume
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import ApprovalEdit
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.plan import Plan
from twin.resection import parse_cut
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Modality, Quantity, Volume

OTHER_GRID = Grid.from_spacing((7, 6, 5), (1, 1, 1))
OTHER_PLAN = Plan("A", (parse_cut("wedge:lesion-1:20"),))


def _with_other_uncertainty(case: Case) -> Case:
    entry = case.layer(LayerName.ORGANS)
    return case.with_layer(entry.with_uncertainties({"liver": BoundaryUncertainty.of_origin(LabelOrigin.MANUAL)}))


CHANGES: dict[str, Callable[[Case], Case]] = {
    "labels": lambda case: case.with_layer(layer(LayerName.ORGANS, 77)),
    "uncertainty": _with_other_uncertainty,
    "layer removed": lambda case: case.without_layer(LayerName.DUCTS),
    "facts": lambda case: case.with_facts(facts(99)),
    "plan": lambda case: case.with_plan(OTHER_PLAN),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_that_a_change_of_an_input_makes_the_outcome_stale_and_withdraws_the_approval(name: str) -> None:
    before = full_case()
    case = CHANGES[name](before)
    assert before.plan("A").is_approved
    assert not before.outcomes["A"].is_stale
    assert case.outcomes["A"].is_stale
    assert not case.plan("A").is_approved


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case.with_layer(layer(LayerName.COUINAUD, 5)),
        lambda case: case.with_volume(volume(9)),
        lambda case: case.with_plan(Plan("C", (parse_cut("H5678"),))),
        lambda case: case.without_plan("B"),
        lambda case: case.with_confirmation("pancreas", "Dr Example"),
        lambda case: case.with_not_found({"aorta": "reason.not_seen"}),
    ],
)
def test_that_a_change_of_something_else_leaves_outcome_and_approval(change: Callable[[Case], Case]) -> None:
    case = change(full_case())
    assert not case.outcomes["A"].is_stale
    assert case.plan("A").is_approved


def test_that_new_figures_withdraw_the_approval_of_the_old_ones() -> None:
    case = full_case()
    case = case.with_outcome(outcome_of(case, "A", 2.0))
    assert not case.outcomes["A"].is_stale
    assert not case.plan("A").is_approved


def test_that_a_stale_outcome_does_not_come_back_by_itself() -> None:
    case = full_case()
    back = case.with_facts(facts(99)).with_facts(case.facts)
    assert back.outcomes["A"].is_stale
    assert not back.plan("A").is_approved


def test_that_figures_of_another_state_arrive_stale() -> None:
    case = full_case()
    late = outcome_of(case, "A")
    assert case.with_facts(facts(99)).with_outcome(late).outcomes["A"].is_stale


def test_that_an_approval_needs_current_figures_and_confirmed_structures() -> None:
    case = full_case()
    with pytest.raises(SafetyRefusal) as caught:
        case.require_approvable("A", ("liver", "pancreas"))
    assert caught.value.message_id == "error.approve.unconfirmed"
    assert caught.value.parameters["structures"] == "pancreas"
    with pytest.raises(SafetyRefusal) as caught:
        case.with_facts(facts(99)).require_approvable("A", ("liver",))
    assert caught.value.message_id == "error.approve.no_current_outcome"
    with pytest.raises(SafetyRefusal):
        case.with_plan(Plan("C", (parse_cut("H5678"),))).require_approvable("C", ())


def test_that_an_approval_says_who_declared_it_beside_the_account() -> None:
    case = full_case()
    approval = ApprovalEdit.declaring(case, "A", "Dr Example", ("liver",)).approval
    assert approval is not None
    assert approval.by == "Dr Example"
    assert approval.account
    assert approval.labels_hash == case.labels_hash


def test_that_a_confirmation_falls_when_its_layer_changes_and_holds_when_another_does() -> None:
    case = full_case()
    assert case.is_confirmed("liver")
    assert case.with_layer(layer(LayerName.VESSELS, 77)).is_confirmed("liver")
    assert not case.with_layer(layer(LayerName.ORGANS, 77)).is_confirmed("liver")


def test_that_a_derived_layer_does_not_change_the_hash_of_the_labels() -> None:
    case = full_case()
    assert case.with_layer(layer(LayerName.COUINAUD, 4)).labels_hash == case.labels_hash


def test_that_labels_on_another_grid_are_refused() -> None:
    with pytest.raises(GeometryError) as caught:
        full_case().with_layer(LabelLayer.empty(LayerName.ORGANS, OTHER_GRID))
    assert caught.value.message_id == "error.grid.different_space"


def test_that_a_scan_on_another_grid_than_the_labels_cannot_become_the_planning_volume() -> None:
    voxels = np.zeros(OTHER_GRID.shape_kji, np.int16)
    other = Volume("other", OTHER_GRID, voxels, Quantity.HOUNSFIELD, Modality.CT)
    labels_only = Case("example").with_layer(layer(LayerName.ORGANS, 1))
    for change in (
        lambda: labels_only.with_volume(other),
        lambda: full_case().with_volume(other).with_planning_volume("other"),
    ):
        with pytest.raises(GeometryError):
            change()
    assert "other" in full_case().with_volume(other).volumes


def test_that_labels_without_a_scan_give_the_reference_grid() -> None:
    assert Case("example").with_layer(layer(LayerName.ORGANS, 1)).reference_grid.is_same_space(GRID)


def test_that_an_empty_case_says_what_it_lacks() -> None:
    case = Case("example")
    assert case.structure_ids() == ()
    for ask in (lambda: case.planning_volume, lambda: case.reference_grid, lambda: case.layer(LayerName.ORGANS)):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.message_id == "error.case.no_volume"


def test_that_a_plan_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError) as caught:
        full_case().plan("Z")
    assert caught.value.parameters == {"plan": "Z", "known": "A, B"}


def test_that_a_plan_is_removed_with_its_outcome() -> None:
    case = full_case().without_plan("A")
    assert (list(case.plans), list(case.outcomes)) == (["B"], ["B"])


def test_that_the_first_scan_becomes_the_planning_volume_and_stays_it() -> None:
    case = Case("example").with_volume(volume(1)).with_volume(volume(2))
    assert case.planning_volume.id == "volume-1"
    assert case.with_planning_volume("volume-2").planning_volume.id == "volume-2"


def test_that_each_change_of_a_layer_raises_its_revision_alone() -> None:
    case = Case("example").with_layer(layer(LayerName.ORGANS, 1))
    assert case.revision(LayerName.ORGANS) == 1
    case = case.with_layer(layer(LayerName.ORGANS, 2)).without_layer(LayerName.ORGANS)
    assert (case.revision(LayerName.ORGANS), case.revision(LayerName.VESSELS)) == (3, 0)
