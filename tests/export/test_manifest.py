"""Beside every export lies what it is and whether it still holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from export.manifest import MANIFEST_NAME, export_folder, mark_superseded, read_records
from tests.export.conftest import IDENTITY_WORDS, Example
from twin.anatomy import LayerName
from twin.case import Case
from twin.errors import InputError, SafetyRefusal
from twin.patient import FactOrigin


def _export(folder: Path, case: Case, name: str = "a.txt", plan: str | None = "Plan A") -> None:
    with export_folder(folder, case, plan) as staging:
        (staging / "sub").mkdir()
        (staging / "sub" / name).write_text(name)


def test_that_the_record_names_each_file_with_its_hash(approved: Example, folder: Path) -> None:
    _export(folder, approved.case)
    (record,) = read_records(folder)
    assert record.files == {"sub/a.txt": hashlib.sha256(b"a.txt").hexdigest()}
    assert record.state == "approved"
    assert record.plan_hash == approved.plan.hash
    assert record.labels_hash == approved.case.labels_hash
    assert record.provenance.producer == "export"
    assert record.is_current(approved.case)
    assert record.changed_files(folder) == ()
    (folder / "sub" / "a.txt").write_text("touched")
    assert record.changed_files(folder) == ("sub/a.txt",)


def test_that_a_draft_is_recorded_as_unverified_until_confirmed(
    example: Example, approved: Example, folder: Path
) -> None:
    _export(folder / "one", example.case)
    assert read_records(folder / "one")[0].state == "unverified"
    draft = approved.case.with_plan(approved.plan.with_approval(None))
    _export(folder / "two", draft)
    assert read_records(folder / "two")[0].state == "draft"


def test_that_the_record_holds_no_identity_and_no_name_of_a_plan(approved: Example, folder: Path) -> None:
    _export(folder, approved.case)
    content = (folder / MANIFEST_NAME).read_text()
    assert not [word for word in (*IDENTITY_WORDS, "Plan A", "Surgeon") if word in content]


def test_that_a_second_export_replaces_its_own_files_and_keeps_the_others(approved: Example, folder: Path) -> None:
    _export(folder, approved.case, "a.txt", plan=None)
    _export(folder, approved.case, "b.txt")
    _export(folder, approved.case, "b.txt")
    assert [sorted(record.files) for record in read_records(folder)] == [["sub/a.txt"], ["sub/b.txt"]]


def test_that_a_file_of_another_origin_is_not_replaced(approved: Example, folder: Path) -> None:
    _export(folder, approved.case, "a.txt")
    (folder / "sub" / "c.txt").write_text("mine")
    with pytest.raises(InputError):
        _export(folder, approved.case, "c.txt")
    assert (folder / "sub" / "c.txt").read_text() == "mine"


def test_that_two_patients_never_share_a_folder(approved: Example, folder: Path) -> None:
    _export(folder, approved.case)
    with pytest.raises(SafetyRefusal) as refusal:
        _export(folder, replace(approved.case, id="another"))
    assert refusal.value.message_id == "error.export.other_case"


def _with_other_labels(example: Example) -> Case:
    layer = example.case.layer(LayerName.LESIONS)
    voxels = layer.voxels.copy()
    voxels[0, 0, 0] = 1
    return example.case.with_layer(layer.with_voxels(voxels))


def test_that_an_export_is_superseded_once_the_case_moves_on(approved: Example, folder: Path) -> None:
    _export(folder, approved.case)
    assert mark_superseded(folder, approved.case) == ()
    facts = approved.case.facts.with_fact("weight_kg", 70, FactOrigin.ENTERED, "2026-03-04")
    for name, changed in {
        "labels": _with_other_labels(approved),
        "facts": approved.case.with_facts(facts),
        "approval": approved.case.with_plan(approved.plan.with_approval(None)),
        "plan": approved.case.without_plan("Plan A"),
    }.items():
        _export(folder / name, approved.case)
        assert mark_superseded(folder / name, changed) == ("sub/a.txt",), name
        assert read_records(folder / name)[0].superseded_utc is not None


def test_that_the_anatomy_alone_outlives_a_change_of_facts(approved: Example, folder: Path) -> None:
    _export(folder, approved.case, plan=None)
    facts = approved.case.facts.with_fact("weight_kg", 70, FactOrigin.ENTERED, "2026-03-04")
    assert mark_superseded(folder, approved.case.with_facts(facts)) == ()


def test_that_a_foreign_record_is_refused_in_words(approved: Example, folder: Path) -> None:
    folder.mkdir()
    for content in ("no json", json.dumps({"schema": 99, "exports": []}), json.dumps([1])):
        (folder / MANIFEST_NAME).write_text(content)
        with pytest.raises(InputError) as refusal:
            _export(folder, approved.case)
        assert refusal.value.message_id == "error.export.bad_manifest"
        assert (folder / MANIFEST_NAME).read_text() == content
