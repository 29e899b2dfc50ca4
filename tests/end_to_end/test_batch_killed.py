"""A batch of real chains, killed in the middle and run again."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from tests.app.command_line import started, twinsight
from tests.app.made_up_study import study_on_disk
from twin.store import CaseFolder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A study as a zip, the same as a folder, a label map and a letter: what lies in a hospital share."""
    folder = tmp_path / "source"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a-study.zip", "w") as archive:
        for path in sorted((study_on_disk() / "study").iterdir()):
            archive.write(path, f"images/{path.name}")
    shutil.copytree(study_on_disk() / "study", folder / "b-study")
    (folder / "labels.nii.gz").symlink_to(study_on_disk() / "labels.nii.gz")
    (folder / "c-letter").mkdir()
    (folder / "c-letter" / "letter.dcm").write_text("not an image")
    return folder


def states(out: Path) -> dict[str, str]:
    return {case["place"]: case["status"] for case in json.loads((out / "manifest.json").read_text())["cases"]}


@pytest.mark.slow
@pytest.mark.kill
def test_that_a_killed_batch_goes_on_where_it_was(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = ("batch", source, "--out", out, "--format", "nifti", "--jobs", "1")
    first = started(*line)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if (out / "manifest.json").exists() and "done" in states(out).values():
            break
        time.sleep(0.1)
    time.sleep(2.0)  # the next case is under way
    children = psutil.Process(first.pid).children(recursive=True)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []  # a case does not outlive its batch
    assert "running" in states(out).values()
    done_before = [place for place, state in states(out).items() if state == "done"]
    assert done_before
    manifest = json.loads((out / "manifest.json").read_text())
    kept = {c["name"]: (out / c["name"]).stat().st_mtime_ns for c in manifest["cases"] if c["status"] == "done"}

    second = twinsight(*line, "--json")
    assert second.code == 3  # the letter failed
    assert second.document["error"]["message_id"] == "error.batch.some_failed"
    expected = {"a-study.zip": "done", "b-study": "done", "c-letter": "failed", "labels.nii.gz": "skipped"}
    assert {place: state for place, state in states(out).items() if place in expected} == expected
    assert {name: (out / name).stat().st_mtime_ns for name in kept} == kept
    rows = {row["study"]: row for row in csv.DictReader((out / "batch.csv").read_text().splitlines())}
    assert float(rows["a-study.zip"]["liver_ml"]) > 1000
    assert rows["c-letter"]["reason"]
    for case in out.glob("case-*/case.twinsight"):
        with CaseFolder.open(case, read_only=True) as folder:
            folder.verify()
