"""What stands beside the views in each step: a page at the left, and one at the right where the step has one."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from app.ui.steps import Step

__all__ = ["StepPages"]

_LEFT_PX, _RIGHT_PX = 300, 310
_WIDE_LEFT_PX = {Step.COMPARE: 470}  # a table of plans needs more room than a list


class StepPages(QSplitter):
    """The views in the middle, between the pages of the step.

    A part of the window is hosted with :meth:`host_left` and :meth:`host_right`; one page may serve several steps.
    A step without any page is not possible (see `StepRail.update_needs`).

    Parameters
    ----------
    views
        What stays in the middle in every step.
    """

    def __init__(self, views: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.step = Step.STUDY
        self._left, self._right = QStackedWidget(), QStackedWidget()
        self._left_pages: dict[Step, QWidget] = {}
        self._right_pages: dict[Step, QWidget] = {}
        self.setHandleWidth(3)
        self.setChildrenCollapsible(False)
        self._left.setMinimumWidth(_LEFT_PX - 40)
        self._right.setMinimumWidth(_RIGHT_PX - 20)
        for widget in (self._left, views, self._right):
            self.addWidget(widget)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setStretchFactor(2, 0)
        self.setSizes([_LEFT_PX, 1366 - _LEFT_PX - _RIGHT_PX, _RIGHT_PX])

    def host_left(self, widget: QWidget, *steps: Step) -> None:
        """Show a part at the left of the views in these steps."""
        self._host(self._left, self._left_pages, widget, steps)

    def host_right(self, widget: QWidget, *steps: Step) -> None:
        """Show a part at the right of the views in these steps."""
        self._host(self._right, self._right_pages, widget, steps)

    def show_step(self, step: Step) -> None:
        """Show the pages of a step."""
        before, self.step = self.step, step
        for stack, pages in ((self._left, self._left_pages), (self._right, self._right_pages)):
            page = pages.get(step)
            stack.setVisible(page is not None)
            if page is not None:
                stack.setCurrentWidget(page)
        wanted, known = (_WIDE_LEFT_PX.get(one, _LEFT_PX) for one in (step, before))
        left, middle, right = self.sizes()
        if wanted != known and middle > wanted - left:
            self.setSizes([wanted, middle - (wanted - left), right])

    def missing(self) -> Collection[Step]:
        """Steps that have no page."""
        return frozenset(Step) - self._left_pages.keys() - self._right_pages.keys()

    def _host(
        self, stack: QStackedWidget, pages: dict[Step, QWidget], widget: QWidget, steps: tuple[Step, ...]
    ) -> None:
        if stack.indexOf(widget) < 0:
            stack.addWidget(widget)
        for step in steps:
            pages[step] = widget
        if self.step in steps:
            self.show_step(self.step)
