"""Volume files written for tests: a NIfTI header by hand, everything else by SimpleITK."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

_TYPES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512}


def write_nifti(
    path: Path,
    voxels: NDArray[np.generic],
    affine_ras: NDArray[np.float64],
    *,
    unit: int = 2,
    codes: tuple[int, int] = (0, 1),
    qoffset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    slope: float = 1.0,
    intercept: float = 0.0,
    order: str = "<",
    dims: tuple[int, ...] | None = None,
    version: int = 1,
) -> Path:
    """Write voxels ``[k, j, i]`` with an sform; ``codes`` are (qform, sform), the qform has no rotation."""
    sizes = dims or voxels.shape[::-1]
    dim = (len(sizes), *sizes) + (1,) * (7 - len(sizes))
    spacing = np.linalg.norm(affine_ras[:3, :3], axis=0)
    pixdim = (1.0, *spacing, 0.0, 0.0, 0.0, 0.0)
    kind, bits = _TYPES[voxels.dtype.name], voxels.dtype.itemsize * 8
    rows = affine_ras[:3].ravel()
    if version == 1:
        header = bytearray(352)
        struct.pack_into(order + "i", header, 0, 348)
        struct.pack_into(order + "8h", header, 40, *dim)
        struct.pack_into(order + "2h", header, 70, kind, bits)
        struct.pack_into(order + "8f", header, 76, *pixdim)
        struct.pack_into(order + "3f", header, 108, 352, slope, intercept)
        header[123] = unit
        struct.pack_into(order + "2h", header, 252, *codes)
        struct.pack_into(order + "6f", header, 256, 0, 0, 0, *qoffset)
        struct.pack_into(order + "12f", header, 280, *rows)
        header[344:348] = b"n+1\0"
    else:
        header = bytearray(544)
        struct.pack_into(order + "i", header, 0, 540)
        header[4:12] = b"n+2\0\r\n\x1a\n"
        struct.pack_into(order + "2h", header, 12, kind, bits)
        struct.pack_into(order + "8q", header, 16, *dim)
        struct.pack_into(order + "8d", header, 104, *pixdim)
        struct.pack_into(order + "q2d", header, 168, 544, slope, intercept)
        struct.pack_into(order + "2i", header, 344, *codes)
        struct.pack_into(order + "6d", header, 352, 0, 0, 0, *qoffset)
        struct.pack_into(order + "12d", header, 400, *rows)
        struct.pack_into(order + "i", header, 500, unit)
    content = bytes(header) + voxels.astype(voxels.dtype.newbyteorder(order)).tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


def sitk_image(
    voxels: NDArray[np.generic],
    *,
    spacing: tuple[float, float, float] = (0.8, 0.9, 2.0),
    origin: tuple[float, float, float] = (-10.0, -20.0, 30.0),
    direction: NDArray[np.float64] | None = None,
) -> sitk.Image:
    """An image in LPS."""
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection([float(x) for x in direction.ravel()])
    return image
