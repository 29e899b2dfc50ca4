"""A walk through every step of the window, with each stretch in which its thread did not answer.

``python -m tests.benchmarks.walk_window [CASE ...]`` opens copies of the cases, else the phantom and, where it is
there, a real scan, and prints for each thing that is done the longest stretch: processor time of the window's thread,
which other load blurs little, beside the time on the wall.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from app import composition  # noqa: E402
from app.scene.slice_frame import SliceAxis  # noqa: E402
from app.ui.equipment import Equipment  # noqa: E402
from app.ui.gap_watch import PROMISE_S, Gap, GapWatch  # noqa: E402
from app.ui.launch import application  # noqa: E402
from app.ui.main_window import MainWindow  # noqa: E402
from app.ui.plan_desk import FigureState  # noqa: E402
from app.ui.settings import Settings  # noqa: E402
from tests.benchmarks.window_cases import window_cases  # noqa: E402
from twin.phantom import PhantomRecipe  # noqa: E402

_SIZE = (1280, 800)
_PATIENCE_S = 400.0
_HEARD_S = 0.02
_NONE = Qt.KeyboardModifier.NoModifier
_LEFT = Qt.MouseButton.LeftButton


@dataclass
class Walk:
    """Hands on a window, and an ear for what it does meanwhile."""

    window: MainWindow
    watch: GapWatch
    heard: list[tuple[str, Gap]] = field(default_factory=list)

    def do(self, name: str, act: Callable[[], object], until: Callable[[], bool] = lambda: True) -> None:
        """Do one thing, wait until it is done and everything has come to rest, and note the gaps."""
        self.watch.gaps.clear()
        act()
        self.wait(until)
        self.wait(self._is_at_rest)
        self.live(0.4)
        self.heard += [(name, gap) for gap in self.watch.gaps]
        worst = max(self.watch.gaps, key=lambda gap: gap.own_s, default=None)
        print(f"{name}: {'-' if worst is None else worst.text()}", file=sys.stderr, flush=True)

    def act(self, action_id: str) -> None:
        """Choose an action by its id."""
        action = self.window.actions_[action_id]
        assert action.isEnabled(), f"{action_id} is off: {action.toolTip()}"
        action.trigger()

    def undo(self) -> None:
        """Take back what a stroke did, if it changed anything."""
        if self.window.actions_["steps.undo"].isEnabled():
            self.act("steps.undo")

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the window live until something is so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            self.live(0.0)
            if time.monotonic() > deadline:
                raise TimeoutError(f"the window does not answer: {self.window.message_bar.text}")

    def live(self, seconds: float) -> None:
        """Let the window live for a while; it sleeps where there is nothing to do, as a real one does."""
        until = time.monotonic() + seconds
        while True:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
            if time.monotonic() >= until:
                return

    def drag(self, widget: QWidget, start: QPointF, by: tuple[float, float], steps: int = 25) -> None:
        """Press, move in steps, release."""
        QTest.mousePress(widget, _LEFT, _NONE, start.toPoint())
        for step in range(1, steps + 1):
            share = step / steps
            QTest.mouseMove(widget, (start + QPointF(by[0] * share, by[1] * share)).toPoint())
            self.live(0.02)
        QTest.mouseRelease(widget, _LEFT, _NONE, (start + QPointF(*by)).toPoint())

    def _is_at_rest(self) -> bool:
        window = self.window
        is_computing = window.desk.shown.state is FigureState.COMPUTING or window.quality_checks.is_checking
        return not (window.task_strip.is_busy or is_computing) and window.twin_view.is_settled


def walk_case(walk: Walk, name: str, case: Path) -> None:
    """Go through the steps of a case that has labels."""
    window, desk = walk.window, walk.window.desk
    control = window.control
    walk.do(f"open {name}", lambda: window.open_path(case), lambda: _is_open(window, case))
    axial = window.slices[SliceAxis.AXIAL]

    def scroll() -> None:
        for _ in range(20):
            axial.scroll_by(1)
            walk.live(0.01)

    walk.do("scroll", scroll)
    walk.do("window by a preset", lambda: walk.act("view.window_bone"))
    for step in ("study", "segment", "twin", "plan", "compare", "report", "consult", "plan"):
        walk.do(f"go to {step}", partial(walk.act, f"go.{step}"))
    walk.do("layout: twin large", lambda: walk.act("view.twin"))
    walk.do("layout: four", lambda: walk.act("view.four"))
    walk.do("oblique", lambda: walk.act("view.oblique"))
    walk.do("oblique off", lambda: walk.act("view.oblique"))
    walk.do("labels off", lambda: walk.act("view.labels"))
    walk.do("labels on", lambda: walk.act("view.labels"))
    walk.do("light theme", lambda: walk.act("view.light"))
    walk.do("other language", lambda: walk.act("view.language"))
    walk.do("back to English", lambda: walk.act("view.language"))
    walk.do("dark theme", lambda: walk.act("view.light"))
    walk.do("open the twin at the crosshair", lambda: walk.act("space.clip"))
    walk.do("close it", lambda: walk.act("space.clip"))
    walk.do("palette of commands", lambda: walk.act("go.palette"))
    walk.do("palette closed", window.palette_.close_palette)
    _edit(walk)
    _plan(walk)
    walk.do("go to compare", lambda: walk.act("go.compare"))
    walk.do("search for plans", window.proposals_page.search.click)
    walk.do("go to report", lambda: walk.act("go.report"))
    walk.do("save", lambda: walk.act("file.save"))
    assert desk.plan is not None
    walk.do("close the case", control.close_all)


def _is_open(window: MainWindow, case: Path) -> bool:
    work = window.control.work
    return work is not None and work.folder.path == case and work.built is not None


def _edit(walk: Walk) -> None:
    window = walk.window
    axial = window.slices[SliceAxis.AXIAL]
    walk.do("go to segment", lambda: walk.act("go.segment"))
    window.structure_panel.select("liver")
    middle = QPointF(axial.width() * 0.4, axial.height() * 0.5)
    walk.do("brush, disc", lambda: walk.act("tool.brush"))
    walk.do("stroke of the disc", lambda: walk.drag(axial, middle, (-60, 130)))
    walk.do("undo the stroke", walk.undo)
    walk.do("ball", lambda: walk.act("tool.flat"))
    walk.do("stroke of the ball", lambda: walk.drag(axial, middle, (-60, 130)))
    walk.do("undo the ball", walk.undo)
    walk.do("disc again", lambda: walk.act("tool.flat"))
    walk.do("eraser", lambda: walk.act("tool.eraser"))
    walk.do("stroke of the eraser", lambda: walk.drag(axial, middle, (60, 90)))
    walk.do("undo the eraser", walk.undo)
    for tool in ("threshold", "scissors", "pieces", "whole", "seeds", "clicks", "lesion", "duct", "vessels", "look"):
        walk.do(f"tool {tool}", partial(walk.act, f"tool.{tool}"))
    walk.do("confirm all", lambda: walk.act("anatomy.confirm_all"))


def _plan(walk: Walk) -> None:
    window, desk = walk.window, walk.window.desk

    def settled() -> bool:
        return desk.plan is not None and desk.shown.state is FigureState.SETTLED

    walk.do("new plan with a plane", lambda: walk.act("plan.new_plane"), settled)
    axial = window.slices[SliceAxis.AXIAL]

    def drag_line() -> None:
        line = axial.cut_line()
        assert line is not None
        walk.drag(axial, line.middle, (40, 10), steps=40)

    def drag_arrow() -> None:
        from app.scene.cut_plane import PlaneHandle

        view = window.twin_view
        walk.drag(view, view.handle_position(next(iter(PlaneHandle))), (30, 10), steps=40)

    def turn() -> None:
        view = window.twin_view
        walk.drag(view, QPointF(view.width() * 0.9, view.height() * 0.15), (-120, 40), steps=30)

    walk.do("drag the plane on a slice", drag_line, settled)
    walk.do("drag the plane in 3D", drag_arrow, settled)
    walk.do("turn the twin", turn)
    walk.do("pick", lambda: window.twin_view.pick_at(QPointF(QPoint(*_middle(window)))))
    walk.do("bend to a sheet", lambda: window.plan_panel.options.bend.click(), settled)
    walk.do("new plan with a wedge", lambda: walk.act("plan.new_wedge"), settled)
    walk.do("add segments", lambda: walk.act("plan.add_territory"), settled)
    walk.do("duplicate", lambda: walk.act("plan.duplicate"), settled)
    names = list(window.control.work.case.plans) if window.control.work else []
    walk.do("another plan", lambda: desk.select(names[0]), settled)
    walk.do("and back", lambda: desk.select(names[-1]), settled)
    walk.do("undo", walk.undo, lambda: desk.shown.state is FigureState.SETTLED)
    walk.do("approve", lambda: desk.approve("Dr Walk"))


def _copies(cases: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    for case in map(Path, cases):
        yield case.stem, Path(shutil.copytree(case, folder / case.name))


def _middle(window: MainWindow) -> tuple[int, int]:
    return (window.twin_view.width() // 2, window.twin_view.height() // 2)


def table_of(heard: list[tuple[str, Gap]]) -> Table:
    """Return the worst stretches, the longest first."""
    table = Table(title=f"Stretches of the window's thread above {1000 * PROMISE_S / 2:.0f} ms of its own time")
    for heading in ("done", "own ms", "wall ms", "where"):
        table.add_column(heading, justify="right" if heading.endswith("ms") else "left")
    worst: dict[str, Gap] = {}
    for name, gap in heard:
        if name not in worst or gap.own_s > worst[name].own_s:
            worst[name] = gap
    for name, gap in sorted(worst.items(), key=lambda one: -one[1].own_s):
        if gap.own_s > PROMISE_S / 2:
            table.add_row(name, f"{1000 * gap.own_s:.0f}", f"{1000 * gap.wall_s:.0f}", gap.where)
    return table


def main() -> None:
    """Walk and print."""
    application()
    folder = Path(tempfile.mkdtemp(prefix="twinsight-walk-"))
    equipment = Equipment(composition.segmenters, composition.renderer, folder, folder, PhantomRecipe.small())
    window = MainWindow(equipment, Settings(language="en"))
    window.resize(*_SIZE)
    window.show()
    window.dialogs.declaration = lambda *_: "Dr Walk"  # type: ignore[method-assign]
    watch = GapWatch(patience_s=_HEARD_S)
    watch.start()
    walk = Walk(window, watch)
    try:
        for name, case in _copies(sys.argv[1:], folder) if sys.argv[1:] else window_cases(folder):
            watch.stop()  # making a case is no part of the walk
            watch.start()
            walk_case(walk, name, case)
    finally:
        watch.stop()
        window.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        shutil.rmtree(folder, ignore_errors=True)
        Console(width=200).print(table_of(walk.heard))


if __name__ == "__main__":
    main()
