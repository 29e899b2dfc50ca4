"""A case on the disk: what is in the folder, who may write, what is checked, what is removed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.twin.store.case_examples import GRID, content, facts, full_case, full_edits, layer, volume
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import FactsEdit, IdentityEdit, LayersEdit, VolumesEdit
from twin.errors import CaseFileError, InputError, TwinSightError
from twin.patient import PatientIdentity
from twin.store import CaseFolder, case_folder, migration, purge
from twin.store.migration import Migration

SECRET = ("PHANTOM^TwinSight", "4711", "19600131")


@pytest.fixture
def full_path(tmp_path: Path) -> Path:
    """A saved case that holds something of every kind."""
    path = tmp_path / "full.twinsight"
    with CaseFolder.create(path, "full") as folder:
        for edit in full_edits(folder.case):
            folder.apply(edit)
    return path


def _message(path: Path) -> str:
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.open(path)
    return caught.value.message_id


def _tree(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_that_everything_a_case_holds_comes_back(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        assert folder.recovery.message_id is None
        assert content(folder.case) == content(_with_times_of(folder.case))
        assert folder.case.plan("A").is_approved
        assert folder.case.is_confirmed("liver")
        assert not folder.case.outcomes["B"].is_stale


def _with_times_of(found: Case) -> Case:
    """The same case made anew in memory; who and when are those of ``found``."""
    made = full_case()
    made = made.with_confirmations(found.confirmations)
    return made.with_results(found.plans, made.outcomes)


def test_that_edits_that_were_not_saved_come_back_from_the_journal(tmp_path: Path) -> None:
    folder = CaseFolder.create(tmp_path / "a.twinsight", "full")
    edits = full_edits(folder.case)
    for edit in edits:
        told = folder.apply(edit)
    with CaseFolder.open(tmp_path / "a.twinsight", read_only=True) as reader:
        assert content(reader.case) == content(told)
        assert (reader.recovery.n_edits, reader.recovery.message_id) == (len(edits), "recovery.replayed")
    folder.close()


def test_that_only_the_owner_may_enter_a_case(full_path: Path) -> None:
    for path in (full_path, *full_path.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_that_the_identity_is_in_one_file_alone(full_path: Path) -> None:
    holders = [
        path.name
        for path in full_path.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in SECRET)
    ]
    assert holders == ["patient.json"]


def test_that_other_tools_can_read_the_voxels(full_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    with CaseFolder.open(full_path, read_only=True) as folder:
        objects = folder._manifest.objects
        assert len(objects) == 3 + 6 + 1
        for name, blob in objects.items():
            if name == "record":
                continue
            kind, _, key = name.partition("/")
            entry: Any = folder.case.volumes[key] if kind == "volume" else folder.case.layers[LayerName(key)]
            image = sitk.ReadImage(str(full_path / "blobs" / blob.name))
            assert np.array_equal(sitk.GetArrayFromImage(image), entry.voxels)
            assert image.TransformContinuousIndexToPhysicalPoint((2.0, 3.0, 1.0)) == pytest.approx(
                tuple(GRID.lps_from_ijk((2, 3, 1)))
            )


def test_that_blobs_are_named_after_their_content(full_path: Path) -> None:
    for path in (full_path / "blobs").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


def test_that_a_changed_byte_in_any_file_is_noticed(full_path: Path) -> None:
    watched = [full_path / "manifest.json", full_path / "patient.json", *(full_path / "blobs").iterdir()]
    with CaseFolder.open(full_path, read_only=True) as folder:
        used = {blob.name for blob in folder._manifest.objects.values()}
    for path in watched:
        if path.parent.name == "blobs" and path.name not in used:
            continue
        before = path.read_bytes()
        for position in (0, len(before) // 2, len(before) - 2):
            changed = bytearray(before)
            changed[position] ^= 4
            path.write_bytes(changed)
            with pytest.raises(CaseFileError) as caught:
                CaseFolder.open(full_path)
            assert caught.value.message_id in (
                "error.case.damaged",
                "error.case.manifest_damaged",
                "error.case.not_a_case",
                "error.case.too_new",
            )
        path.write_bytes(before)
    CaseFolder.open(full_path).close()


def test_that_a_missing_blob_is_named(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        blob = full_path / "blobs" / folder._manifest.objects["record"].name
        blob.unlink()
        with pytest.raises(CaseFileError) as caught:
            folder.verify()
    assert caught.value.message_id == "error.case.file_missing"
    assert caught.value.parameters["path"] == str(blob)


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
    before = _tree(full_path)
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.open(full_path)
    assert caught.value.message_id == "error.case.too_new"
    assert (caught.value.parameters["schema"], caught.value.parameters["supported"]) == (999, migration.SCHEMA)
    assert caught.value.exit_code == 6
    assert _tree(full_path) == before


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
        before = _tree(full_path)
        with CaseFolder.open(full_path) as second:
            assert second.is_read_only
            assert second.read_only_reason == "case.read_only.open_elsewhere"
            assert second.case.facts == facts(99), "what the first was told is safe is seen"
            with pytest.raises(CaseFileError) as caught:
                second.apply(FactsEdit(facts(50)))
            assert caught.value.message_id == "error.case.read_only"
        assert _tree(full_path) == before
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


def test_that_the_last_twenty_manifests_are_kept_with_their_blobs(tmp_path: Path) -> None:
    path = tmp_path / "a.twinsight"
    with CaseFolder.create(path) as folder:
        for number in range(25):
            folder.apply(FactsEdit(facts(40 + number)))
            folder.commit()
    history = sorted((path / "history").iterdir())
    assert len(history) == 20
    assert history[-1].name == "00000025.json"
    for manifest in history:
        for entry in json.loads(manifest.read_text())["objects"].values():
            assert (path / "blobs" / entry["blob"]).is_file()
    assert len(list((path / "blobs").iterdir())) == 21, "blobs that no manifest names are gone"


def test_that_nothing_is_written_again_that_has_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.twinsight"
    with CaseFolder.create(path) as folder:
        folder.apply(VolumesEdit.adding(volume(1)))
        folder.apply(LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 1)}))
        folder.commit()
        times = {p.name: p.stat().st_mtime_ns for p in (path / "blobs").glob("*.nrrd")}
        folder.apply(FactsEdit(facts(80)))
        folder.commit()
    with CaseFolder.open(path) as folder:
        folder.apply(FactsEdit(facts(81)))
        folder.commit()
    assert {p.name: p.stat().st_mtime_ns for p in (path / "blobs").glob("*.nrrd")} == times
    assert len(times) == 2


def test_that_a_big_import_is_written_once_and_not_into_the_journal(tmp_path: Path) -> None:
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        folder.apply(VolumesEdit.adding(volume(1)))
        assert folder.journal_n_bytes < volume(1).voxels.nbytes * 10
        assert len(list((folder.path / "blobs").glob("*.nrrd"))) == 1
        journal = folder._journal.path.read_bytes()
        assert volume(1).voxels.tobytes()[:64] not in journal


def test_that_a_save_without_edits_writes_nothing(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        before = _tree(full_path)
        folder.commit()
        assert _tree(full_path) == before


def test_that_an_edit_that_does_not_fit_leaves_case_and_disk_alone(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        before, case = _tree(full_path), folder.case
        with pytest.raises(TwinSightError):
            folder.apply(VolumesEdit({}, "absent"))
        assert folder.case is case
        assert _tree(full_path) == before


def test_that_a_closed_case_takes_no_edits(full_path: Path) -> None:
    folder = CaseFolder.open(full_path)
    folder.close()
    folder.close()
    with pytest.raises(CaseFileError) as caught:
        folder.apply(FactsEdit(facts(50)))
    assert caught.value.message_id == "error.case.closed"


def test_that_a_damaged_journal_is_kept_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.twinsight"
    folder = CaseFolder.create(path)
    ends = []
    for weight in (50, 60, 70):
        folder.apply(FactsEdit(facts(weight)))
        ends.append(folder.journal_n_bytes)
    journal = folder._journal.path
    folder._journal.close()
    assert folder._lock is not None
    folder._lock.release()
    changed = bytearray(journal.read_bytes())
    changed[ends[1] - 5] ^= 1
    journal.write_bytes(changed)
    with CaseFolder.open(path) as folder:
        assert folder.recovery.message_id == "recovery.damaged"
        assert folder.case.facts == facts(50)
        (aside,) = (path / "journal").glob("*.damaged-*")
        assert aside.read_bytes() == bytes(changed)


def test_that_the_audit_log_says_who_did_what_when(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        folder.audit("confirm", structure="liver")
        folder.record_export("out", formats=["stl"])
        confirmed, exported = folder.audit_entries()
    assert (confirmed.action, confirmed.patient_id, confirmed.details) == ("confirm", "4711", {"structure": "liver"})
    assert confirmed.user
    assert confirmed.time_utc.endswith("+00:00")
    assert exported.details == {"folder": str(Path("out").absolute()), "formats": ["stl"]}


def test_that_a_line_of_the_audit_log_cut_short_spoils_no_other(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        folder.audit("first")
        with (full_path / "audit.log").open("ab") as file:
            file.write(b'{"time_utc": "2026')
        folder.audit("second")
        assert [entry.action for entry in folder.audit_entries()] == ["first", "second"]


def test_that_a_purge_removes_everything_and_lists_the_exports(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        folder.record_export("out")
        (folder.cache_folder / "surface.ply").write_text("x")
    (entry,) = purge(full_path)
    assert entry.details["folder"] == str(Path("out").absolute())
    assert list(full_path.parent.iterdir()) == []


def test_that_a_case_that_is_open_is_not_purged(full_path: Path) -> None:
    with CaseFolder.open(full_path):
        with pytest.raises(CaseFileError) as caught:
            CaseFolder.purge(full_path)
        assert caught.value.message_id == "error.case.open_elsewhere"
        assert full_path.is_dir()


def test_that_only_a_case_is_purged(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "thesis.txt").write_text("mine")
    with pytest.raises(CaseFileError) as caught:
        purge(tmp_path / "documents")
    assert caught.value.message_id == "error.case.not_a_case"
    assert (tmp_path / "documents" / "thesis.txt").is_file()


def test_that_a_damaged_case_can_be_purged(full_path: Path) -> None:
    (full_path / "manifest.json").write_text("{")
    purge(full_path)
    assert not full_path.exists()


def test_that_no_error_of_the_store_names_the_patient(full_path: Path) -> None:
    (full_path / "patient.json").write_text((full_path / "patient.json").read_text().replace("4711", "4712"))
    with pytest.raises(CaseFileError) as caught:
        CaseFolder.open(full_path)
    assert not any(secret in str(caught.value) for secret in (*SECRET, "4712"))


def test_that_the_identity_can_be_changed_and_is_gone_from_everywhere_else(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        folder.apply(IdentityEdit(PatientIdentity()))
    assert not any(
        secret.encode() in path.read_bytes() for path in full_path.rglob("*") if path.is_file() for secret in SECRET
    )


def test_that_edits_from_several_threads_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.twinsight"
    with CaseFolder.create(path) as folder:

        def edit(number: int) -> None:
            for step in range(10):
                folder.apply(LayersEdit({}, {f"{number}-{step}": "reason.not_seen"}))

        threads = [threading.Thread(target=edit, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with CaseFolder.open(path, read_only=True) as folder:
        assert len(folder.case.not_found) == 40


def test_that_a_working_buffer_needs_a_scan(tmp_path: Path) -> None:
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        with pytest.raises(InputError) as caught:
            folder.working_buffer(LayerName.ORGANS)
        assert caught.value.message_id == "error.case.no_volume"


def test_that_a_working_buffer_follows_the_case(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        buffer = folder.working_buffer(LayerName.ORGANS)
        assert folder.working_buffer(LayerName.ORGANS) is buffer
        buffer.paint(Box((0, 0, 0), (2, 2, 2)), np.ones((2, 2, 2), bool), 2)
        edit = buffer.finished()
        assert edit is not None
        inverse = edit.inverted(folder.case)
        folder.apply(edit)
        assert np.array_equal(buffer.crop().voxels, folder.case.layer(LayerName.ORGANS).voxels)
        folder.apply(inverse)
        assert np.array_equal(buffer.crop().voxels, folder.case.layer(LayerName.ORGANS).voxels)
        folder.apply(LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 9, dtype=np.uint16)}))
        assert buffer.crop().voxels.dtype == np.uint16
        assert np.array_equal(buffer.crop().voxels, folder.case.layer(LayerName.ORGANS).voxels)
