"""Find the studies under a folder: DICOM folders by study, zips, and volumes in one file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twin.errors import InputError

__all__ = ["FoundStudy", "find_studies"]

_VOLUME_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_OTHER_ENDINGS = (
    ".json", ".csv", ".txt", ".md", ".pdf", ".html", ".png", ".jpg", ".jpeg", ".xml", ".log", ".raw", ".gz", ".ctbl",
    ".stl", ".obj", ".ply", ".glb", ".vtp", ".vtu", ".3mf", ".zraw", ".py", ".po", ".license", ".doc", ".docx", ".xlsx",
)  # fmt: skip
_DICOM_MAGIC_OFFSET = 128
_N_HEADERS_TRIED = 8


@dataclass(frozen=True)
class FoundStudy:
    """One study: where its files lie.

    Parameters
    ----------
    sources
        Files or folders to import one after the other; several when a study lies in several folders.
    place
        Place below the searched folder, for the user to find it again.
    """

    sources: tuple[Path, ...]
    place: str

    @property
    def fingerprint(self) -> str:
        """Hash of paths, sizes and times of all files: changes when the study moves or changes."""
        digest = hashlib.sha256()
        for source in self.sources:
            files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
            for path in files:
                status = path.stat()
                digest.update(f"{path.resolve()}|{status.st_size}|{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()


def find_studies(folder: Path, *, excluded: Path | None = None) -> tuple[FoundStudy, ...]:
    """Return every study under a folder (or the one that a file is), in the order of their places.

    DICOM folders that hold the same study are one. Cases of TwinSight and hidden folders are not searched.

    Parameters
    ----------
    folder
        Where to search.
    excluded
        A folder that is left out: that of the results.

    Raises
    ------
    InputError
        ``error.batch.no_such_source`` or ``error.batch.nothing_found``.
    """
    if not folder.exists():
        raise InputError("error.batch.no_such_source", name=folder.name)
    if folder.is_file():
        return (FoundStudy((folder,), folder.name),)
    groups: dict[str, list[Path]] = {}
    for key, source in _sources(folder, excluded.resolve() if excluded else None):
        groups.setdefault(key, []).append(source)
    if not groups:
        raise InputError("error.batch.nothing_found", name=folder.name)
    studies = []
    for group in groups.values():
        sources = tuple(_outermost(sorted(group)))
        place = sources[0].relative_to(folder).as_posix()
        studies.append(FoundStudy(sources, folder.resolve().name if place == "." else place))
    return tuple(sorted(studies, key=lambda study: study.place))


def _sources(folder: Path, excluded: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield each source with the key of the study it belongs to."""
    for place, names, files in os.walk(folder):
        here = Path(place)
        names[:] = sorted(n for n in names if not _is_passed_over(here / n, excluded))
        if any(name.upper() == "DICOMDIR" for name in files):
            names[:] = []
            yield f"folder:{here}", here
            continue
        images = []
        for name in sorted(files):
            ending = name.lower()
            if ending.startswith("."):
                continue
            if ending.endswith((".zip", *_VOLUME_ENDINGS)):
                yield f"file:{here / name}", here / name
            elif ending.endswith(".dcm") or (not ending.endswith(_OTHER_ENDINGS) and _is_dicom(here / name)):
                images.append(here / name)
        if images:
            yield _study_key(images, here), here


def _is_passed_over(folder: Path, excluded: Path | None) -> bool:
    return folder.name.endswith(".twinsight") or folder.name.startswith(".") or folder.resolve() == excluded


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(_DICOM_MAGIC_OFFSET)
            return file.read(4) == b"DICM"
    except OSError:
        return False


def _study_key(images: list[Path], folder: Path) -> str:
    """Return the study of the first image that can be read; a folder without any is a study of its own."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    for path in images[:_N_HEADERS_TRIED]:
        try:
            header = dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID", "PatientID"])
        except (InvalidDicomError, OSError, ValueError, EOFError):
            continue
        uid = str(header.get("StudyInstanceUID", ""))
        if uid:
            return f"study:{header.get('PatientID', '')}|{uid}"
    return f"folder:{folder}"


def _outermost(sources: list[Path]) -> list[Path]:
    """Drop folders that lie inside another one of the same study: reading a folder reads what is below."""
    kept: list[Path] = []
    for source in sources:
        if not any(source.is_relative_to(other) for other in kept):
            kept.append(source)
    return kept
