"""A case on the disk: what is in the folder, what is checked, what is written again."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.twin.store.case_examples import (
    GRID,
    content,
    facts,
    folder_files,
    full_case,
    full_edits,
    layer,
    volume,
)
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import FactsEdit, LayersEdit, VolumesEdit
from twin.errors import CaseFileError, InputError, TwinSightError
from twin.store import CaseFolder


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


def test_that_other_tools_can_read_the_voxels(full_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    with CaseFolder.open(full_path, read_only=True) as folder:
        objects = folder._manifest.objects
        assert len(objects) == 3 + 6 + 1 + 1  # scans, layers, one of another date, the record
        for name, blob in objects.items():
            if name == "record":
                continue
            kind, _, key = name.partition("/")
            if kind == "scan_layer":
                volume_id, _, layer_name = key.partition("/")
                entry: Any = folder.case.scan_layers[volume_id][LayerName(layer_name)]
            else:
                entry = folder.case.volumes[key] if kind == "volume" else folder.case.layers[LayerName(key)]
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
        before = folder_files(full_path)
        folder.commit()
        assert folder_files(full_path) == before


def test_that_an_edit_that_does_not_fit_leaves_case_and_disk_alone(full_path: Path) -> None:
    with CaseFolder.open(full_path) as folder:
        before, case = folder_files(full_path), folder.case
        with pytest.raises(TwinSightError):
            folder.apply(VolumesEdit({}, "absent"))
        assert folder.case is case
        assert folder_files(full_path) == before


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
