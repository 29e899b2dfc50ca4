"""A window on a small made-up patient, and a guard: no thread and no running timer outlives a test."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QThread, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.scene.scene_renderer import SceneRenderer
from app.services.build_twin import build_case_twin
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.plan_desk import FigureState
from app.ui.settings import Settings
from segmentation.segmenter import Availability, SegmentationResult
from tests.app.made_up_study import study_on_disk
from tests.phantoms import small_phantom
from twin.anatomy import LayerName, structure
from twin.edit import FactsEdit, GroupEdit, IdentityEdit, LayersEdit, VolumesEdit
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.phantom import Phantom, PhantomRecipe
from twin.store import CaseFolder
from twin.volume import Volume

_PATIENCE_S = 60.0  # a hang guard, not a promise
_LABELLED = ("liver", "portal_vein", "hepatic_vein", "lesion")  # few structures: a twin in a second


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """The small phantom, built once."""
    return small_phantom()


@pytest.fixture(scope="session")
def study_folder() -> Path:
    """Its scan as a DICOM study; nobody writes there."""
    return study_on_disk() / "study"


@pytest.fixture(scope="session")
def made_case(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with scan and labels; tests work on copies."""
    path = tmp_path_factory.mktemp("case") / "made.twinsight"
    layers = labelled_layers(phantom)
    edits = (
        IdentityEdit(phantom.identity),
        VolumesEdit({phantom.volume.id: phantom.volume}, phantom.volume.id),
        LayersEdit(layers, label="edit.import"),
        FactsEdit(phantom.facts),
    )
    with CaseFolder.create(path) as folder:
        folder.apply(GroupEdit("edit.import", edits))
        folder.commit()
        build_case_twin(folder.case, path)  # its surfaces stay in the cache of the case
    return path


def labelled_layers(phantom: Phantom) -> dict[LayerName, LabelLayer]:
    """Liver, its veins and the lesions, as true of the phantom."""
    layers: dict[LayerName, LabelLayer] = {}
    for structure_id in _LABELLED:
        wanted = structure(structure_id)
        layer = phantom.layers[wanted.layer]
        mask = layer.mask(structure_id)
        voxels = np.where(mask, layer.voxels, 0).astype(layer.voxels.dtype)
        known = layers.get(wanted.layer)
        layers[wanted.layer] = layer.with_voxels(voxels if known is None else np.maximum(known.voxels, voxels))
    return layers


@dataclass
class TruthSegmenter:
    """Answers like a segmenter, with the labels of the phantom."""

    phantom: Phantom
    id: str = "segmenter.truth"
    version: str = "1"

    def availability(self) -> Availability:
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        assert np.array_equal(volume.voxels, self.phantom.volume.voxels)
        return SegmentationResult(labelled_layers(self.phantom), {"aorta": "figure.unknown"})


@dataclass
class Answers:
    """Answers to the dialogs, in place of a person."""

    new_case: Path | None = None
    file: Path | None = None
    folder: Path | None = None
    name: str | None = None
    declared: str | None = "Dr Test"
    told: list[str] = field(default_factory=list)


def live(seconds: float = 0.0) -> None:
    """Let the window and its threads live for a while (QTest.qWait would keep Python's lock from the threads)."""
    until = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        time.sleep(0.002)
        if time.monotonic() >= until:
            return


