"""The window: first slice after the click, scrolling, dragging the plane; frames as the user sees them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")

from PySide6.QtWidgets import QApplication

from app import composition
from app.scene.slice_frame import SliceAxis
from app.services.demo_case import make_demo_case
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.plan_desk import FigureState
from app.ui.settings import Settings
from tests.benchmarks.bench import Benchmark
from twin.phantom import PhantomRecipe, build_phantom, write_dicom

_SIZE = (1280, 800)
_PATIENCE_S = 300.0


def benchmarks() -> Iterator[Benchmark]:
    """Open a window once; each row does one gesture and waits until its answer is on the screen."""
    application()
    folder = Path(tempfile.mkdtemp(prefix="twinsight-bench-"))
    equipment = Equipment(composition.segmenters, composition.renderer, folder, folder, PhantomRecipe.small())
    window = MainWindow(equipment, Settings(language="en"))
    window.resize(*_SIZE)
    window.show()
    try:
        study, note = _study(folder)
        yield Benchmark("first slice after the click", _first_slice(window, study), note=note)
        window.control.opening.cancel()
        case = make_demo_case(folder, recipe=PhantomRecipe.small())
        window.open_path(case)
        _wait(lambda: window.control.work is not None and window.control.work.built is not None)
        window.actions_["plan.new_plane"].trigger()
        _wait(lambda: window.desk.shown.state is FigureState.SETTLED)
        # What runs once after a case was opened is not part of a gesture.
        _wait(lambda: not window.quality_checks.is_checking and not window.task_strip.is_busy)
        yield Benchmark("scroll one slice, all views", _scroll(window), rounds=30)
        yield Benchmark("drag the plane: slices and figures", _drag_slices(window), rounds=30)
        yield Benchmark("drag the plane: picture in 3D", _drag_twin(window), rounds=30, note="software rendering")
        yield Benchmark("turn the twin: picture in 3D", _orbit(window), rounds=30, note="software rendering")
    finally:
        window.close()
        shutil.rmtree(folder, ignore_errors=True)


def _study(folder: Path) -> tuple[Path, str]:
    """Return a real scan where there is one, else the phantom as DICOM."""
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or root.parent / "shared")
    real = shared / "data" / "ircadb17" / "dicom.zip"
    if real.is_file():
        return real, "zip of 119 slices 512 x 512"
    write_dicom(build_phantom(PhantomRecipe.small()), folder / "study")
    return folder / "study", "small phantom"


def _first_slice(window: MainWindow, study: Path) -> Callable[[], None]:
    def gesture() -> None:
        shown: list[bool] = []
        listener = window.control.opening.slice_read.connect(lambda *_: shown.append(True))
        window.open_path(study)
        _wait(lambda: bool(shown))
        window.slices[SliceAxis.AXIAL].repaint()
        window.control.opening.slice_read.disconnect(listener)
        window.control.opening.cancel()

    return gesture


def _scroll(window: MainWindow) -> Callable[[], None]:
    axial = window.slices[SliceAxis.AXIAL]
    step = [1]

    def gesture() -> None:
        frame = axial.frame_of_slice
        assert frame is not None
        if not 10 < axial.slice_index < frame.n_slices - 10:
            step[0] = -step[0]
        axial.scroll_by(step[0])
        for view in window.slices.values():
            view.repaint()

    return gesture


def _nudge(window: MainWindow) -> Callable[[], None]:
    count = [0]

    def nudge() -> None:
        plane = window.state.plane
        assert plane is not None
        count[0] += 1
        window.desk.drag_plane(plane.moved(1.0 if count[0] // 20 % 2 else -1.0))

    return nudge


def _drag_slices(window: MainWindow) -> Callable[[], None]:
    nudge = _nudge(window)

    def gesture() -> None:
        before = window.desk.shown
        nudge()
        for view in window.slices.values():
            view.repaint()
        _wait(lambda: window.desk.shown is not before)

    return gesture


def _drag_twin(window: MainWindow) -> Callable[[], None]:
    nudge = _nudge(window)
    return lambda: _until_frame(window, nudge)


def _orbit(window: MainWindow) -> Callable[[], None]:
    view = window.twin_view

    def turn() -> None:
        view.camera = view.camera.orbited(6, 0, (view.width(), view.height()))
        view.redraw(is_moving=True)

    return lambda: _until_frame(window, turn)


def _until_frame(window: MainWindow, gesture: Callable[[], None]) -> None:
    _wait(lambda: window.twin_view.is_drawn)  # no earlier picture may be taken for the answer
    QApplication.processEvents()
    frames: list[bool] = []
    listener = window.twin_view.frame_shown.connect(lambda: frames.append(True))
    gesture()
    _wait(lambda: bool(frames))
    window.twin_view.repaint()
    window.twin_view.frame_shown.disconnect(listener)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        QApplication.processEvents()
        if time.monotonic() > deadline:
            raise TimeoutError("the window does not answer")
