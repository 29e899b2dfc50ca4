"""NIfTI-1 and NIfTI-2 volumes in one file (.nii, .nii.gz). Its RAS space ends here.

The header is read here and not through a library, because what matters for safety is what libraries smooth
over: unknown units, absent orientation, and an sform and a qform that disagree.

References
----------
R. W. Cox et al., NIfTI-1 data format (nifti1.h), 2004; NIfTI-2 (nifti2.h), 2011.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.readers.image_file import ImageFile, LengthUnit, image_file
from twin.readers.problem import Problem, Severity

__all__ = ["read_nifti"]

_LARGEST_BYTES = 16 * 1024**3
_SAME_PLACE_MM = 0.5  # sform and qform farther apart than this at a corner disagree
_DATA_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_UNITS = {1: LengthUnit.METRE, 2: LengthUnit.MILLIMETRE, 3: LengthUnit.MICROMETRE}


@dataclass(frozen=True, eq=False)
class _Header:
    byte_order: Literal["<", ">"]
    dims: tuple[int, ...]
    data_type: int
    voxel_offset: int
    slope: float
    intercept: float
    unit: LengthUnit | None
    qform: NDArray[np.float64] | None
    sform: NDArray[np.float64] | None


def read_nifti(path: Path, *, units: LengthUnit | None = None, needs_units: bool = True) -> ImageFile:
    """Read a NIfTI volume.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    units
        Unit to take where the file says none.
    needs_units
        False where the caller proves the unit by other means (labels that fall on the grid of their scan).

    Returns
    -------
    ImageFile
        In LPS millimetres.

    Raises
    ------
    InputError
        Not NIfTI, truncated, no orientation, no unit (``error.import.nifti_without_units``), several volumes,
        colours, or an absurd or sheared grid.
    """
    name = path.name
    try:
        with _opened(path) as stream:
            header = _read_header(stream, name)
            stored = _read_voxels(stream, header, name)
    except (EOFError, zlib.error) as error:
        raise InputError("error.import.truncated_file", file=name) from error
    except gzip.BadGzipFile as error:
        raise InputError("error.import.not_an_image", file=name) from error
    except OSError as error:
        raise InputError("error.import.unreadable", file=name) from error
    if header.unit is None and units is None and needs_units:
        spacing = " x ".join(f"{s:.3g}" for s in np.linalg.norm(_affine(header, name)[:3, :3], axis=0))
        raise InputError("error.import.nifti_without_units", file=name, spacing=spacing)
    unit = header.unit or units or LengthUnit.MILLIMETRE
    affine_lps_mm = _affine(header, name)
    affine_lps_mm[:3] *= unit.in_mm
    affine_lps_mm[:2] *= -1.0  # right and anterior become left and posterior
    return image_file(stored, affine_lps_mm, name, _problems(header, unit, name))


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        is_compressed = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if is_compressed else path.open("rb")


def _read_header(stream: BinaryIO, name: str) -> _Header:
    start = stream.read(4)
    orders: tuple[Literal["<", ">"], ...] = ("<", ">")
    for byte_order in orders:
        size = struct.unpack(byte_order + "i", start)[0] if len(start) == 4 else 0
        if size == 348:
            return _header_1(start + stream.read(344), byte_order, name)
        if size == 540:
            return _header_2(start + stream.read(536), byte_order, name)
    raise InputError("error.import.not_an_image", file=name)


def _header_1(raw: bytes, order: Literal["<", ">"], name: str) -> _Header:
    if len(raw) < 348:
        raise EOFError
    if raw[344:347] != b"n+1":
        raise InputError("error.import.not_an_image", file=name)

    def at(form: str, offset: int) -> tuple[float, ...]:
        return struct.unpack_from(order + form, raw, offset)

    dims, data_type, pixdim = at("8h", 40), at("h", 70)[0], at("8f", 76)
    qform_code, sform_code = at("2h", 252)
    qform = _qform(at("3f", 256), at("3f", 268), pixdim) if qform_code > 0 else None
    sform = np.array(at("12f", 280)).reshape(3, 4) if sform_code > 0 else None
    voxel_offset, slope, intercept = at("3f", 108)
    return _Header(
        order, tuple(int(n) for n in dims), int(data_type), int(voxel_offset), slope, intercept,
        _UNITS.get(raw[123] & 7), qform, sform,
    )  # fmt: skip


def _header_2(raw: bytes, order: Literal["<", ">"], name: str) -> _Header:
    if len(raw) < 540:
        raise EOFError
    if raw[4:7] != b"n+2":
        raise InputError("error.import.not_an_image", file=name)

    def at(form: str, offset: int) -> tuple[float, ...]:
        return struct.unpack_from(order + form, raw, offset)

    data_type, dims, pixdim = at("h", 12)[0], at("8q", 16), at("8d", 104)
    qform_code, sform_code = at("2i", 344)
    qform = _qform(at("3d", 352), at("3d", 376), pixdim) if qform_code > 0 else None
    sform = np.array(at("12d", 400)).reshape(3, 4) if sform_code > 0 else None
    slope, intercept = at("2d", 176)
    return _Header(
        order, tuple(int(n) for n in dims), int(data_type), int(at("q", 168)[0]), slope, intercept,
        _UNITS.get(int(at("i", 500)[0]) & 7), qform, sform,
    )  # fmt: skip


def _qform(quaternion: tuple[float, ...], offset: tuple[float, ...], pixdim: tuple[float, ...]) -> NDArray[np.float64]:
    """Affine (3 x 4, RAS) of the quaternion form: nifti1.h, method 2."""
    b, c, d = quaternion
    a = math.sqrt(max(1.0 - b * b - c * c - d * d, 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handedness = -1.0 if pixdim[0] < 0 else 1.0
    scaled = rotation * np.array([pixdim[1], pixdim[2], pixdim[3] * handedness])
    return np.column_stack([scaled, offset])


def _affine(header: _Header, name: str) -> NDArray[np.float64]:
    """RAS affine: of the sform where there is one, else of the qform, as nifti1.h recommends."""
    rows = header.sform if header.sform is not None else header.qform
    if rows is None:
        raise InputError("error.import.no_orientation", file=name)
    return np.vstack([rows, [0.0, 0.0, 0.0, 1.0]])


def _problems(header: _Header, unit: LengthUnit, name: str) -> tuple[Problem, ...]:
    found = []
    if header.unit is None:
        found.append(Problem(Severity.WARNING, "problem.image.units_assumed", {"file": name, "unit": unit.value}, name))
    if header.sform is not None and header.qform is not None:
        far = np.array([[i, j, k, 1.0] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        far[:, :3] *= np.array(header.dims[1:4]) - 1
        with np.errstate(invalid="ignore"):
            gap_mm = float(np.abs(far @ (header.sform - header.qform).T).max()) * unit.in_mm
        if not gap_mm <= _SAME_PLACE_MM:
            parameters = {"file": name, "gap": f"{gap_mm:.1f}"}
            found.append(Problem(Severity.WARNING, "problem.image.forms_disagree", parameters, name))
    return tuple(found)


def _read_voxels(stream: BinaryIO, header: _Header, name: str) -> NDArray[np.generic]:
    n_dims = header.dims[0]
    sizes = header.dims[1 : n_dims + 1] if 1 <= n_dims <= 7 else ()
    if len(sizes) < 3 or any(n != 1 for n in sizes[3:]):
        raise InputError("error.import.not_one_volume", file=name)
    if header.data_type not in _DATA_TYPES:
        raise InputError("error.import.unknown_voxel_type", file=name)
    dtype = np.dtype(_DATA_TYPES[header.data_type]).newbyteorder(header.byte_order)
    n_bytes = math.prod(sizes[:3]) * dtype.itemsize
    if min(sizes[:3]) < 1 or n_bytes > _LARGEST_BYTES or not 0 <= header.voxel_offset < 2**31:
        raise InputError("error.import.damaged_header", file=name)
    stream.seek(header.voxel_offset)
    content = stream.read(n_bytes)
    if len(content) < n_bytes:
        raise EOFError
    stored = np.frombuffer(content, dtype).reshape(sizes[2], sizes[1], sizes[0])
    native = stored.astype(dtype.newbyteorder("="), copy=False)
    has_scale = header.slope not in (0.0, 1.0) or (header.slope == 1.0 and header.intercept != 0.0)
    if not has_scale or not math.isfinite(header.slope) or not math.isfinite(header.intercept):
        return native
    if float(header.slope).is_integer() and float(header.intercept).is_integer() and native.dtype.kind in "iu":
        return native.astype(np.int64) * int(header.slope) + int(header.intercept)
    return native.astype(np.float64) * header.slope + header.intercept
