"""Opening a case: who may write, what is refused, what is migrated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.twin.store.case_examples import facts, folder_files
from twin.edit import FactsEdit
from twin.errors import CaseFileError
from twin.store import CaseFolder, case_folder, migration
from twin.store.migration import Migration


def _message(path: Path) -> str:
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.open(path)
    return caught.value.message_id


def test_that_what_is_no_case_is_refused(tmp_path: Path) -> None:
    assert _message(tmp_path / "absent.twinsight") == "error.case.not_found"
    assert _message(tmp_path) == "error.case.not_a_case"
    (tmp_path / "manifest.json").write_text('{"format": "something else"}')
    assert _message(tmp_path) == "error.case.not_a_case"
    (tmp_path / "manifest.json").write_text("[]")
    assert _message(tmp_path) == "error.case.manifest_damaged"
    (tmp_path / "file.twinsight").write_text("")
    assert _message(tmp_path / "file.twinsight") == "error.case.not_found"


def test_that_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.twinsight").write_text("mine")
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.create(tmp_path / "a.twinsight")
    assert caught.value.message_id == "error.case.exists"
    assert (tmp_path / "a.twinsight").read_text() == "mine"


def test_that_a_case_of_a_newer_schema_is_refused_untouched(full_path: Path) -> None:
    manifest = full_path / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "schema": 999, "unheard": "of"}))
    before = folder_files(full_path)
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.open(full_path)
    assert caught.value.message_id == "error.case.too_new"
    assert (caught.value.parameters["schema"], caught.value.parameters["supported"]) == (999, migration.SCHEMA)
    assert caught.value.exit_code == 6
    assert folder_files(full_path) == before


def _renamed_weight(document: dict[str, Any]) -> dict[str, Any]:
    """A made-up step of schema: the weight had another name before."""
    known = dict(document["facts"])
    if "weight_kg" in known:
        known["height_cm"] = {**known.pop("weight_kg"), "value": 171}
    return {**document, "facts": known}


def test_that_an_older_case_is_migrated_into_a_new_generation(full_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CaseFolder.open(full_path) as folder:
        generation = folder.generation
    old = (full_path / "manifest.json").read_bytes()
    monkeypatch.setattr(migration, "SCHEMA", 2)
    monkeypatch.setattr(migration, "MIGRATIONS", {1: Migration(_renamed_weight, lambda edit: edit)})
    with CaseFolder.open(full_path, read_only=True) as folder:
        assert folder.case.facts.number("height_cm") == 171
    assert (full_path / "manifest.json").read_bytes() == old, "a reader writes nothing"
    with CaseFolder.open(full_path) as folder:
        assert folder.case.facts.number("height_cm") == 171
        assert folder.generation == generation + 1
        assert json.loads((full_path / "manifest.json").read_text())["schema"] == 2
        folder.verify()
    assert (full_path / "history" / f"{generation:08d}.json").read_bytes() == old


def test_that_the_journal_of_an_older_program_is_migrated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.twinsight"
    folder = CaseFolder.create(path)
    folder.apply(FactsEdit(facts(80)))
    folder._journal.close()
    assert folder._lock is not None
    folder._lock.release()
    monkeypatch.setattr(migration, "SCHEMA", 2)
    monkeypatch.setattr(migration, "MIGRATIONS", {1: Migration(lambda record: record, _renamed_weight)})
    with CaseFolder.open(path) as folder:
        assert folder.case.facts.number("height_cm") == 171
        assert not folder.is_dirty


def test_that_a_second_opener_can_only_read(full_path: Path) -> None:
    with CaseFolder.open(full_path) as first:
        first.apply(FactsEdit(facts(99)))
        before = folder_files(full_path)
        with CaseFolder.open(full_path) as second:
            assert second.is_read_only
            assert second.read_only_reason == "case.read_only.open_elsewhere"
            assert second.case.facts == facts(99), "what the first was told is safe is seen"
            with pytest.raises(CaseFileError) as caught:
                second.apply(FactsEdit(facts(50)))
            assert caught.value.message_id == "error.case.read_only"
        assert folder_files(full_path) == before
    with CaseFolder.open(full_path) as third:
        assert not third.is_read_only


def test_that_the_lock_of_a_killed_process_bars_nobody(full_path: Path) -> None:
    script = (
        "import sys, os\nfrom twin.store import CaseFolder\n"
        "folder = CaseFolder.open(sys.argv[1])\nprint(folder.is_read_only, flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(full_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "False"
        with CaseFolder.open(full_path) as folder:
            assert folder.is_read_only
        child.kill()
        child.wait()
    with CaseFolder.open(full_path) as folder:
        assert not folder.is_read_only


def test_that_a_folder_that_nobody_can_write_opens_read_only(full_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with CaseFolder.open(full_path) as folder:
        assert folder.read_only_reason == "case.read_only.not_writable"


def test_that_a_reader_sees_one_generation_whole_while_another_process_saves(
    full_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = CaseFolder.open(full_path)
    read_case, n_reads = case_folder.read_case, 0

    def overtaken(folder: Path, blobs: Any) -> Any:
        nonlocal n_reads
        n_reads += 1
        if n_reads == 1:
            manifest = folder / "manifest.json"
            before = manifest.read_bytes()
            writer.apply(FactsEdit(facts(99)))
            writer.commit()
            after = manifest.read_bytes()
            assert before != after
            raise CaseFileError("error.case.file_missing", path="journal")
        return read_case(folder, blobs)

    monkeypatch.setattr(case_folder, "read_case", overtaken)
    with CaseFolder.open(full_path, read_only=True) as reader:
        assert reader.case.facts == facts(99)
    assert n_reads == 2
    monkeypatch.undo()
    writer.close()
