"""Who may enter a case, where the identity is, the audit log, and removal for good."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from twin.edit import IdentityEdit
from twin.errors import CaseFileError
from twin.patient import PatientIdentity
from twin.store import CaseFolder, purge

SECRET = ("PHANTOM^TwinSight", "4711", "19600131")


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
