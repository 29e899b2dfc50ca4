"""Voxels as NRRD, a format that other programs of the field read: a text header, then the values.

The header says ``left-posterior-superior``, so the directions are those of the grid and nothing is flipped.
Scans are written raw, label layers compressed (docs/decisions/0011).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twin.errors import CaseFileError
from twin.grid import Grid

__all__ = ["nrrd_chunks", "voxels_of_nrrd"]

_MAGIC = b"NRRD0004\n"
_TYPES = {
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float32": "float",
    "float64": "double",
}
_DTYPES = {nrrd: np.dtype(numpy).newbyteorder("<") for numpy, nrrd in _TYPES.items()}
_ALIGNMENT = 64  # values begin there, so that they can be used where they lie in the file
_CHUNK_BYTES = 1 << 22
_FASTEST = 1
_GZIP = 31  # zlib's number for a gzip wrapper with the largest window


def nrrd_chunks(voxels: NDArray[np.generic], grid: Grid, *, encoding: str) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a NRRD file, the same for the same voxels and grid.

    Parameters
    ----------
    voxels
        ``[k, j, i]``, integers up to 32 bits or floats.
    grid
        Where they are.
    encoding
        ``"raw"`` or ``"gzip"``.
    """
    little = np.ascontiguousarray(voxels, dtype=voxels.dtype.newbyteorder("<"))
    yield _header(little, grid, encoding)
    data = little.data.cast("B")
    pieces = (data[start : start + _CHUNK_BYTES] for start in range(0, len(data), _CHUNK_BYTES))
    if encoding == "raw":
        yield from pieces
        return
    packer = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def voxels_of_nrrd(content: bytes, where: str) -> NDArray[np.generic]:
    """Read the voxels ``[k, j, i]`` of a NRRD file that this module wrote; ``where`` names it in an error.

    Raises
    ------
    CaseFileError
        ``error.case.damaged`` when it is no such file.
    """
    header, separator, _ = content.partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in header.decode("ascii", "replace").splitlines() if ": " in line)
    try:
        dtype = _DTYPES[fields["type"]]
        i, j, k = (int(size) for size in fields["sizes"].split())
        data: bytes | memoryview = memoryview(content)[len(header) + len(separator) :]
        if fields["encoding"] == "gzip":
            data = zlib.decompress(data, _GZIP, bufsize=max(i * j * k * dtype.itemsize, 1))
        return np.frombuffer(data, dtype).reshape(k, j, i)
    except (KeyError, ValueError, zlib.error) as error:
        raise CaseFileError("error.case.damaged", path=where) from error


def _header(voxels: NDArray[np.generic], grid: Grid, encoding: str) -> bytes:
    sizes = " ".join(str(size) for size in grid.size_ijk)
    directions = " ".join(_vector(grid.affine_lps_mm[:3, axis]) for axis in range(3))
    lines = [
        f"type: {_TYPES[voxels.dtype.newbyteorder('=').name]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {sizes}",
        f"space directions: {directions}",
        "kinds: domain domain domain",
        "endian: little",
        f"encoding: {encoding}",
        f"space origin: {_vector(grid.origin_lps_mm)}",
    ]
    header = _MAGIC + "\n".join(lines).encode("ascii") + b"\n"
    padding = -(len(header) + len("#\n\n")) % _ALIGNMENT
    return header + b"#" + b" " * padding + b"\n\n"


def _vector(values: NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"
