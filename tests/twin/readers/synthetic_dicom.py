"""Small DICOM series whose voxel values tell where they lie, so that a misplaced voxel cannot hide."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

COLUMNS, ROWS = 14, 11


def uid(*words: object) -> str:
    """A UID that the words determine."""
    return f"2.25.{int.from_bytes(hashlib.sha256('/'.join(map(str, words)).encode()).digest()[:15], 'big')}"


def value_at(points_lps_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Hounsfield units that a point of space has in every synthetic series."""
    return np.rint(points_lps_mm @ np.array([3.0, 5.0, 7.0])).astype(np.int64)


@dataclass
class SyntheticSeries:
    """A recipe of a series; every part may be spoilt by a test."""

    name: str = "a"
    n_slices: int = 6
    spacing_ij_mm: tuple[float, float] = (0.8, 0.9)
    slice_mm: float = 2.0
    axes: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    origin_lps_mm: tuple[float, float, float] = (-10.0, -20.0, 30.0)
    step_lps_mm: NDArray[np.float64] | None = None  # from slice to slice; along the normal by default
    positions_mm: Sequence[float] | None = None
    modality: str = "CT"
    intercept: float = -1024
    slope: float = 1
    tags: dict[str, Any] = field(default_factory=dict)

    def origin_of(self, k: int) -> NDArray[np.float64]:
        if self.positions_mm is not None:
            return np.array(self.origin_lps_mm) + self.axes[:, 2] * self.positions_mm[k]
        step = self.axes[:, 2] * self.slice_mm if self.step_lps_mm is None else self.step_lps_mm
        return np.array(self.origin_lps_mm) + step * k

    def values(self, k: int) -> NDArray[np.int64]:
        """Values ``[j, i]`` of slice k, before storing."""
        j, i = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
        steps = self.axes[:, :2] * np.array(self.spacing_ij_mm)
        points = self.origin_of(k) + i[..., None] * steps[:, 0] + j[..., None] * steps[:, 1]
        return value_at(points)

    def dataset(self, k: int) -> FileDataset:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage if self.modality == "CT" else MRImageStorage
        meta.MediaStorageSOPInstanceUID = uid(self.name, k)
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
        dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName, dataset.PatientID = "Phantom^Small", "P-1"
        dataset.PatientBirthDate, dataset.PatientSex = "19700102", "F"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid("study"), uid("series", self.name)
        dataset.FrameOfReferenceUID = uid("frame")
        dataset.Modality = self.modality
        dataset.StudyDate = dataset.AcquisitionDate = "20240305"
        dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "100000", "1", ""
        dataset.SeriesNumber, dataset.InstanceNumber = 2, self.n_slices - k  # numbers run against the position
        dataset.SliceThickness = self.slice_mm
        dataset.ImagePositionPatient = [f"{x:.9g}" for x in self.origin_of(k)]
        dataset.ImageOrientationPatient = [f"{x:.9g}" for x in self.axes[:, :2].T.ravel()]
        dataset.PixelSpacing = [self.spacing_ij_mm[1], self.spacing_ij_mm[0]]
        dataset.Rows, dataset.Columns = ROWS, COLUMNS
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 0
        if self.modality == "CT":
            dataset.RescaleIntercept, dataset.RescaleSlope = self.intercept, self.slope
            stored = np.rint((self.values(k) - self.intercept) / self.slope)
        else:
            stored = self.values(k) + 1024
        dataset.PixelData = stored.astype("<u2").tobytes()
        for keyword, value in self.tags.items():
            setattr(dataset, keyword, value)
        return dataset

    def write(
        self, folder: Path, *, spoil: Callable[[int, Dataset], None] | None = None, names: Sequence[str] | None = None
    ) -> list[Path]:
        """Write the slices; ``spoil`` changes each dataset before it is written."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for k in range(self.n_slices if self.positions_mm is None else len(self.positions_mm)):
            dataset = self.dataset(k)
            if spoil is not None:
                spoil(k, dataset)
            path = folder / (names[k] if names is not None else f"{self.name}{k:03d}.dcm")
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
        return paths


def zipped(folder: Path, archive: Path) -> Path:
    """Put a folder into a zip archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                opened.write(path, path.relative_to(folder).as_posix())
    return archive


def truncate(path: Path, share: float = 0.9) -> None:
    """Cut the end off a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
