"""Quality control of a case: current after each edit, with the patient's size, and part of every outcome."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from app.services.check_quality import QualityWatch, check_quality, with_current_doubts
from tests.segmentation.quality.block_anatomy import BlockScan, block, healthy
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import FactsEdit, LayersEdit, VolumesEdit, VoxelEdit
from twin.label_doubt import LabelDoubt
from twin.patient import FactOrigin, PatientFacts
from twin.wording import LANGUAGES, Wording


def _case(scan: BlockScan | None = None) -> Case:
    scan = scan or BlockScan(scan_date="20260101")
    return LayersEdit(scan.layers()).apply(VolumesEdit.adding(scan.volume()).apply(Case("example")))


def _facts(**values: float) -> PatientFacts:
    facts = PatientFacts()
    for name, value in values.items():
        facts = facts.with_fact(name, value, FactOrigin.ENTERED, "2026-01-02")
    return facts


def _ids(case: Case) -> list[str]:
    return [finding.message_id for finding in check_quality(case, on_date=date(2026, 1, 5)).findings]


def _painted(case: Case, mask: np.ndarray, value: int) -> Case:
    voxels = case.layers[LayerName.ORGANS].voxels.copy()
    voxels[mask] = value
    box = Box.around(mask)
    assert box is not None
    edit = VoxelEdit.between(case, LayerName.ORGANS, box, voxels[box.slices])
    assert edit is not None
    return edit.apply(case)


def test_that_a_case_without_anything_has_no_findings() -> None:
    assert check_quality(Case("example")).findings == ()


def test_that_the_size_of_the_patient_counts_once_it_was_entered() -> None:
    case = _case()
    assert _ids(case) == []
    large = FactsEdit(_facts(height_cm=200.0, weight_kg=220.0)).apply(case)
    assert _ids(large) == ["quality.liver_unlike_body"]


def test_that_volumes_of_a_child_are_not_judged_and_that_is_said() -> None:
    case = FactsEdit(_facts(birth_year=2015)).apply(
        _case(BlockScan(healthy() | {"liver": block((40, 50), (12, 30), (10, 30))}))
    )
    assert "quality.child" in _ids(case)
    assert "segmentation.warning.liver_small" not in _ids(case)


def test_that_findings_are_worded_with_their_place_in_both_languages() -> None:
    case = _case(BlockScan(healthy() | {"spleen": healthy()["spleen"] | block((58, 62), (30, 40), (70, 78))}))
    summary = check_quality(case)
    for language in LANGUAGES:
        entry = summary.to_json(Wording(language))[0]
        assert summary.lines(Wording(language))[0] == entry["text"]
        assert len(entry["point_lps_mm"]) == 3  # type: ignore[arg-type]
    assert "Rate" in summary.lines(Wording("fr"))[0]


def test_that_the_watch_says_after_each_edit_what_a_whole_check_says() -> None:
    watch, case = QualityWatch(), _case()
    hole, piece = block((40, 44), (20, 24), (14, 18)), block((62, 68), (12, 30), (70, 80))
    steps = [case, _painted(case, hole, 0)]
    steps += [_painted(steps[-1], piece, 11), steps[1], steps[0]]  # and both undone
    steps.append(FactsEdit(_facts(height_cm=200.0, weight_kg=220.0)).apply(steps[0]))
    said = []
    for step in steps:
        whole = [finding.message_id for finding in check_quality(step).findings]
        assert [finding.message_id for finding in watch.findings_of(step).findings] == whole
        said.append({i.split(".")[-1] for i in whole} - {"scan_old"})
    assert said == [set(), {"holes"}, {"holes", "several_pieces"}, {"holes"}, set(), {"liver_unlike_body"}]


def test_that_only_what_an_edit_can_have_changed_is_examined_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from segmentation.quality import examination

    watch, case = QualityWatch(), _case()
    watch.findings_of(case)
    examined: list[str] = []
    pieces = examination.piece_findings
    monkeypatch.setattr(examination, "piece_findings", lambda scan, i: examined.append(i) or pieces(scan, i))
    watch.findings_of(_painted(case, block((26, 28), (31, 33), (50, 54)), 0))
    assert "pancreas" in examined
    assert not {"liver", "spleen", "kidney", "skin"} & set(examined)


def test_that_doubts_that_no_longer_hold_leave_the_layers_and_others_stay() -> None:
    case = _case(BlockScan(healthy() | {"liver": healthy()["liver"] & ~block((40, 44), (20, 24), (14, 18))}))
    old = (LabelDoubt("segmentation.warning.cut_by_scan", "liver"), LabelDoubt("vessels.example", "portal_vein"))
    layer = case.layers[LayerName.ORGANS]
    layers = {**case.layers, LayerName.ORGANS: replace(layer, doubts=old)}
    kept = with_current_doubts(layers, case)
    assert [d.message_id for d in kept[LayerName.ORGANS].doubts] == ["vessels.example", "segmentation.warning.holes"]
    assert kept[LayerName.ORGANS].hash == layer.hash


def test_that_the_age_of_the_scan_is_shown_but_kept_with_no_label(tmp_path: Path) -> None:
    case = _case(BlockScan(scan_date="20200101"))
    assert "quality.scan_old" in _ids(case)
    assert all(not layer.doubts for layer in with_current_doubts(case.layers, case).values())