class Driver:
    """Drives a window as hands and eyes would."""

    def __init__(self, window: MainWindow, answers: Answers) -> None:
        self.window = window
        self.answers = answers

    def wait(self, condition: Callable[[], bool], what: str = "") -> None:
        """Let the window live until something is so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            live()
            assert time.monotonic() < deadline, f"still not: {what}; it says: {self.window.message_bar.text!r}"

    def open(self, path: Path) -> None:
        """Open a study or a case and wait until all of it is there."""
        window = self.window
        window.open_path(path)
        control = window.control
        self.wait(
            lambda: control.volume is not None and control.volume.id != "preview" and not control.opening.is_busy,
            f"{path.name} open",
        )
        self.wait(lambda: not window.task_strip.is_busy, "idle")

    def act(self, action_id: str) -> None:
        """Choose an action of the menu."""
        action = self.window.actions_[action_id]
        assert action.isEnabled(), f"{action_id} is off: {action.toolTip()}"
        action.trigger()

    def settle(self) -> None:
        """Wait until the figures of the plan are settled and kept."""
        desk, control = self.window.desk, self.window.control

        def is_settled() -> bool:
            plan = desk.plan
            if desk.shown.state is not FigureState.SETTLED or plan is None or control.work is None:
                return False
            outcome = control.work.case.outcomes.get(plan.name)
            shown = desk.shown.settled
            return outcome is not None and not outcome.is_stale and shown is not None and shown.plan.hash == plan.hash

        self.wait(is_settled, "figures settled")

    def draw(self) -> None:
        """Wait until the 3D view shows the picture at rest."""
        self.wait(lambda: self.window.twin_view.is_settled, "3D picture")
        live(0.02)

    def click(
        self, widget: QWidget, at: QPointF | None = None, *, button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ) -> None:
        """Press and release on a widget."""
        QTest.mouseClick(widget, button, Qt.KeyboardModifier.NoModifier, _point(widget, at))
        live(0.005)

    def drag(
        self,
        widget: QWidget,
        start: QPointF,
        by: tuple[float, float],
        *,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        steps: int = 6,
        before_release: Callable[[], None] | None = None,
    ) -> None:
        """Press, move in steps, release."""
        none = Qt.KeyboardModifier.NoModifier
        QTest.mousePress(widget, button, none, start.toPoint())
        for step in range(1, steps + 1):
            share = step / steps
            QTest.mouseMove(widget, (start + QPointF(by[0] * share, by[1] * share)).toPoint())
            live(0.01)
        if before_release is not None:
            before_release()
        QTest.mouseRelease(widget, button, none, (start + QPointF(*by)).toPoint())
        live(0.005)

    def figure(self, key: str) -> str:
        """What the panel shows for a figure."""
        return self.window.plan_panel.figures.values[key].text()


def _point(widget: QWidget, at: QPointF | None) -> QPoint:
    return widget.rect().center() if at is None else at.toPoint()


@pytest.fixture
def driver(phantom: Phantom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak_guard: None) -> Iterator[Driver]:
    """A window in English, at the smallest size we promise."""
    application().setStyleSheet("")  # that of the last window would be matched with each widget as it is laid out
    segmenter = TruthSegmenter(phantom)
    equipment = Equipment(
        lambda: (segmenter,),
        SceneRenderer,
        tmp_path / "settings",
        tmp_path / "cache",
        PhantomRecipe.small(),
        tmp_path / "logs",
    )
    window = MainWindow(equipment, Settings(language="en"))
    answers = Answers()
    for name, answer in {
        "new_case": lambda *_: answers.new_case,
        "study_file": lambda *_: answers.file,
        "folder": lambda *_: answers.folder,
        "name": lambda *_: answers.name,
        "declaration": lambda *_: answers.declared,
        "tell": lambda title, text: answers.told.append(text),
    }.items():
        monkeypatch.setattr(window.dialogs, name, answer)
    window.resize(1280, 760)
    window.show()
    QTest.qWaitForWindowExposed(window)
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 2000)
    yield Driver(window, answers)
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    live(0.02)


@pytest.fixture
def leak_guard() -> Iterator[None]:
    """Fail a test that leaves a thread or a running timer behind."""
    gc.freeze()  # what was there before is not searched again after each test
    try:
        yield
        gc.collect()
        deadline = time.monotonic() + 5.0
        while (left := _left_behind()) and time.monotonic() < deadline:
            live(0.02)
        assert left == []
    finally:
        gc.unfreeze()


def _left_behind() -> list[str]:
    threads = [f"thread {t.name}" for t in threading.enumerate() if t.name.startswith("twinsight") or "Timer" in t.name]
    # By type: asking a dead weak proxy for its class raises.
    living = (o for o in gc.get_objects() if issubclass(type(o), QObject) and shiboken6.isValid(o))
    timers = [
        f"{type(o).__name__} of {o.parent()}"
        for o in living
        if (isinstance(o, QTimer) and o.isActive()) or (isinstance(o, QThread) and o.isRunning())
    ]
    return [*threads, *timers]


@pytest.fixture
def case_path(made_case: Path, tmp_path: Path) -> Path:
    """A copy of the made case."""
    path = tmp_path / "copy.twinsight"
    shutil.copytree(made_case, path)
    return path
