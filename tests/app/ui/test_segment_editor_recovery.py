"""A killed editor loses nothing that was acknowledged, and the next start says what it brought back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.ui.conftest import Driver
from twin.store import CaseFolder

pytestmark = pytest.mark.gui
_ROOT = Path(__file__).resolve().parents[3]


def test_that_a_window_killed_during_a_stroke_offers_the_work_back(
    driver: Driver, case_path: Path, tmp_path: Path
) -> None:
    with CaseFolder.open(case_path) as folder:
        before = folder.case.layer_of("liver").mask("liver")
    line = [sys.executable, "-m", "tests.app.ui.painted_and_killed", str(case_path), str(tmp_path / "child")]
    child = subprocess.Popen(line, cwd=_ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "written"
        assert child.stdout.readline().strip() == "drawing"
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()

    driver.open(case_path)
    assert "not closed properly" in driver.window.message_bar.text
    work = driver.window.control.work
    assert work is not None
    after = work.case.layer_of("liver").mask("liver")
    assert (before & ~after).any(), "the stroke that was acknowledged is there"
    assert not (after & ~before).any()
    assert not work.case.is_confirmed("liver")
