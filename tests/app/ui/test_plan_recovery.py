"""A planner killed during a drag loses no plan that was acknowledged, and the next start offers the work back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.ui.conftest import Driver
from twin.resection import PlaneCut

pytestmark = pytest.mark.gui
_ROOT = Path(__file__).resolve().parents[3]


def test_that_a_plan_killed_during_a_drag_is_offered_back_at_the_next_start(
    driver: Driver, case_path: Path, tmp_path: Path
) -> None:
    origin_lps_mm = _killed_during_a_drag(case_path, tmp_path / "child")
    window = driver.window
    window.remember(recent=(str(case_path),))
    window.show_work(is_open=False)
    assert window.start_page.left_behind.isVisible()
    driver.click(window.start_page.bring_back_button)
    driver.wait(lambda: window.control.work is not None and window.desk.plan is not None, "case back")
    assert "not closed properly" in window.message_bar.text
    plan = window.desk.plan
    assert plan is not None
    (cut,) = plan.resections
    assert isinstance(cut, PlaneCut)
    assert cut.origin_lps_mm == pytest.approx(origin_lps_mm), "the drag that was let go is there, the other is not"
    driver.settle()
    driver.act("file.close")
    driver.wait(lambda: not window.start_page.left_behind.isVisible(), "nothing left to offer")


def _killed_during_a_drag(case_path: Path, settings: Path) -> tuple[float, ...]:
    """Return where the plane was when its place was acknowledged."""
    line = [sys.executable, "-m", "tests.app.ui.planned_and_killed", str(case_path), str(settings)]
    with subprocess.Popen(line, cwd=_ROOT, env=os.environ, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            word, *place = child.stdout.readline().split()
            assert word == "written"
            assert child.stdout.readline().strip() == "dragging"
        finally:
            child.kill()
    return tuple(float(value) for value in place)
