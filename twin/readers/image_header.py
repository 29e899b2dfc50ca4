"""What the header of one image says: a slice of a classic file, or one frame of a multi-frame file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.patient import PatientIdentity
from twin.readers.source_file import SourceFile

__all__ = ["ImageHeader", "ScannedFile"]


@dataclass(frozen=True, eq=False)
class ImageHeader:
    """One image before its pixels are decoded.

    Parameters
    ----------
    source, frame
        File, and frame inside it (0 for a classic file).
    texts
        Values of DICOM attributes by keyword, as text (several values joined by a backslash).
    n_rows, n_columns
        Size of the image.
    position_lps_mm
        Centre of the first voxel.
    orientation
        Directions of a row and of a column, six numbers.
    spacing_ij_mm
        Distance between columns (i) and between rows (j).
    rescale_slope, rescale_intercept
        None where the file does not say them.
    padding
        Lowest and highest stored value that mean "no data", or None.
    is_signed, n_bits
        Stored pixel values.
    is_damaged
        True when the file ends before its last pixel.
    """

    source: SourceFile
    frame: int
    texts: Mapping[str, str]
    n_rows: int
    n_columns: int
    position_lps_mm: tuple[float, float, float]
    orientation: tuple[float, ...]
    spacing_ij_mm: tuple[float, float]
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    padding: tuple[int, int] | None = None
    is_signed: bool = False
    n_bits: int = 16
    is_damaged: bool = False

    def text(self, keyword: str) -> str:
        """Value of an attribute, empty when absent."""
        return self.texts.get(keyword, "")

    def number(self, keyword: str) -> float | None:
        """Value of a numeric attribute (the first of several), or None."""
        try:
            return float(self.text(keyword).split("\\")[0])
        except ValueError:
            return None


@dataclass(frozen=True, eq=False)
class ScannedFile:
    """What the scan of one file found.

    Parameters
    ----------
    source
        The file.
    images
        Its images; empty when it holds none that can be placed in space.
    identity
        Patient it belongs to, None when it is no DICOM file.
    fault
        Last part of the message id ``problem.file.…``, or None.
    detail
        What the message adds, e.g. the modality.
    patient_texts
        Attributes of the patient module that are proposed as facts.
    """

    source: SourceFile
    images: tuple[ImageHeader, ...] = ()
    identity: PatientIdentity | None = None
    fault: str | None = None
    detail: str = ""
    patient_texts: Mapping[str, str] = field(default_factory=dict)
