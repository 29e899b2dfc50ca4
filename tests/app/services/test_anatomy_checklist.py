"""The first questions of a session: answered from labels and trees, never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.services.anatomy_checklist import (
    AnatomyChecklist,
    anatomy_checklist,
    answer_edit,
    checklist_items,
    parsed_answer,
)
from app.services.check_quality import QualitySummary
from app.services.worded_checklist import checklist_document, checklist_rows, fitness_line
from export.plan_sections import answers_section
from segmentation.quality import FindingSeverity, QualityFinding
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.checklist import CHECKLIST_ITEMS, Judgement, Sight
from twin.errors import InputError, SafetyRefusal, UsageError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.naming.portal_vein import PortalType
from twin.twin import Twin
from twin.vessel_graph import VesselBranch, VesselGraph
from twin.volume import ContrastPhase, Modality, Quantity, Volume
from twin.wording import LANGUAGES, Wording

GRID = Grid.from_spacing((40, 20, 20), (1.0, 1.0, 2.0))
TODAY = date(2026, 3, 1)
NO_FINDINGS = QualitySummary(())


def case_of(phase: ContrastPhase = ContrastPhase.ARTERIAL, scan_date: str | None = "20260201") -> Case:
    voxels = np.zeros(GRID.shape_kji, np.int16)
    volume = Volume("volume-1", GRID, voxels, Quantity.HOUNSFIELD, Modality.CT, phase, "", scan_date)
    return Case("example", volumes={"volume-1": volume}, planning_volume_id="volume-1")


def artery_twin(*, from_mesenteric: bool) -> Twin:
    """Return an artery along i that ends in the liver, by way of the mesenteric or of the common hepatic artery."""
    organs = np.zeros(GRID.shape_kji, np.uint8)
    organs[:, :, 30:] = structure("liver").value
    vessels = np.zeros(GRID.shape_kji, np.uint8)
    on_way = "superior_mesenteric_artery" if from_mesenteric else "common_hepatic_artery"
    vessels[8:12, 8:12, 5:15] = structure(on_way).value
    vessels[8:12, 8:12, 15:40] = structure("other_artery").value
    vessels[0:2, 0:2, 0:5] = structure("superior_mesenteric_artery").value
    i = np.arange(2.0, 38.0, 2.0)
    nodes = np.stack([i, np.full(i.size, 10.0), np.full(i.size, 20.0)], axis=1)
    parents = np.arange(-1, i.size - 1, dtype=np.int32)
    graph = VesselGraph(
        "arterial",
        nodes,
        np.full(i.size, 1.5),
        parents,
        np.ones(i.size, np.int32),
        (VesselBranch(1, "arterial", None),),
    )
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, organs),
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, GRID, vessels),
    }
    return Twin(GRID, layers, graphs={"arterial": graph})


def hepatic_twin(width_mm: float | None) -> Twin:
    names = ["hepatic.right", "hepatic.middle"] + ([] if width_mm is None else ["hepatic.inferior_right"])
    nodes = np.array([[10.0 * n + x, 5.0, 5.0] for n in range(len(names)) for x in (0.0, 5.0)])
    radii = np.repeat([4.0, 4.0, (width_mm or 0.0) / 2][: len(names)], 2)
    parents = np.array([-1, 0, -1, 2, -1, 4][: len(nodes)], np.int32)
    branch = np.repeat(np.arange(1, len(names) + 1), 2).astype(np.int32)
    branches = tuple(VesselBranch(n + 1, name, None) for n, name in enumerate(names))
    return Twin(GRID, {}, graphs={"hepatic": VesselGraph("hepatic", nodes, radii, parents, branch, branches)})


def sight(checklist: AnatomyChecklist, item_id: str) -> Sight:
    return next(item.sight for item in checklist.items if item.id == item_id)


def sight_of(item_id: str, twin: Twin, case: Case | None = None) -> Sight:
    return sight(anatomy_checklist(case or case_of(), twin, NO_FINDINGS, on_date=TODAY), item_id)


def test_that_an_artery_to_the_liver_by_way_of_the_mesenteric_artery_is_seen() -> None:
    assert sight_of("right_hepatic_artery", artery_twin(from_mesenteric=True)) is Sight.SEEN


def test_that_none_is_not_seen_only_on_an_arterial_phase() -> None:
    usual = artery_twin(from_mesenteric=False)
    assert sight_of("right_hepatic_artery", usual) is Sight.NOT_SEEN
    assert sight_of("right_hepatic_artery", usual, case_of(ContrastPhase.PORTAL)) is Sight.NOT_ASSESSABLE


@pytest.mark.parametrize(("width_mm", "answer"), [(None, Sight.NOT_SEEN), (3.0, Sight.NOT_SEEN), (6.0, Sight.SEEN)])
def test_that_an_inferior_right_vein_counts_from_five_millimetres(width_mm: float | None, answer: Sight) -> None:
    assert sight_of("inferior_right_hepatic_vein", hepatic_twin(width_mm)) is answer


def test_that_the_portal_type_is_told_where_it_is_known() -> None:
    empty = Twin(GRID, {})
    assert sight_of("portal_type", empty) is Sight.NOT_ASSESSABLE
    assert sight_of("portal_type", replace(empty, portal_type=PortalType.TRIFURCATION)) is Sight.SEEN


def test_that_nothing_is_assessable_without_labels() -> None:
    found = anatomy_checklist(case_of(), Twin(GRID, {}), NO_FINDINGS, on_date=TODAY)
    assert {item.sight for item in found.items} == {Sight.NOT_ASSESSABLE}


def test_that_the_age_of_the_scan_is_marked_after_four_weeks() -> None:
    fresh = anatomy_checklist(case_of(), Twin(GRID, {}), NO_FINDINGS, on_date=TODAY).fitness
    old = anatomy_checklist(case_of(), Twin(GRID, {}), NO_FINDINGS, on_date=date(2026, 3, 2)).fitness
    assert (fresh.age_days, fresh.is_old) == (28, False)
    assert (old.age_days, old.is_old) == (29, True)
    undated = anatomy_checklist(case_of(scan_date=None), Twin(GRID, {}), NO_FINDINGS, on_date=TODAY).fitness
    assert (undated.age_days, undated.is_old) == (None, False)


def test_that_findings_about_stent_and_motion_stand_in_the_fitness_line() -> None:
    finding = QualityFinding("quality.stent_possible", FindingSeverity.WARNING, None, {"length_mm": 40})
    fitness = anatomy_checklist(case_of(), Twin(GRID, {}), QualitySummary((finding,)), on_date=TODAY).fitness
    line = fitness_line(fitness, Wording("en"))
    assert "40 mm" in line
    assert "no motion found" in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_every_answer_is_worded(language: str) -> None:
    wording = Wording(language)
    for twin in (artery_twin(from_mesenteric=True), hepatic_twin(6.0), Twin(GRID, {})):
        checklist = anatomy_checklist(case_of(), twin, NO_FINDINGS, on_date=TODAY)
        shown = [cell for row in checklist_rows(checklist, wording) for cell in row]
        shown.append(fitness_line(checklist.fitness, wording))
        assert not [text for text in shown if "checklist." in text or "{" in text]
        assert checklist_document(checklist, wording)["fitness"]["is_old"] is False  # type: ignore[index]


def answered(case: Case, text: str, twin: Twin) -> Case:
    """The case after a person's answer in the words of the command line."""
    items = checklist_items(case, twin)
    item_id, judgement, said, note = parsed_answer(text)
    return answer_edit(items, item_id, judgement, said, by="Dr Example", note=note).apply(case)


