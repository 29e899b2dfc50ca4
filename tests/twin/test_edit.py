"""Edits and their inverses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.store.case_examples import (
    GRID,
    PRIMARY,
    VALUES,
    content,
    facts,
    full_case,
    full_edits,
    layer,
    outcome_of,
    stroke,
    volume,
)
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import (
    ApprovalEdit,
    Basis,
    ConfirmationEdit,
    Edit,
    FactsEdit,
    GroupEdit,
    LayersEdit,
    OutcomeEdit,
    PackedArray,
    PackedLayer,
    Packing,
    PlanEdit,
    VolumesEdit,
    VoxelEdit,
)
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.plan import Plan
from twin.resection import parse_cut
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

CORNER = Box((0, 0, 0), (2, 2, 2))


def same(one: Case, other: Case) -> bool:
    """Equal but for the revisions, which only ever grow."""
    return content(one, with_revisions=False) == content(other, with_revisions=False)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    ranges = [sorted(draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))) for n in GRID.shape_kji]
    (k0, k1), (j0, j1), (i0, i1) = ranges
    return Box((k0, j0, i0), (k1, j1, i1))


@st.composite
def edits(draw: st.DrawFn, case: Case) -> Edit:
    """Any edit that fits the case."""
    kind = draw(st.sampled_from(["voxels", "layers", "volumes", "facts", "plan", "confirm", "outcome", "approve"]))
    name = draw(st.sampled_from(PRIMARY))
    if kind == "voxels" and case.planning_volume_id:
        painted = stroke(case, name, draw(boxes()), draw(st.sampled_from((0, *VALUES[name]))))
        if painted is not None:
            return painted
    if kind == "layers":
        new = draw(st.sampled_from([None, layer(name, draw(st.integers(0, 99)))]))
        reasons = draw(st.dictionaries(st.sampled_from(["liver", "spleen"]), st.sampled_from(["reason.a", None])))
        return LayersEdit({name: new}, reasons)
    if kind == "volumes":
        number = draw(st.integers(1, 3))
        is_removed = draw(st.booleans())
        return VolumesEdit({f"volume-{number}": None} if is_removed else {f"volume-{number}": volume(number)})
    if kind == "plan":
        plan_name = draw(st.sampled_from("AB"))
        is_removed = plan_name in case.plans and draw(st.booleans())
        cut = parse_cut(f"wedge:lesion-1:{draw(st.integers(1, 30))}")
        return PlanEdit(plan_name, None if is_removed else Plan(plan_name, (cut,)))
    if kind == "confirm" and case.structure_ids():
        return ConfirmationEdit.declaring(case, draw(st.sampled_from(case.structure_ids())), "Dr Example")
    if kind == "outcome" and case.plans:
        return OutcomeEdit(outcome_of(case, draw(st.sampled_from(list(case.plans)))))
    current = [name for name, outcome in case.outcomes.items() if not outcome.is_stale]
    if kind == "approve" and current:
        return ApprovalEdit.declaring(case, draw(st.sampled_from(current)), "Dr Example", ())
    return FactsEdit(facts(draw(st.integers(30, 200))))


@given(st.data())
def test_that_an_edit_and_its_inverse_leave_the_case_as_it_was(data: st.DataObject) -> None:
    case = Case("example")
    steps: list[tuple[Case, Edit]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        edit = data.draw(edits(case))
        before = content(case)
        inverse, changed = edit.inverted(case), edit.apply(case)
        assert content(case) == before, "an edit must not change the case it is given"
        steps.append((case, inverse))
        case = changed
    for before_step, inverse in reversed(steps):
        again = inverse.inverted(case)
        after_step, case = case, inverse.apply(case)
        assert same(case, before_step)
        assert same(again.apply(case), after_step)


@pytest.mark.parametrize("number", range(len(full_edits(Case("full")))))
def test_that_every_kind_of_edit_has_an_inverse(number: int) -> None:
    case = Case("full")
    done = full_edits(case)
    for edit in done[:number]:
        case = edit.apply(case)
    assert same(done[number].inverted(case).apply(done[number].apply(case)), case)
    assert done[number].n_bytes > 0


def test_that_a_revision_only_grows_undo_included() -> None:
    case = full_case()
    painted = stroke(case, LayerName.ORGANS, CORNER, 1)
    assert painted is not None
    changed = painted.apply(case)
    undone = painted.inverted(case).apply(changed)
    revisions = [c.revision(LayerName.ORGANS) for c in (case, changed, undone)]
    assert revisions == sorted(set(revisions))


def test_that_undoing_a_stroke_brings_an_approval_back() -> None:
    case = full_case()
    assert case.plan("A").is_approved
    painted = stroke(case, LayerName.ORGANS, CORNER, 1)
    assert painted is not None
    changed = painted.apply(case)
    assert not changed.plan("A").is_approved
    assert changed.outcomes["A"].is_stale
    undone = painted.inverted(case).apply(changed)
    assert undone.plan("A").is_approved
    assert not undone.outcomes["A"].is_stale


def test_that_an_inverse_applied_to_other_labels_brings_no_approval_back() -> None:
    case = full_case()
    weighed = FactsEdit(facts(99)).apply(case)
    inverse = FactsEdit(facts(99)).inverted(case)
    painted = stroke(weighed, LayerName.ORGANS, CORNER, 1)
    assert painted is not None
    assert not inverse.apply(painted.apply(weighed)).plan("A").is_approved
    assert inverse.apply(painted.apply(weighed)).outcomes["A"].is_stale


def test_that_a_stroke_holds_the_smallest_box_that_changed() -> None:
    case = Case("example").with_volume(volume(1))
    voxels = np.zeros(GRID.shape_kji, np.uint8)
    voxels[2, 3, 4] = 1
    voxels[3, 3, 4] = 1
    edit = VoxelEdit.between(case, LayerName.ORGANS, Box((0, 0, 0), GRID.shape_kji), voxels)
    assert edit is not None
    assert edit.box == Box((2, 3, 4), (4, 4, 5))
    assert edit.apply(case).layer(LayerName.ORGANS).volume_ml("liver") == pytest.approx(2 * GRID.voxel_volume_ml)


def test_that_a_stroke_that_changes_nothing_is_no_edit() -> None:
    assert stroke(Case("example").with_volume(volume(1)), LayerName.ORGANS, CORNER, 0) is None


def test_that_a_stroke_is_refused_when_the_voxels_below_have_changed() -> None:
    case = Case("example").with_volume(volume(1))
    first, second = stroke(case, LayerName.ORGANS, CORNER, 1), stroke(case, LayerName.ORGANS, CORNER, 2)
    assert first is not None
    assert second is not None
    with pytest.raises(InputError) as caught:
        replace(second, revision=None).apply(first.apply(case))
    assert caught.value.message_id == "error.edit.outdated"


def test_that_a_stroke_with_a_value_without_meaning_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        stroke(Case("example").with_volume(volume(1)), LayerName.ORGANS, CORNER, 200)
    assert caught.value.message_id == "error.anatomy.unknown_value"


def test_that_a_corrected_structure_becomes_edited_and_a_new_one_manual() -> None:
    case = Case("example").with_volume(volume(1)).with_layer(layer(LayerName.ORGANS, 1))
    voxels = np.where(case.layer(LayerName.ORGANS).voxels == 11, 0, case.layer(LayerName.ORGANS).voxels)
    case = case.with_layer(case.layer(LayerName.ORGANS).with_voxels(voxels.astype(np.uint8)))
    for value, structure_id, origin in ((1, "liver", LabelOrigin.EDITED), (11, "spleen", LabelOrigin.MANUAL)):
        painted = stroke(case, LayerName.ORGANS, CORNER, value)
        assert painted is not None
        case = painted.apply(case)
        assert case.layer(LayerName.ORGANS).uncertainties[structure_id].origin is origin


def test_that_the_result_of_a_job_is_refused_once_its_layer_has_changed() -> None:
    case = full_case()
    result = LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 5)}, {}, Basis.of(case))
    assert result.apply(case).layer(LayerName.ORGANS).hash == layer(LayerName.ORGANS, 5).hash
    painted = stroke(case, LayerName.ORGANS, CORNER, 1)
    assert painted is not None
    moved_on = painted.apply(case)
    for later in (moved_on, painted.inverted(case).apply(moved_on)):
        with pytest.raises(InputError) as caught:
            result.apply(later)
        assert caught.value.message_id == "error.edit.outdated"


def test_that_the_result_of_a_job_is_taken_when_only_something_else_has_changed() -> None:
    case = full_case()
    result = LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 5)}, {}, Basis.of(case, [LayerName.ORGANS]))
    assert result.apply(FactsEdit(facts(99)).apply(case)).facts == facts(99)


def test_that_figures_of_an_older_state_are_refused() -> None:
    case = full_case()
    outcome = outcome_of(case, "A", 5.0)
    with pytest.raises(InputError) as caught:
        OutcomeEdit(outcome).apply(FactsEdit(facts(99)).apply(case))
    assert caught.value.message_id == "error.edit.outdated"


def test_that_an_approval_of_an_older_state_is_refused() -> None:
    case = full_case()
    approval = ApprovalEdit.declaring(case, "A", "Dr Example", ("liver",))
    with pytest.raises(SafetyRefusal):
        approval.apply(FactsEdit(facts(99)).apply(case))


def test_that_taking_a_confirmation_back_withdraws_the_approval() -> None:
    case = full_case()
    taken_back = ConfirmationEdit("liver", None).apply(case)
    assert not taken_back.is_confirmed("liver")
    assert not taken_back.plan("A").is_approved


def test_that_a_structure_that_is_not_there_cannot_be_confirmed() -> None:
    with pytest.raises(GeometryError):
        ConfirmationEdit.declaring(Case("example").with_volume(volume(1)), "liver", "Dr Example")


def test_that_a_structure_that_was_found_is_taken_off_the_list_of_those_not_found() -> None:
    case = Case("example").with_volume(volume(1))
    case = LayersEdit({}, {"liver": "reason.not_seen", "aorta": "reason.not_seen"}).apply(case)
    assert dict(case.not_found) == {"liver": "reason.not_seen", "aorta": "reason.not_seen"}
    case = LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 1)}).apply(case)
    assert dict(case.not_found) == {"aorta": "reason.not_seen"}


def test_that_a_layer_on_another_grid_is_refused() -> None:
    elsewhere = Grid.from_spacing((7, 6, 5), (1, 1, 1))
    with pytest.raises(GeometryError) as caught:
        LayersEdit({LayerName.ORGANS: LabelLayer.empty(LayerName.ORGANS, elsewhere)}).apply(full_case())
    assert caught.value.message_id == "error.grid.different_space"


def test_that_a_group_is_applied_whole_or_not_at_all() -> None:
    case = full_case()
    with pytest.raises(InputError):
        GroupEdit("edit.import", (FactsEdit(facts(99)), PlanEdit("absent", None))).apply(case)
    assert case.facts == facts(70)


def test_that_packed_voxels_come_back_bit_by_bit() -> None:
    for dtype in (np.uint8, np.uint16):
        entry = layer(LayerName.LESIONS, 3, dtype=dtype)
        packed = PackedLayer.of(entry)
        assert packed.layer().hash == entry.hash
        assert not packed.layer().voxels.flags.writeable
    assert PackedArray.of(np.zeros((0, 2, 2), np.uint8)).array().shape == (0, 2, 2)


def test_that_long_runs_are_packed_as_runs_and_noise_as_it_is() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (9, 8, 7)).astype(np.uint8)
    block = np.zeros((20, 30, 40), np.uint16)
    block[3:9, 5:20, 7:33] = 300
    for voxels, packing in ((noise, Packing.VOXELS), (block, Packing.RUNS), (block[::2], Packing.RUNS)):
        packed = PackedArray.of(voxels)
        assert packed.packing is packing
        assert packed.array().dtype == voxels.dtype
        np.testing.assert_array_equal(packed.array(), voxels)
        assert not packed.array().flags.writeable


def test_that_a_structure_erased_and_drawn_anew_is_manual() -> None:
    grid = Grid.from_spacing((4, 4, 4), (1, 1, 1))
    automatic = {"liver": BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)}
    liver = LabelLayer(LayerName.ORGANS, grid, np.ones((4, 4, 4), np.uint8), automatic)
    case, box = Case("example").with_layer(liver), Box((0, 0, 0), (4, 4, 4))
    erased = VoxelEdit.between(case, LayerName.ORGANS, box, np.zeros((4, 4, 4), np.uint8))
    assert erased is not None
    drawn = VoxelEdit.between(erased.apply(case), LayerName.ORGANS, box, np.ones((4, 4, 4), np.uint8))
    assert drawn is not None
    assert erased.after.uncertainties["liver"].origin is LabelOrigin.EDITED
    assert drawn.after.uncertainties["liver"].origin is LabelOrigin.MANUAL
