"""Export what was measured in a consultation, for a study: with recorded consent and a study id, and no free text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.services.case_session import CaseSession
from app.services.consultation_record import ConsultationRecord
from export.understanding import understanding_bundle, understanding_csv
from twin.errors import InputError, SafetyRefusal
from twin.store.durable_file import write_whole

__all__ = ["UnderstandingExport", "export_understanding"]

_FORMAT = "understanding"
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class UnderstandingExport:
    """The files that were written."""

    files: tuple[Path, ...]


def export_understanding(
    session: CaseSession, record: ConsultationRecord, folder: Path, language: str
) -> UnderstandingExport:
    """Write ``<study id>.csv`` and ``<study id>.fhir.json`` into a folder.

    Raises
    ------
    SafetyRefusal
        ``error.understanding.no_consent`` without recorded consent; ``error.understanding.identity`` when the study
        id holds a name, a number or the birth date of the patient.
    InputError
        ``error.export.exists`` when a file of that name is there.
    CaseFileError
        When it cannot be written.
    """
    consent = record.consent
    if consent is None:
        raise SafetyRefusal("error.understanding.no_consent")
    identity = session.case.identity
    words = [identity.patient_id, identity.birth_date, *identity.name.replace("^", " ").split()]
    if any(len(word) >= _LEAST_LETTERS and word.casefold() in consent.study_id.casefold() for word in words):
        raise SafetyRefusal("error.understanding.identity")
    files = (folder / f"{consent.study_id}.csv", folder / f"{consent.study_id}.fhir.json")
    for path in files:
        if path.exists():
            raise InputError("error.export.exists", name=path.name)
    bundle = understanding_bundle(record.understanding, consent, language)
    write_whole(files[0], [understanding_csv(record.understanding, consent, language).encode()])
    write_whole(files[1], [json.dumps(bundle, indent=1, ensure_ascii=False).encode()])
    session.folder.record_export(folder, formats=[_FORMAT])
    return UnderstandingExport(files)