def test_that_a_persons_answer_stands_with_name_and_day_and_can_be_taken_back() -> None:
    case, twin = case_of(), hepatic_twin(6.0)
    edit = answer_edit(checklist_items(case, twin), "bile_ducts", Judgement.CORRECTED, Sight.SEEN, by="Dr Example")
    told = edit.apply(case)
    item = next(item for item in checklist_items(told, twin) if item.id == "bile_ducts")
    assert (item.sight, item.answer.sight, item.answer.by) == (Sight.NOT_ASSESSABLE, Sight.SEEN, "Dr Example")
    assert edit.inverted(case).apply(told).checklist_answers == {}
    assert told.labels_hash == case.labels_hash  # figures do not go by it


def test_that_a_confirmation_keeps_what_was_confirmed_and_says_when_that_changed() -> None:
    case = answered(case_of(), "inferior_right_hepatic_vein=confirm", hepatic_twin(6.0))
    assert case.checklist_answers["inferior_right_hepatic_vein"].sight is Sight.SEEN

    def is_outdated(twin: Twin) -> bool:
        return next(one for one in checklist_items(case, twin) if one.id == "inferior_right_hepatic_vein").is_outdated

    assert not is_outdated(hepatic_twin(6.0))
    assert is_outdated(hepatic_twin(3.0))


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_answers_of_persons_are_worded_before_the_programs(language: str) -> None:
    wording, twin = Wording(language), hepatic_twin(3.0)
    case = answered(case_of(), "inferior_right_hepatic_vein=confirm", hepatic_twin(6.0))
    case = answered(case, "bile_ducts=seen:MRCP", twin)
    case = answered(case, "coeliac_stenosis=not-applicable", twin)
    checklist = anatomy_checklist(case, twin, NO_FINDINGS, on_date=TODAY)
    rows = dict(zip((item.id for item in checklist.items), checklist_rows(checklist, wording), strict=True))
    assert "Dr Example" in rows["bile_ducts"][1]
    assert "MRCP" in rows["bile_ducts"][1]
    assert wording.text("checklist.not_applicable") in rows["coeliac_stenosis"][1]
    assert wording.text("checklist.sight.not_seen") in rows["inferior_right_hepatic_vein"][1]  # no longer so
    section = answers_section(case, wording)
    assert section.count("<li>") == 4  # three answers, and how many are open
    assert str(len(CHECKLIST_ITEMS) - 3) in section


@pytest.mark.parametrize("text", ["bile_ducts", "bile_ducts=perhaps", "=seen", ""])
def test_that_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="bad_answer"):
        parsed_answer(text)


def test_that_a_question_that_is_not_asked_and_an_answer_by_nobody_are_refused() -> None:
    items = checklist_items(case_of(), Twin(GRID, {}))
    with pytest.raises(InputError, match="no_such_item"):
        answer_edit(items, "spleen", Judgement.CONFIRMED, None, by="Dr A")
    with pytest.raises(SafetyRefusal, match="nobody_answers"):
        answer_edit(items, "bile_ducts", Judgement.CONFIRMED, None, by=" ")


def test_that_the_questions_are_those_that_are_asked() -> None:
    assert tuple(item.id for item in checklist_items(case_of(), Twin(GRID, {}))) == CHECKLIST_ITEMS
