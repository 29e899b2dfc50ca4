"""The kernels made ready in the background when the window opens, and the words that say so meanwhile."""

from __future__ import annotations

import logging
import threading

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.services.prepare_engine import prepare_engine
from twin.errors import Cancelled
from twin.job import CancelSource
from twin.wording import Wording

__all__ = ["EngineState"]

_LOGGER = logging.getLogger(__name__)
_MARGIN_PX = 12


class EngineState(QObject):
    """A small text at the foot of a window while the engine is prepared; gone when it is.

    Parameters
    ----------
    window
        Where the text stands; it has a ``wording``.
    """

    ended = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._cancel = CancelSource()
        self.label = QLabel(window)
        self.label.setObjectName("Quiet")
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.label.hide()
        self.ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._prepare, name="engine preparation", daemon=True)
        window.installEventFilter(self)

    @property
    def is_preparing(self) -> bool:
        """True until every kernel is ready."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin; returns at once."""
        self._write()
        self.label.show()
        self._thread.start()

    def stop(self) -> None:
        """Give up after the step under way; the rest is compiled when it is first needed."""
        self._cancel.cancel()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the text at the foot of the window, in its language; stop when the window closes."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LanguageChange):
            self._write()
        elif event.type() == QEvent.Type.Close:
            self._cancel.cancel()
        return False

    def _prepare(self) -> None:
        try:
            prepare_engine(cancel=self._cancel.token)
        except Cancelled:
            pass
        except Exception:  # what fails here fails again, and is said, where it is needed
            _LOGGER.exception("The engine could not be prepared.")
        self.ended.emit()

    def _on_ended(self) -> None:
        self.label.hide()

    def _write(self) -> None:
        wording = getattr(self._window, "wording", None)
        assert isinstance(wording, Wording)
        self.label.setText(wording.text("ui.engine.preparing"))
        self.label.adjustSize()
        self.label.move(_MARGIN_PX, self._window.height() - self.label.height() - _MARGIN_PX // 2)
        self.label.raise_()
