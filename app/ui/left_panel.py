"""Left side of the window: series, structures and patient, one at a time."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.ui.facts_form import FactsForm
from app.ui.series_panel import SeriesPanel
from app.ui.structure_panel import StructurePanel
from twin.wording import Wording

__all__ = ["LeftPanel", "LeftTab"]


class LeftTab(StrEnum):
    """What the left side shows."""

    SERIES = "series"
    STRUCTURES = "structures"
    PATIENT = "patient"


class LeftPanel(QWidget):
    """Three tabs in the order of the work."""

    def __init__(
        self,
        series: SeriesPanel,
        structures: StructurePanel,
        facts: FactsForm,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack = QStackedWidget()
        self.tabs: dict[LeftTab, QPushButton] = {}
        group = QButtonGroup(self)
        head = QHBoxLayout()
        head.setSpacing(0)
        for tab, page in zip(LeftTab, (series, structures, facts), strict=True):
            button = QPushButton()
            button.setObjectName("Tab")
            button.setCheckable(True)
            button.clicked.connect(lambda checked=False, tab=tab: self.show_tab(tab))
            group.addButton(button)
            head.addWidget(button, 1)
            self.tabs[tab] = button
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 10)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        self.set_wording(wording)
        self.show_tab(LeftTab.SERIES)

    def show_tab(self, tab: LeftTab) -> None:
        """Show one of the three."""
        self.tabs[tab].setChecked(True)
        self._stack.setCurrentIndex(list(LeftTab).index(tab))

    @property
    def tab(self) -> LeftTab:
        """Which one is shown."""
        return list(LeftTab)[self._stack.currentIndex()]

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        for tab, button in self.tabs.items():
            button.setText(wording.text(f"ui.tab.{tab}"))
