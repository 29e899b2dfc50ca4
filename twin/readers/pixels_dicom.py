"""Voxel values of DICOM images: decoded, without padding, in Hounsfield units or signal (adapter of pydicom)."""

from __future__ import annotations

import hashlib
import io
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGExtended12Bit

from twin.errors import InputError
from twin.readers.attributes_dicom import dicom_leniently
from twin.readers.decode_gdcm import decoded_jpeg_extended
from twin.readers.image_header import ImageHeader
from twin.readers.source_file import SourceFile
from twin.volume import Quantity

__all__ = ["AIR_HU", "PixelReader", "voxel_type"]

_logger = logging.getLogger(__name__)

# Air in Hounsfield units as scanners store the lowest value of 12 bits.
AIR_HU = -1024
# Nothing is less dense than vacuum (-1000 HU, with noise some hundred less): lower values mark the outside of
# the round field of view, e.g. -2000 or -3024, also where no padding value is declared.
_BELOW_ANY_TISSUE_HU = -1500

VoxelType = type[np.int16] | type[np.uint16] | type[np.float32]


def voxel_type(images: tuple[ImageHeader, ...], quantity: Quantity) -> VoxelType:
    """Return the type a series is stored in without loss that matters.

    CT is int16: a slope with decimals is rounded to whole Hounsfield units, twenty times finer than its noise.
    MR stays as stored where no rescaling applies, else float32 (docs/decisions/0015).
    """
    if quantity is Quantity.HOUNSFIELD:
        return np.int16
    is_plain = all((i.rescale_slope or 1.0, i.rescale_intercept or 0.0) == (1.0, 0.0) for i in images)
    if not is_plain or any(image.n_bits > 16 for image in images):
        return np.float32
    return np.int16 if all(image.is_signed or image.n_bits <= 15 for image in images) else np.uint16


class PixelReader:
    """Decodes images one by one; keeps the last multi-frame file open in memory.

    Parameters
    ----------
    quantity
        What the values mean: padding becomes air only in Hounsfield units.
    """

    def __init__(self, quantity: Quantity) -> None:
        self._quantity = quantity
        self._source: SourceFile | None = None
        self._dataset: Dataset | None = None
        self.digests: dict[str, str] = {}  # SHA-256 of each file that was read, by name

    def values(self, image: ImageHeader) -> NDArray[np.float32]:
        """Return the values of an image ``[j, i]`` in Hounsfield units or signal.

        Raises
        ------
        InputError
            ``error.import.undecodable`` when the file cannot be read or its pixels not be decoded.
        """
        try:
            with dicom_leniently():
                stored = _stored(self._opened(image.source), image.frame)
        except Exception as error:  # decoders of five libraries fail each in their own way
            _logger.debug("pixels undecodable: %s", type(error).__name__)
            raise InputError("error.import.undecodable", count=1) from error
        if stored.shape != (image.n_rows, image.n_columns):
            raise InputError("error.import.undecodable", count=1)
        return self._rescaled(_significant(stored, image), image)

    def _rescaled(self, stored: NDArray[Any], image: ImageHeader) -> NDArray[np.float32]:
        slope = 1.0 if image.rescale_slope is None else image.rescale_slope
        values = stored.astype(np.float32)
        if slope != 1.0 or image.rescale_intercept:
            values = values * np.float32(slope) + np.float32(image.rescale_intercept or 0.0)
        if self._quantity is Quantity.HOUNSFIELD:
            if image.padding is not None:
                low, high = image.padding
                values[(stored >= low) & (stored <= high)] = AIR_HU
            values[values < _BELOW_ANY_TISSUE_HU] = AIR_HU
        return values

    def _opened(self, source: SourceFile) -> Dataset:
        if self._dataset is None or self._source is not source:
            content = source.read()
            self.digests[source.name] = hashlib.sha256(content).hexdigest()
            self._dataset, self._source = _dataset(content), source
        return self._dataset


def _dataset(content: bytes) -> Dataset:
    dataset = dcmread(io.BytesIO(content), force=True)
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if not dataset.file_meta.get("TransferSyntaxUID"):
        is_implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
    return dataset


def _stored(dataset: Dataset, frame: int) -> NDArray[Any]:
    n_bits = int(dataset.BitsStored)
    if dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and n_bits > 8:
        n_frames = int(dataset.get("NumberOfFrames") or 1)
        encoded = get_frame(dataset.PixelData, frame, number_of_frames=n_frames)
        shape_ji = (int(dataset.Rows), int(dataset.Columns))
        is_signed = bool(dataset.get("PixelRepresentation"))
        return decoded_jpeg_extended(encoded, shape_ji, n_bits=n_bits, is_signed=is_signed)
    return np.asarray(pixel_array(dataset, index=frame, raw=True))


def _significant(stored: NDArray[Any], image: ImageHeader) -> NDArray[Any]:
    """Drop bits above the declared ones: old files keep overlays there."""
    if stored.dtype.kind not in "iu" or image.n_bits >= stored.dtype.itemsize * 8:
        return stored
    bits = stored.astype(np.int64) & ((1 << image.n_bits) - 1)
    if image.is_signed:
        sign = 1 << (image.n_bits - 1)
        bits = (bits ^ sign) - sign
    return bits
