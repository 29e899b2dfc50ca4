"""Lossy JPEG of 12 bits, which the plug-ins of pydicom leave out (adapter of GDCM)."""

from __future__ import annotations

import gdcm
import numpy as np
from numpy.typing import NDArray

__all__ = ["decoded_jpeg_extended"]


def decoded_jpeg_extended(
    encoded: bytes, shape_ji: tuple[int, int], *, n_bits: int, is_signed: bool
) -> NDArray[np.generic]:
    """Decode one greyscale image of JPEG Extended (process 2 and 4).

    Parameters
    ----------
    encoded
        The JPEG stream.
    shape_ji
        Rows and columns.
    n_bits
        Bits stored, 9 to 12.
    is_signed
        Whether stored values are signed.

    Returns
    -------
    ndarray
        Stored values ``[j, i]``, 16 bits.

    Raises
    ------
    ValueError
        When the stream gives another number of pixels.
    """
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(encoded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((shape_ji[1], shape_ji[0], 1))
    image.SetDataElement(element)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, n_bits, n_bits - 1, int(is_signed)))
    decoded = image.GetBuffer().encode("utf-8", "surrogateescape")  # GDCM gives bytes as text
    return np.frombuffer(decoded, "<i2" if is_signed else "<u2").reshape(shape_ji)
