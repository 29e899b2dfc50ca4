"""Who is being planned, always visible: name, birth date, id, sex, scan with its age, phase, orientation."""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.ui.pieces import Chip, label
from twin.patient import PatientIdentity
from twin.volume import Volume
from twin.wording import Wording

__all__ = ["PatientBanner", "age_in_days", "written_date", "written_day", "written_name"]

_OLD_SCAN_DAYS = 28  # a scan older than four weeks is marked (centre setting)
_MASK = "•••••"


class PatientBanner(QFrame):
    """One line over everything; demo mode masks what identifies."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Banner")
        self._wording = wording
        self._identity = PatientIdentity()
        self._volume: Volume | None = None
        self._is_masked = False
        self._is_unverified = False
        self._read_only = ""
        self._name = label("", "PatientName")
        self._identity_line = label("", "Quiet")
        self._scan_line = label("", "Quiet")
        self._age = Chip()
        self._unverified = Chip()
        self._read_only_chip = Chip()
        self._orientation = label("", "Faint")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 14, 6)
        layout.setSpacing(14)
        for widget in (self._name, self._identity_line, self._scan_line, self._age):
            layout.addWidget(widget)
        layout.addStretch(1)
        for widget in (self._orientation, self._read_only_chip, self._unverified):
            layout.addWidget(widget)
        self._write()

    def show_patient(self, identity: PatientIdentity, volume: Volume | None) -> None:
        """Show a patient and the scan that is looked at."""
        self._identity, self._volume = identity, volume
        self._write()

    def set_masked(self, *, is_masked: bool) -> None:
        """Hide what identifies, for demonstrations."""
        self._is_masked = is_masked
        self._write()

    def set_unverified(self, *, is_unverified: bool) -> None:
        """Show that some label has not been confirmed by a person."""
        self._is_unverified = is_unverified
        self._write()

    def set_read_only(self, message_id: str | None) -> None:
        """Show why the case cannot be changed, or that it can."""
        self._read_only = message_id or ""
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def _write(self) -> None:
        wording = self._wording
        self.setVisible(self._volume is not None)
        name = written_name(self._identity.name) or wording.text("ui.banner.no_name")
        self._name.setText(_MASK if self._is_masked else name)
        self._identity_line.setText(" · ".join(self._identity_parts()))
        self._scan_line.setText(" · ".join(self._scan_parts()))
        self._write_age()
        self._orientation.setText(wording.text("ui.banner.orientation"))
        self._orientation.setToolTip(wording.text("ui.banner.orientation_tip"))
        reason = wording.text(self._read_only) if self._read_only else ""
        self._read_only_chip.show_state(wording.text("ui.banner.read_only") if reason else "", "warning", reason)
        text = wording.text("notice.unverified") if self._is_unverified else ""
        self._unverified.show_state(text, "warning", wording.text("ui.banner.unverified_tip"))

    def _identity_parts(self) -> list[str]:
        wording, identity = self._wording, self._identity
        if self._is_masked:
            return [wording.text("ui.banner.masked")]
        parts = []
        if identity.birth_date:
            sex = identity.sex.casefold()[:1] if identity.sex.casefold()[:1] in ("f", "m") else "unknown"
            parts.append(wording.text(f"ui.banner.born.{sex}", date=written_date(identity.birth_date, wording)))
        if identity.patient_id:
            parts.append(wording.text("ui.banner.id", id=identity.patient_id))
        sex = identity.sex.casefold()[:1]
        if sex in ("f", "m"):
            parts.append(wording.text(f"ui.sex.{sex}"))
        return parts

    def _scan_parts(self) -> list[str]:
        volume = self._volume
        if volume is None:
            return []
        parts = [volume.modality.value, self._wording.text(f"import.phase.{volume.phase.value}")]
        if volume.scan_date:
            parts.append(written_date(volume.scan_date, self._wording))
        return parts

    def _write_age(self) -> None:
        days = age_in_days(self._volume.scan_date) if self._volume is not None else None
        if days is None:
            self._age.show_state(self._wording.text("ui.banner.no_date"), "", "")
            return
        is_old = days > _OLD_SCAN_DAYS
        text = self._wording.text("ui.banner.age", days=self._wording.number(days))
        tip = self._wording.text("ui.banner.old_scan", days=_OLD_SCAN_DAYS) if is_old else ""
        self._age.show_state(text, "warning" if is_old else "", tip)


def written_name(dicom_name: str) -> str:
    """Return a name as people write it: surname in capitals, then given names.

    >>> written_name("Durand^Anne")
    'DURAND Anne'
    """
    surname, _, rest = dicom_name.partition("^")
    return " ".join([surname.upper(), *rest.replace("^", " ").split()]).strip()


def written_date(yyyymmdd: str, wording: Wording) -> str:
    """Return a DICOM date in the custom of the language, or as it is when it is none."""
    try:
        day = datetime.strptime(yyyymmdd, "%Y%m%d")
    except ValueError:
        return yyyymmdd
    return day.strftime("%d/%m/%Y") if wording.language == "fr" else day.strftime("%Y-%m-%d")


def written_day(time_utc: str, wording: Wording) -> str:
    """Return the day of a time such as ``2026-11-22T09:00:00Z`` in the custom of the language."""
    return written_date(time_utc[:10].replace("-", ""), wording)


def age_in_days(yyyymmdd: str | None) -> int | None:
    """Return how many days ago a DICOM date was, or None."""
    try:
        return (date.today() - datetime.strptime(yyyymmdd or "", "%Y%m%d").date()).days
    except ValueError:
        return None
