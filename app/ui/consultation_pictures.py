"""The gallery: pictures of the stage that were taken, each looked through before the patient may have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.services.consultation import KeptPicture
from app.ui.consultation_style import PATIENT_STYLE, big_button
from app.ui.pieces import clear, label, scrolled
from twin.wording import Wording

__all__ = ["GalleryWindow", "PicturesPage"]

_WIDTH_PX, _LARGE_PX = 300, 440


class PicturesPage(QWidget):
    """Pictures with the question "no names?"; only those that were answered for go home."""

    changed = Signal(object)  # KeptPicture
    removed = Signal(str)

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._shown: tuple[tuple[KeptPicture, ...], str] = ((), "")
        self._pixmaps: dict[str, QPixmap] = {}
        self._intro = label("", "Quiet", wraps=True)
        self.checks: dict[str, QCheckBox] = {}
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(self._intro)
        self._list = QVBoxLayout()
        column.addLayout(self._list)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(page, sideways=True))
        self.set_wording(wording)

    def show_pictures(self, pictures: tuple[KeptPicture, ...], pixmaps: Mapping[str, QPixmap], version: str) -> None:
        """Show the gallery; pictures of an earlier plan say so and stay here."""
        self._shown, self._pixmaps = (pictures, version), dict(pixmaps)
        clear(self._list)
        self.checks = {}
        for picture in pictures:
            self._list.addWidget(self._row(picture, version))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._intro.setText(wording.text("consultation.pictures.intro"))
        self.show_pictures(self._shown[0], self._pixmaps, self._shown[1])

    def _row(self, picture: KeptPicture, version: str) -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 6, 0, 10)
        image = QLabel()
        pixmap = self._pixmaps.get(picture.name)
        if pixmap is not None and not pixmap.isNull():
            image.setPixmap(pixmap.scaledToWidth(_WIDTH_PX, Qt.TransformationMode.SmoothTransformation))
        column.addWidget(image)
        line = QHBoxLayout()
        if picture.version == version:
            check = QCheckBox(self._wording.text("consultation.pictures.no_names"))
            check.setChecked(picture.is_taken_home)
            check.clicked.connect(lambda is_on: self.changed.emit(replace(picture, is_taken_home=is_on)))
            self.checks[picture.name] = check
            line.addWidget(check, 1)
        else:
            line.addWidget(label(self._wording.text("consultation.pictures.outdated"), "Warning", wraps=True), 1)
        button = QPushButton(self._wording.text("consultation.remove"))
        button.setObjectName("Small")
        button.clicked.connect(lambda: self.removed.emit(picture.name))
        line.addWidget(button)
        column.addLayout(line)
        return row


class GalleryWindow(QDialog):
    """The same pictures for the patient, large and without questions."""

    def __init__(self, pixmaps: Mapping[str, QPixmap], wording: Wording, parent: QWidget) -> None:
        super().__init__(parent)
        self.setStyleSheet(PATIENT_STYLE)
        self.setWindowTitle("TwinSight")
        page = QWidget()
        grid = QGridLayout(page)
        grid.setSpacing(14)
        for n, pixmap in enumerate(pixmaps.values()):
            image = QLabel()
            image.setPixmap(pixmap.scaledToWidth(_LARGE_PX, Qt.TransformationMode.SmoothTransformation))
            grid.addWidget(image, n // 2, n % 2)
        if not pixmaps:
            grid.addWidget(label(wording.text("consultation.pictures.none"), "Told", wraps=True), 0, 0)
        self.close_button = big_button("close", "Go")
        self.close_button.setText(wording.text("consultation.close"))
        self.close_button.clicked.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(scrolled(page, sideways=True), 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(2 * _LARGE_PX + 70, 620)
