"""The list of automatic segmenters: each with its state, the reason where one cannot run here, and a start."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.ui.segmenters_dialog import SegmentersDialog
from segmentation.segmenter import Availability, SegmentationResult
from tests.app.ui.conftest import Driver, TruthSegmenter
from twin.job import CancelToken, ProgressListener, no_progress
from twin.phantom import Phantom
from twin.volume import Volume

pytestmark = pytest.mark.gui


class _Asked(TruthSegmenter):
    """A segmenter that says that it was asked."""

    def __init__(self, phantom: Phantom, segmenter_id: str, asked: list[str]) -> None:
        super().__init__(phantom, id=segmenter_id)
        self._asked = asked

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        self._asked.append(self.id)
        return super().segment(volume, progress=progress, cancel=cancel)


class _Absent(TruthSegmenter):
    """A segmenter of another program that is not installed."""

    def availability(self) -> Availability:
        return Availability(False, "external.unavailable.nnunet_absent")


def _dialog() -> SegmentersDialog:
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, SegmentersDialog) and w.isVisible())


def test_that_every_segmenter_is_listed_with_its_reason_and_the_chosen_one_labels(
    driver: Driver, study_folder: Path, phantom: Phantom, tmp_path: Path
) -> None:
    window = driver.window
    asked: list[str] = []
    absent = _Absent(phantom, id="segmenter.nnunet")
    first, second = (_Asked(phantom, f"segmenter.{name}", asked) for name in ("first", "second"))
    object.__setattr__(window.equipment, "segmenters", lambda: (absent, first, second))
    driver.open(study_folder)
    driver.act("anatomy.segment_with")
    dialog = _dialog()
    driver.wait(lambda: bool(dialog.choices), "the list")
    assert list(dialog.choices) == ["segmenter.nnunet", "segmenter.first", "segmenter.second"]
    assert not dialog.choices["segmenter.nnunet"].isEnabled()
    texts = [one.text() for one in dialog.findChildren(QLabel)]
    assert window.wording.text("external.unavailable.nnunet_absent") in texts
    assert dialog.chosen == "segmenter.first", "the first that can run"
    dialog.activateWindow()
    driver.wait(dialog.choices["segmenter.first"].hasFocus, "the keys on the list")
    QTest.keyClick(dialog.choices["segmenter.first"], Qt.Key.Key_Down)
    assert dialog.chosen == "segmenter.second", "keys go to the next that can run"
    driver.answers.new_case = tmp_path / "made.twinsight"
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    driver.wait(lambda: window.control.work is not None and bool(window.control.work.case.structure_ids()), "labels")
    assert asked == ["segmenter.second"]
    driver.wait(lambda: not window.task_strip.is_busy, "idle")
