"""Who the patient is and what was scanned, as it stands at the head of the documents of the workstation."""

from __future__ import annotations

from datetime import date
from html import escape

from export.page_sections import scan_in_words
from export.plan_sections import date_in_words
from twin.case import Case
from twin.patient import PatientIdentity
from twin.volume import Volume
from twin.wording import Wording

__all__ = ["identity_banner", "name_in_words"]


def identity_banner(case: Case, today: date, wording: Wording) -> str:
    """Return name, id, birth date, sex, scan with its age, and the case; what is missing is said."""
    identity = case.identity
    volume = case.planning_volume if case.planning_volume_id is not None else None
    facts = [
        ("export.fact.patient_id", identity.patient_id),
        ("export.fact.birth_date", _dicom_date(identity.birth_date, wording)),
        ("export.fact.sex", _sex(identity, wording)),
        ("export.fact.scan", _scan(volume, today, wording)),
        ("export.fact.case", case.id[:8]),
    ]
    not_given = wording.text("export.fact.not_given")
    rows = "".join(
        f"<div><dt>{escape(wording.text(key))}</dt> <dd>{escape(text or not_given)}</dd></div>" for key, text in facts
    )
    return f'<div class="banner"><p class="name">{escape(name_in_words(case, wording))}</p><dl>{rows}</dl></div>'


def name_in_words(case: Case, wording: Wording) -> str:
    """Return the patient's name as it is read, or that it is not given."""
    return " ".join(case.identity.name.replace("^", " ").split()) or wording.text("export.fact.not_given")


def _dicom_date(text: str, wording: Wording) -> str:
    if len(text) != 8 or not text.isdigit():
        return text
    return date_in_words(f"{text[:4]}-{text[4:6]}-{text[6:]}", wording)


def _sex(identity: PatientIdentity, wording: Wording) -> str:
    return wording.text(f"export.sex.{identity.sex.upper()}") if identity.sex.upper() in ("F", "M", "O") else ""


def _scan(volume: Volume | None, today: date, wording: Wording) -> str:
    """Return the scan in words with its date and its age in days."""
    if volume is None:
        return ""
    kind = scan_in_words(volume.modality, volume.phase, wording)
    try:
        taken = date.fromisoformat(volume.scan_date or "")
    except ValueError:
        return wording.text("export.scan.undated", scan=kind)
    return wording.text(
        "export.scan.dated",
        scan=kind,
        date=date_in_words(taken.isoformat(), wording),
        days=wording.number((today - taken).days),
    )
