"""The window: first slice after the click, scrolling, dragging the plane; frames as the user sees them."""

from __future__ import annotations

import gc
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
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.plan_desk import FigureState
from app.ui.settings import Settings
from tests.benchmarks.bench import Benchmark
from tests.benchmarks.window_cases import shared_scan, window_cases
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
        for name, case in window_cases(folder):
            yield from _rows_of_case(window, name, case)
    finally:
        window.close()
        shutil.rmtree(folder, ignore_errors=True)


def _rows_of_case(window: MainWindow, name: str, case: Path) -> Iterator[Benchmark]:
    """The rows that are promised, and the parts of a drag: a row that is slow says which of them it was."""
    window.open_path(case)
    _wait(lambda: window.control.work is not None and window.control.work.folder.path == case)
    _wait(lambda: window.control.work is not None and window.control.work.built is not None)
    window.actions_["plan.new_plane"].trigger()
    _wait(lambda: window.desk.shown.state is FigureState.SETTLED)
    # What runs once after a case was opened is not part of a gesture.
    _wait(lambda: not window.quality_checks.is_checking and not window.task_strip.is_busy)
    gc.collect()
    gc.freeze()  # as the window does once it is open
    shown = f"{_SIZE[0]} x {_SIZE[1]}, software rendering"
    yield Benchmark(f"scroll one slice, three views: {name}", _scroll(window), rounds=30, note=shown, frames_asked=30)
    yield Benchmark(
        f"drag the plane: figures, three slices, 3D: {name}", _drag(window), rounds=60, note=shown, frames_asked=20
    )
    short = name.partition(",")[0]
    yield Benchmark(f"of it, slices and figures: {short}", _drag_slices(window), rounds=30)
    yield Benchmark(f"of it, picture in 3D: {short}", _drag_twin(window), rounds=30)
    yield Benchmark(f"turn the twin, picture in 3D: {short}", _orbit(window), rounds=30)


def _study(folder: Path) -> tuple[Path, str]:
    """Return a real scan where there is one, else the phantom as DICOM."""
    scan = shared_scan()
    if scan is not None:
        return scan / "dicom.zip", "zip of 119 slices 512 x 512"
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


def _drag(window: MainWindow) -> Callable[[], None]:
    """One step of a drag, until figures, slices and the picture in space all show it."""
    nudge = _nudge(window)

    def gesture() -> None:
        before = window.desk.shown
        frames: list[bool] = []
        listener = window.twin_view.frame_shown.connect(lambda: frames.append(True))
        nudge()
        for view in window.slices.values():
            view.repaint()
        _wait(lambda: window.desk.shown is not before and window.twin_view.is_drawn and bool(frames))
        window.twin_view.repaint()
        window.twin_view.frame_shown.disconnect(listener)

    return gesture


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
