"""A study as it comes: a DICOM folder, zip, DICOMDIR or file, or a NIfTI, NRRD or MetaImage volume."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from twin.errors import InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.patient import PatientFacts, PatientIdentity
from twin.readers.image_file import LengthUnit
from twin.readers.image_sitk import is_image_file
from twin.readers.problem import NothingImportable, Problem, Severity
from twin.readers.series import Series
from twin.readers.series_image import image_series
from twin.readers.source_file import SourceFile, ZipArchive, files_in_folder
from twin.readers.study_dicom import files_of_directory, files_of_same_series, study_of_files
from twin.volume import ContrastPhase, Modality

__all__ = ["NothingImportable", "Problem", "Series", "Severity", "Study", "read_study"]

# A slice thicker than this hides small vessels and lesions: thinner series are suggested first.
_FINE_SLICE_MM = 3.0


@dataclass(frozen=True, eq=False)
class Study:
    """What a folder, archive or file holds of one patient.

    Parameters
    ----------
    series
        Every stack of images, usable or not.
    problems
        Problems of files; those of a series are with the series.
    identity
        The patient, apart from everything else.
    facts
        Facts proposed by the files: no figure uses them before a person enters them.
    """

    series: tuple[Series, ...]
    problems: tuple[Problem, ...] = ()
    identity: PatientIdentity = field(default_factory=PatientIdentity)
    facts: PatientFacts = field(default_factory=PatientFacts)

    @property
    def importable(self) -> tuple[Series, ...]:
        """Series that can be loaded."""
        return tuple(series for series in self.series if series.is_importable)

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Problems of series, then of files, refusals first."""
        found = (*(p for series in self.series for p in series.problems), *self.problems)
        return tuple(sorted(found, key=lambda problem: list(Severity).index(problem.severity)))

    @property
    def suggested_series(self) -> Series:
        """The series to plan on, to be proposed: portal phase first, then fine slices, then the tallest stack.

        Raises
        ------
        NothingImportable
            When no series can be loaded.
        """
        if not self.importable:
            raise NothingImportable.because_of(self.all_problems)
        return max(self.importable, key=_worth)


def _worth(series: Series) -> tuple[bool, bool, bool, float]:
    assert series.grid is not None
    spacing_mm = series.grid.slice_thickness_mm
    return (
        series.phase is ContrastPhase.PORTAL,
        series.modality is Modality.CT,
        spacing_mm <= _FINE_SLICE_MM,
        spacing_mm * series.grid.size_ijk[2],
    )


def read_study(
    path: Path,
    *,
    join_reason: str | None = None,
    units: LengthUnit | None = None,
    modality: Modality | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> Study:
    """Read what a path holds, headers only: pixels are decoded when a series is loaded.

    Parameters
    ----------
    path
        DICOM folder, zip archive, DICOMDIR or single file (its series beside it is joined), or a NIfTI, NRRD or
        MetaImage file.
    join_reason
        Why files with different patient id, name, birth date or sex are one patient, as typed by a person.
    units
        Unit of a NIfTI file that says none.
    modality
        Kind of scanner of a file that does not say it (formats other than DICOM).
    progress, cancel
        Contract of long jobs.

    Returns
    -------
    Study
        At least one of its series can be loaded.

    Raises
    ------
    InputError
        Nothing usable; :class:`NothingImportable` carries all problems.
    SafetyRefusal
        Files of two patients without a reason to join them.
    Cancelled
        When asked to stop.

    Examples
    --------
    >>> try:
    ...     read_study(Path("no-such-folder"))
    ... except InputError as error:
    ...     error.message_id
    'error.import.not_found'
    """
    path = Path(path)
    try:
        if not path.exists():
            raise InputError("error.import.not_found", path=path.name)
        if path.is_file() and is_image_file(path):
            return Study((image_series(path, units=units, modality=modality),))
        files, missing, notes = _candidates(path)
    except OSError as error:
        raise InputError("error.import.unreadable", file=path.name) from error
    found = study_of_files(files, join_reason=join_reason, progress=progress, cancel=cancel, missing=missing)
    study = Study(found.series, (*found.problems, *notes), found.identity, found.facts)
    if not study.importable:
        raise NothingImportable.because_of(study.all_problems)
    return study


def _candidates(path: Path) -> tuple[list[SourceFile], list[str], list[Problem]]:
    """Return the files to look at, those that a DICOMDIR names in vain, and what was done beyond the request."""
    missing: list[str] = []
    notes: list[Problem] = []
    files: list[SourceFile]
    if path.is_dir():
        next(path.iterdir(), None)  # raises where the folder may not be read: walking it would find it empty
        files = list(files_in_folder(path))
    elif zipfile.is_zipfile(path):
        files = list(ZipArchive(path).files())
    elif path.name.upper() == "DICOMDIR":
        files, missing = files_of_directory(path)
    elif path.suffix.lower() == ".zip":
        raise InputError("error.import.bad_zip", file=path.name)
    else:
        files = files_of_same_series(path)
        if len(files) > 1:
            notes.append(Problem(Severity.INFO, "problem.file.series_joined", {"count": len(files)}))
    if not files and not missing:
        message_id = "error.import.empty_folder" if path.is_dir() else "error.import.empty_archive"
        raise InputError(message_id, folder=path.name)
    return files, missing, notes
