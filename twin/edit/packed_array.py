"""Voxels kept compressed: label layers are long runs of equal values and shrink a hundredfold."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PackedArray"]

_FASTEST = 1


@dataclass(frozen=True)
class PackedArray:
    """A compressed array ``[k, j, i]`` with its type and shape.

    Examples
    --------
    >>> packed = PackedArray.of(np.zeros((50, 50, 50), np.uint8))
    >>> packed.n_bytes < 1000, packed.array().shape
    (True, (50, 50, 50))
    """

    dtype: str
    shape_kji: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, voxels: NDArray[np.generic]) -> PackedArray:
        """Compress an array."""
        raw = np.ascontiguousarray(voxels).data.cast("B") if voxels.size else b""
        return cls(voxels.dtype.str, voxels.shape, zlib.compress(raw, _FASTEST))

    @property
    def n_bytes(self) -> int:
        """Bytes it takes compressed."""
        return len(self.data)

    def array(self) -> NDArray[np.generic]:
        """Return the voxels, read-only."""
        dtype = np.dtype(self.dtype)
        n_bytes = int(np.prod(self.shape_kji)) * dtype.itemsize
        raw = zlib.decompress(self.data, bufsize=max(n_bytes, 1))
        return np.frombuffer(raw, dtype).reshape(self.shape_kji)
