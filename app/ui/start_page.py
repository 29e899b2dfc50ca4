"""What is seen before anything is open: what can be opened, recent cases, a place to drop files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.ui.action_table import ActionTable
from app.ui.patient_banner import written_date
from app.ui.pieces import action_button, label, set_property
from twin.store import has_unsaved_steps
from twin.wording import Wording

__all__ = ["StartPage"]

_TILES = ("file.open_file", "file.open_folder", "file.open_case", "file.demo")
_WIDTH = 760


class StartPage(QWidget):
    """Tiles at the left, recent cases at the right; the whole page takes files that are dropped."""

    recent_chosen = Signal(object)  # Path

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Ground")
        self._wording = wording
        self._paths: Sequence[Path] = ()
        self._title = label("TwinSight", "Title")
        self._subtitle = label("", "Quiet", wraps=True)
        self._recent_title = label("", "Section")
        self._no_recent = label("", "Quiet", wraps=True)
        self._drop_text = label("", "Quiet")
        self._drop_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.left_behind = QFrame()
        self.left_behind.setObjectName("LeftBehind")
        self._left_text = label("", "", wraps=True)
        self.bring_back_button = QPushButton()
        self.bring_back_button.setObjectName("Main")
        self.bring_back_button.clicked.connect(lambda: self.recent_chosen.emit(self._left_paths[0]))
        self._left_paths: Sequence[Path] = ()
        self.recent = QListWidget()
        self.recent.itemActivated.connect(self._chosen)
        self.recent.itemClicked.connect(self._chosen)
        self.tiles = [action_button(actions[action_id], name="Tile") for action_id in _TILES]
        self._lay_out()
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.show_recent(self._paths)
        self._subtitle.setText(wording.text("ui.start.subtitle"))
        self._recent_title.setText(wording.text("ui.start.recent"))
        self._no_recent.setText(wording.text("ui.start.no_recent"))
        self._drop_text.setText(wording.text("ui.start.drop"))
        self.bring_back_button.setText(wording.text("ui.start.bring_back"))

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the cases opened last, with the day each was changed, and offer back what a crash left behind."""
        self._paths = tuple(paths)
        self.recent.clear()
        for path in paths:
            changed = date.fromtimestamp((path / "manifest.json").stat().st_mtime)
            day = written_date(changed.strftime("%Y%m%d"), self._wording)
            item = QListWidgetItem(f"{path.stem}\n{day}")
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            self.recent.addItem(item)
        self._left_paths = [path for path in self._paths if has_unsaved_steps(path)]
        self.left_behind.setVisible(bool(self._left_paths))
        if self._left_paths:
            self._left_text.setText(self._wording.text("ui.start.left_behind", case=self._left_paths[0].stem))
        self.recent.setVisible(bool(paths))
        self._no_recent.setVisible(not paths)

    def set_drop_active(self, *, is_active: bool) -> None:
        """Light up while files are held over the window."""
        set_property(self._drop, "active", "true" if is_active else "false")

    def _lay_out(self) -> None:
        tiles = QVBoxLayout()
        tiles.setSpacing(8)
        for tile in self.tiles:
            tile.setMinimumHeight(46)
            tiles.addWidget(tile)
        tiles.addStretch(1)
        recent = QVBoxLayout()
        recent.addWidget(self._recent_title)
        recent.addWidget(self._no_recent)
        recent.addWidget(self.recent, 1)
        recent.addStretch(0)
        columns = QHBoxLayout()
        columns.setSpacing(28)
        columns.addLayout(tiles, 1)
        columns.addLayout(recent, 1)
        self._drop = QFrame()
        self._drop.setObjectName("Drop")
        self._drop.setFixedHeight(84)
        QVBoxLayout(self._drop).addWidget(self._drop_text)
        page = QVBoxLayout()
        page.setSpacing(14)
        for widget in (self._title, self._subtitle):
            page.addWidget(widget)
        page.addSpacing(8)
        offer = QHBoxLayout(self.left_behind)
        offer.setContentsMargins(14, 10, 14, 10)
        offer.addWidget(self._left_text, 1)
        offer.addWidget(self.bring_back_button)
        page.addWidget(self.left_behind)
        page.addLayout(columns, 1)
        page.addWidget(self._drop)
        inner = QWidget()
        inner.setLayout(page)
        inner.setFixedWidth(_WIDTH)
        inner.setMaximumHeight(560)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(inner)
        outer.addStretch(1)

    def _chosen(self, item: QListWidgetItem) -> None:
        self.recent_chosen.emit(Path(str(item.data(Qt.ItemDataRole.UserRole))))
