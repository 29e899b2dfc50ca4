"""Lossy JPEG of 12 bits, which pydicom's plug-ins leave out (adapter of GDCM)."""

from __future__ import annotations

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import JPEGExtended12Bit

__all__ = ["decoded_jpeg_extended", "is_jpeg_extended_12_bit"]


def is_jpeg_extended_12_bit(dataset: Dataset) -> bool:
    """Tell whether a dataset is JPEG Extended (process 2 and 4) with more than 8 bits."""
    return dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and int(dataset.BitsStored) > 8


def decoded_jpeg_extended(dataset: Dataset, frame: int) -> NDArray[np.generic]:
    """Return the stored values ``[j, i]`` of one frame.

    Raises
    ------
    ValueError
        When GDCM gives back another number of pixels.
    """
    fragment = gdcm.Fragment()
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    fragment.SetByteStringValue(get_frame(dataset.PixelData, frame, number_of_frames=n_frames))
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((int(dataset.Columns), int(dataset.Rows), 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(dataset.PhotometricInterpretation)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    bits, is_signed = int(dataset.BitsStored), int(dataset.PixelRepresentation)
    image.SetPixelFormat(gdcm.PixelFormat(1, int(dataset.BitsAllocated), bits, bits - 1, is_signed))
    decoded = image.GetBuffer().encode("utf-8", "surrogateescape")  # GDCM gives bytes as text
    values = np.frombuffer(decoded, "<i2" if is_signed else "<u2")
    return values.reshape(int(dataset.Rows), int(dataset.Columns))
