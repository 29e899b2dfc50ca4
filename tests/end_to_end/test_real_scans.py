"""The chain on real scans, with the same settings for all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.command_line import REPOSITORY, twinsight

LEAST_DICE = 0.85


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("scan", "truth"), [("ircadb17", "liver_whole.nii.gz"), ("chaos_ct3", "labels.nii.gz")])
def test_that_the_whole_liver_of_a_real_scan_is_found(scan: str, truth: str, shared_data: Path, tmp_path: Path) -> None:
    case, out = tmp_path / "A.twinsight", tmp_path / "out"
    lines = [
        ("import", shared_data / scan / "dicom.zip", "--case", case),
        ("segment", case),
        ("export", case, "--format", "nifti", "--out", out),
    ]
    for line in lines:
        ended = twinsight(*line, "--json")
        assert ended.code == 0, ended.err
    scorer = shared_data.parent / "tools" / "score_labels.py"
    scored = subprocess.run(
        [
            sys.executable,
            scorer,
            out / "organs" / "liver.nii.gz",
            shared_data / scan / truth,
            "--labels",
            "1",
            "--json",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(scored.stdout)["1"]["dice"] >= LEAST_DICE
