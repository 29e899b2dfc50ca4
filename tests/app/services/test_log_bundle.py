"""The bundle of logs says where the program failed, and nothing of the patient."""

import stat
import zipfile
from pathlib import Path

import pytest

from app.services.crash_log import write_crash_log
from app.services.log_bundle import write_log_bundle
from twin.errors import InputError

PATIENT = "DUPONT^JEANNE"


def _failure() -> Exception:
    try:
        raise ValueError(f"cannot read /archive/{PATIENT}/scan.dcm")
    except ValueError as error:
        return error


def test_that_a_bundle_holds_no_word_of_the_patient(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    assert write_crash_log(_failure(), logs, doing="window") is not None
    (logs / "twinsight.log").write_text(
        f"2026-01-02 10:00:00,123 77 ERROR app.ui.desk_control failed on {PATIENT}\n"
        f"Traceback (most recent call last):\n  ValueError: {PATIENT}\n"
        "2026-01-02 10:00:01,456 77 INFO twin.store saved\n",
        encoding="utf-8",
    )
    (logs / f"{PATIENT}.txt").write_text(PATIENT, encoding="utf-8")
    target = tmp_path / "bundle.zip"

    assert write_log_bundle(target, logs, about={"theme": "dark"}) == 1

    with zipfile.ZipFile(target) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert PATIENT not in "".join([*texts, *texts.values()])
    assert "ValueError" in next(text for name, text in texts.items() if name.startswith("crash-"))
    assert "2026-01-02 10:00:00,123 77 ERROR app.ui.desk_control" in texts["log-times.txt"]
    assert "theme: dark" in texts["about.txt"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_that_a_bundle_without_logs_still_says_what_the_machine_is(tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    assert write_log_bundle(target, tmp_path / "none", about={}) == 0
    with zipfile.ZipFile(target) as bundle:
        assert "TwinSight" in bundle.read("about.txt").decode()


def test_that_a_folder_that_is_not_there_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_log_bundle(tmp_path / "gone" / "bundle.zip", tmp_path, about={})
    assert caught.value.message_id == "error.logs.not_written"
    assert caught.value.parameters == {"file": "bundle.zip"}
