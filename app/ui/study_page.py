"""The page of the step Study: the series that were found, and the patient."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.ui.facts_form import FactsForm
from app.ui.fusion_choice import FusionChoice
from app.ui.series_panel import SeriesPanel
from twin.wording import Wording

__all__ = ["StudyPage", "StudyTab"]


class StudyTab(StrEnum):
    """What the page shows."""

    SERIES = "series"
    PATIENT = "patient"


class StudyPage(QWidget):
    """Two tabs in the order of the work."""

    def __init__(
        self,
        series: SeriesPanel,
        fusion: FusionChoice,
        facts: FactsForm,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack = QStackedWidget()
        self.tabs: dict[StudyTab, QPushButton] = {}
        group = QButtonGroup(self)
        head = QHBoxLayout()
        head.setSpacing(0)
        for tab, page in zip(StudyTab, (_one_above_the_other(series, fusion), facts), strict=True):
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
        self.show_tab(StudyTab.SERIES)

    def show_tab(self, tab: StudyTab) -> None:
        """Show one of the two."""
        self.tabs[tab].setChecked(True)
        self._stack.setCurrentIndex(list(StudyTab).index(tab))

    @property
    def tab(self) -> StudyTab:
        """Which one is shown."""
        return list(StudyTab)[self._stack.currentIndex()]

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        for tab, button in self.tabs.items():
            button.setText(wording.text(f"ui.tab.{tab}"))


def _one_above_the_other(first: QWidget, second: QWidget) -> QWidget:
    both = QWidget()
    layout = QVBoxLayout(both)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(first, 1)
    layout.addWidget(second)
    return both
