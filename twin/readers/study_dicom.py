"""DICOM files, wherever they lie, as the series of one patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener
from twin.patient import PatientFacts, PatientIdentity
from twin.readers.directory_dicom import referenced_files
from twin.readers.header_dicom import scan_file
from twin.readers.image_header import ScannedFile
from twin.readers.image_sitk import IMAGE_SUFFIXES
from twin.readers.patient_proposal import joined_identity, masked, proposed_facts
from twin.readers.problem import Problem, Severity
from twin.readers.series import Series
from twin.readers.series_dicom import series_of_images
from twin.readers.source_file import FolderFile, SourceFile, files_in_folder

__all__ = ["DicomStudy", "files_of_directory", "files_of_same_series", "study_of_files"]

# Faults that mean "this was never a scan" and need no warning beside usable series.
_HARMLESS = {"no_image", "localizer", "other_modality", "colour", "no_position", "not_dicom", "volume_file"}


@dataclass(frozen=True, eq=False)
class DicomStudy:
    """Series, problems of files, and the patient."""

    series: tuple[Series, ...]
    problems: tuple[Problem, ...]
    identity: PatientIdentity
    facts: PatientFacts


def study_of_files(
    files: Iterable[SourceFile],
    *,
    join_reason: str | None,
    progress: ProgressListener,
    cancel: CancelToken | None,
    missing: Sequence[str] = (),
) -> DicomStudy:
    """Scan the headers of all files and group their images into series.

    Parameters
    ----------
    files
        Candidates; what is no DICOM is named among the problems.
    join_reason
        Typed reason to join files of different patients.
    missing
        Files that a DICOMDIR names and that are absent.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    SafetyRefusal
        When the files belong to two patients.
    Cancelled
        When asked to stop.
    """
    waiting = list(files)
    scanned = []
    for done, source in enumerate(waiting, start=1):
        if cancel is not None:
            cancel.raise_if_cancelled()
        found = scan_file(source)
        if found.fault == "directory":
            names = {str(PurePosixPath(file.name)).casefold() for file in waiting}
            missing = [*missing, *(n for n in referenced_files(source) if n.casefold() not in names)]
        else:
            scanned.append(found)
        progress(Progress(done / len(waiting), "progress.import.scanning", {"done": done, "total": len(waiting)}))
    identities = [found.identity for found in scanned if found.identity is not None]
    identity = joined_identity(identities, join_reason=join_reason)
    series = series_of_images([image for found in scanned for image in found.images], identity)
    texts = next((found.patient_texts for found in scanned if found.images), {})
    facts, problems = proposed_facts(texts, next((s.scan_date for s in series if s.scan_date), None))
    return DicomStudy(series, (*_problems_of_files(scanned, missing, identity), *problems), identity, facts)


def _problems_of_files(
    scanned: Sequence[ScannedFile], missing: Sequence[str], identity: PatientIdentity
) -> list[Problem]:
    """One problem per kind of fault, with how many files have it and the name of the first."""
    faulty: dict[tuple[str, str], list[str]] = defaultdict(list)
    for found in scanned:
        if found.fault is not None:
            is_volume = found.source.name.lower().endswith(IMAGE_SUFFIXES)
            kind = "volume_file" if found.fault == "not_dicom" and is_volume else found.fault
            faulty[kind, found.detail].append(found.source.name)
        elif any(image.is_damaged for image in found.images):
            faulty["truncated", ""].append(found.source.name)
    if missing:
        faulty["missing_of_directory", ""] = list(missing)
    problems = []
    for (kind, detail), names in faulty.items():
        first = masked(PurePosixPath(names[0]).name, identity)
        parameters = {"count": len(names), "file": first} | ({"detail": detail} if detail else {})
        severity = Severity.INFO if kind in _HARMLESS else Severity.WARNING
        problems.append(Problem(severity, f"problem.file.{kind}", parameters, first))
    return problems


def files_of_directory(path: Path) -> tuple[list[SourceFile], list[str]]:
    """Return the files that a DICOMDIR names, and the names of those that are absent.

    Names on a disc are upper case, and often lower case after copying: letter case is not regarded.
    """
    there = {file.name.casefold(): file for file in files_in_folder(path.parent)}
    named = referenced_files(FolderFile(path, path.name))
    if not named:
        raise InputError("error.import.empty_dicomdir", file=path.name)
    found: list[SourceFile] = [there[name.casefold()] for name in named if name.casefold() in there]
    return found, [name for name in named if name.casefold() not in there]


def files_of_same_series(path: Path) -> list[SourceFile]:
    """Return the files beside a DICOM file that belong to its series, itself included.

    A surgeon who opens one slice means the scan it belongs to.
    """
    opened = scan_file(FolderFile(path, path.name))
    if len(opened.images) != 1 or not opened.images[0].text("SeriesInstanceUID"):
        return [opened.source]
    uid = opened.images[0].text("SeriesInstanceUID")
    beside = (scan_file(file) for file in files_in_folder(path.parent, recursive=False))
    return [f.source for f in beside if any(image.text("SeriesInstanceUID") == uid for image in f.images)]
