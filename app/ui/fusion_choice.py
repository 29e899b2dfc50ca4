"""Which registered scan is laid over the slices, how strongly, and how well it is registered."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.scene.fusion import FusedScan
from app.ui.pieces import label
from app.ui.scan_name import scan_name
from app.ui.view_state import ViewState
from twin.case import Case
from twin.registration import Registration
from twin.volume import Volume
from twin.wording import Wording

__all__ = ["FusionChoice"]

_FIRST_SHARE = 50


class FusionChoice(QWidget):
    """Hidden while no scan of the case is registered on the one that is planned on.

    Parameters
    ----------
    state
        Told what is laid over.
    wording
        Language of its texts.
    """

    def __init__(self, state: ViewState, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._wording = state, wording
        self._known: tuple[tuple[Volume, Registration], ...] = ()
        self._title, self._quality = label("", "Section"), label("", "Faint", wraps=True)
        self.scans = QComboBox()
        self.scans.activated.connect(lambda index: self._tell())
        self.share = QSlider(Qt.Orientation.Horizontal)
        self.share.setRange(0, 100)
        self.share.setValue(_FIRST_SHARE)
        self.share.valueChanged.connect(lambda value: self._tell())
        self._share_label = label("", "Quiet")
        row = QHBoxLayout()
        row.addWidget(self._share_label)
        row.addWidget(self.share, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        for widget in (self._title, self.scans):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self._quality)
        state.fusion_changed.connect(self._follow)
        self.show_case(None)

    def show_case(self, case: Case | None) -> None:
        """Offer the scans that are registered on the one that is planned on."""
        known = (
            ()
            if case is None
            else tuple(
                (case.volumes[one.from_volume_id], one)
                for one in case.registrations
                if one.to_volume_id == case.planning_volume_id and one.from_volume_id in case.volumes
            )
        )
        if known == self._known and self.scans.count():
            return
        fused = self._state.fusion
        if fused is not None and not any(one is fused.registration for _, one in known):
            self._state.set_fusion(None)
        self._known = known
        self.setVisible(bool(known))
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def toggle(self) -> None:
        """Lay the first registered scan over the slices, or take away what lies there."""
        self.scans.setCurrentIndex(1 if self._state.fusion is None and self._known else 0)
        self._tell()

    @property
    def has_scans(self) -> bool:
        """True when a scan is registered."""
        return bool(self._known)

    def _tell(self) -> None:
        at = self.scans.currentIndex() - 1
        if not 0 <= at < len(self._known):
            self._state.set_fusion(None)
            return
        volume, registration = self._known[at]
        self._state.set_fusion(FusedScan(volume, registration, self.share.value() / 100))

    def _follow(self) -> None:
        """Show what is laid over; a thick slice takes it away."""
        fused = self._state.fusion
        at = next((n for n, (_, one) in enumerate(self._known, 1) if fused and one is fused.registration), 0)
        self.scans.setCurrentIndex(at)
        self._write_quality()

    def _write(self) -> None:
        wording = self._wording
        self._title.setText(wording.text("ui.fusion.title"))
        self._share_label.setText(wording.text("ui.fusion.share"))
        self.scans.clear()
        self.scans.addItem(wording.text("ui.fusion.none"))
        for volume, _ in self._known:
            self.scans.addItem(scan_name(volume, wording))
        self._follow()

    def _write_quality(self) -> None:
        fused, wording = self._state.fusion, self._wording
        self.share.setEnabled(fused is not None)
        text = ""
        if fused is not None and fused.registration.quality.value is not None:
            text = wording.text("ui.fusion.apart", distance=wording.figure(fused.registration.quality, decimals=1))
        elif fused is not None:
            text = wording.text("ui.fusion.accepted", by=fused.registration.accepted_by)
        self._quality.setText(text)
        self._quality.setVisible(bool(text))
