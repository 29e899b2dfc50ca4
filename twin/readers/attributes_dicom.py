"""Values of DICOM attributes, read tolerantly (adapter of pydicom)."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pydicom.config
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from twin.readers.image_header import ImageHeader
from twin.readers.source_file import SourceFile

__all__ = ["dicom_leniently", "header_texts", "image_header", "numbers", "placed_header", "values"]


_ONE_READER = threading.RLock()


@contextmanager
def dicom_leniently() -> Iterator[None]:
    """Read files as they are: odd values are judged by our quality control, not by pydicom's warnings.

    Its settings belong to the whole process, so one thread reads at a time.
    """
    with _ONE_READER, pydicom.config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def header_texts(dataset: Dataset, keywords: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Return the filled attributes of a dataset as text, several values joined by a backslash."""
    texts = {}
    with dicom_leniently():
        for keyword in keywords:
            parts = [str(part).strip() for part in values(dataset.get(keyword))]
            if any(parts):
                texts[keyword] = "\\".join(parts)
    return texts


def values(value: Any) -> list[Any]:
    """Return the values of an attribute as a list, empty when it has none."""
    if value is None:
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Return ``count`` finite numbers, or None."""
    found = tuple(float(part) for part in values(value) if str(part).strip())
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def image_header(
    dataset: Dataset, source: SourceFile, texts: Mapping[str, str], *, is_damaged: bool
) -> ImageHeader | None:
    """Return the header of a classic image, None when it is not placed in space."""
    position = numbers(dataset.get("ImagePositionPatient"), 3)
    orientation = numbers(dataset.get("ImageOrientationPatient"), 6)
    spacing = numbers(dataset.get("PixelSpacing"), 2)
    if position is None or orientation is None or spacing is None or int(dataset.get("NumberOfFrames") or 1) > 1:
        return None
    return placed_header(source, 0, texts, dataset, dataset, position, orientation, spacing, is_damaged)


def placed_header(
    source: SourceFile,
    number: int,
    texts: Mapping[str, str],
    dataset: Dataset,
    rescale: Dataset,
    position: tuple[float, ...],
    orientation: tuple[float, ...],
    spacing: tuple[float, ...],
    is_damaged: bool,
) -> ImageHeader:
    """Return the header of image ``number`` of a file; ``rescale`` is the dataset that holds slope and intercept."""
    slope, intercept = (numbers(rescale.get(f"Rescale{name}"), 1) for name in ("Slope", "Intercept"))
    return ImageHeader(
        source,
        number,
        texts,
        int(dataset.Rows),
        int(dataset.Columns),
        (position[0], position[1], position[2]),
        orientation,
        (spacing[1], spacing[0]),
        slope[0] if slope else None,
        intercept[0] if intercept else None,
        _padding_of(dataset),
        bool(dataset.get("PixelRepresentation")),
        int(dataset.get("BitsStored") or dataset.BitsAllocated),
        is_damaged,
    )


def _padding_of(dataset: Dataset) -> tuple[int, int] | None:
    """Return the range of stored values that mean "no data" (DICOM PS3.3, C.7.5.1.1.2), or None.

    Writers often store the value with the wrong sign: it is folded into the range of the pixels.
    """
    value = _stored_value(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = _stored_value(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((value, value if limit is None else limit))
    return low, high


def _stored_value(dataset: Dataset, keyword: str) -> int | None:
    value = dataset.get(keyword)
    if value is None or value == "" or (isinstance(value, bytes) and len(value) < 2):
        return None
    number = int.from_bytes(value[:2], "little") if isinstance(value, bytes) else int(values(value)[0])
    n_values = 1 << int(dataset.BitsAllocated)
    number %= n_values
    return number - n_values if dataset.get("PixelRepresentation") and number >= n_values // 2 else number
