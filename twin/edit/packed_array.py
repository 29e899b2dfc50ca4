"""Voxels kept compressed: label layers are long runs of equal values and shrink a hundredfold."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from twin.value_runs import run_ends

__all__ = ["PackedArray", "Packing"]

_FASTEST = 1
_LENGTH = np.dtype("<u4")
_SHORTEST_MEAN_RUN = 8  # below it the runs take more room than the voxels


class Packing(StrEnum):
    """What the compressed bytes are."""

    VOXELS = "voxels"  # the voxels in C order, through zlib
    RUNS = "runs"  # the value of each run in C order, then the length of each (uint32), through zlib


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
    packing: Packing = Packing.VOXELS

    @classmethod
    def of(cls, voxels: NDArray[np.generic]) -> PackedArray:
        """Compress an array: as runs where these are long, which is several times faster, else as it is."""
        whole = np.ascontiguousarray(voxels).reshape(-1)
        is_labels = voxels.dtype in (np.uint8, np.uint16) and 0 < whole.size < 2**32
        ends = run_ends(whole) if is_labels else None
        if ends is not None and ends.size * _SHORTEST_MEAN_RUN <= whole.size:
            lengths = np.diff(ends, prepend=0).astype(_LENGTH)
            raw = whole[ends - 1].tobytes() + lengths.tobytes()
            return cls(voxels.dtype.str, voxels.shape, zlib.compress(raw, _FASTEST), Packing.RUNS)
        data = zlib.compress(whole.data.cast("B") if whole.size else b"", _FASTEST)
        return cls(voxels.dtype.str, voxels.shape, data)

    @property
    def n_bytes(self) -> int:
        """Bytes it takes compressed."""
        return len(self.data)

    def array(self) -> NDArray[np.generic]:
        """Return the voxels, read-only.

        Raises
        ------
        ValueError
            When the bytes are not those of such an array.
        """
        dtype, n_voxels = np.dtype(self.dtype), int(np.prod(self.shape_kji))
        raw = zlib.decompress(self.data, bufsize=max(n_voxels * dtype.itemsize, 1) if self._is_whole else 1 << 16)
        if self._is_whole:
            return np.frombuffer(raw, dtype).reshape(self.shape_kji)
        n_runs = len(raw) // (dtype.itemsize + _LENGTH.itemsize)
        values = np.frombuffer(raw, dtype, n_runs)
        lengths = np.frombuffer(raw, _LENGTH, n_runs, n_runs * dtype.itemsize)
        voxels = np.repeat(values, lengths).reshape(self.shape_kji)
        voxels.setflags(write=False)
        return voxels

    @property
    def _is_whole(self) -> bool:
        return self.packing is Packing.VOXELS
