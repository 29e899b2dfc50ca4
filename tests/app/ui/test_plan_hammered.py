"""Plans are copied, renamed, switched, dragged, undone and removed faster than figures settle, hundreds of times."""

import gc
import random
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from app.scene.cut_plane import PlaneHandle
from tests.app.ui.conftest import Driver, live

pytestmark = [pytest.mark.gui, pytest.mark.slow]
_ROUNDS = 200
_MOST_PLANS = 6


def test_that_hundreds_of_changes_of_plans_leave_the_window_whole(driver: Driver, case_path: Path) -> None:
    hand = _Hand(driver, case_path)
    chance = random.Random(1)
    for number in range(_ROUNDS):
        driver.answers.name = f"Plan {number}"
        chance.choice((hand.duplicate, hand.duplicate, hand.rename, hand.delete, hand.switch, hand.pull, hand.undo))()
        live(chance.choice((0.0, 0.0, 0.02, 0.2)))
        if not hand.names():
            hand.plan_anew()
    hand.finish()


def test_that_no_other_thread_can_be_left_to_destroy_parts_of_the_window(driver: Driver, case_path: Path) -> None:
    hand = _Hand(driver, case_path)
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            hand.duplicate()
            hand.switch()
            live(0.1)
        hand.finish()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        # By type: asking a dead weak proxy for its class raises.
        parts = [o for o in gc.garbage if issubclass(type(o), QObject) and shiboken6.isValid(o)]
        lost = [o for o in parts if shiboken6.ownedByPython(o)]
        found = sorted({type(one).__name__ for one in lost})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert found == [], "these would be destroyed by whichever thread collects garbage next"


class _Hand:
    """Does one thing to the plans, whatever still runs."""

    def __init__(self, driver: Driver, path: Path) -> None:
        self.driver, self.window = driver, driver.window
        driver.open(path)
        self.plan_anew()
        driver.settle()
        driver.draw()

    def names(self) -> tuple[str, ...]:
        work = self.window.control.work
        return () if work is None else tuple(work.case.plans)

    def plan_anew(self) -> None:
        self.driver.act("plan.new_plane")
        self.driver.wait(lambda: bool(self.names()), "a plan")

    def duplicate(self) -> None:
        if len(self.names()) < _MOST_PLANS:
            self._press("plan.duplicate")

    def rename(self) -> None:
        self._press("plan.rename")

    def delete(self) -> None:
        if len(self.names()) > 1:
            self._press("plan.delete")

    def switch(self) -> None:
        box = self.window.plan_panel.plan_box
        QTest.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < box.count() - 1 else Qt.Key.Key_Up)

    def pull(self) -> None:
        if self.window.state.plane is not None:
            tip = self.window.twin_view.handle_position(PlaneHandle.MOVE)
            self.driver.drag(self.window.twin_view, tip, (8, 2), steps=2)

    def undo(self) -> None:
        action = self.window.actions_["steps.undo"]
        if action.isEnabled() and len(self.names()) > 1:
            QTest.keyClick(self.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def finish(self) -> None:
        self.driver.wait(lambda: self.window.desk.selected in self.names(), "a plan is selected")
        self.driver.settle()
        self.driver.draw()
        box = self.window.plan_panel.plan_box
        assert [box.itemText(n) for n in range(box.count())] == list(self.names())
        assert box.currentText() == self.window.desk.selected

    def _press(self, action_id: str) -> None:
        action = self.window.actions_[action_id]
        button = next(b for b in self.window.plan_panel.findChildren(QToolButton) if b.defaultAction() is action)
        if button.isEnabled():
            self.driver.click(button, QPointF(button.rect().center()))
