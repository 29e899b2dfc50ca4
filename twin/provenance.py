"""Where a result comes from: producer, version, parameters, inputs and time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

__all__ = ["Provenance", "array_hash"]


@dataclass(frozen=True)
class Provenance:
    """Who made a result, from what and when.

    Parameters
    ----------
    producer
        Stable id, e.g. ``"segmenter.classical"``, ``"reader.dicom"``, ``"editor.brush"``.
    version
        Version of the producer.
    parameters
        Plain values that change the result.
    input_hashes
        Name of each input and its SHA-256.
    time_utc
        ISO 8601 in UTC.
    """

    producer: str
    version: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    input_hashes: Mapping[str, str] = field(default_factory=dict)
    time_utc: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "producer": self.producer,
            "version": self.version,
            "parameters": dict(self.parameters),
            "input_hashes": dict(self.input_hashes),
            "time_utc": self.time_utc,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Provenance:
        """Read what :meth:`to_json` wrote."""
        return cls(
            str(data["producer"]),
            str(data["version"]),
            dict(data["parameters"]),  # type: ignore[call-overload]
            dict(data["input_hashes"]),  # type: ignore[call-overload]
            str(data["time_utc"]),
        )


def array_hash(array: NDArray[np.generic]) -> str:
    """SHA-256 of an array's type, shape and values (C order), as hexadecimal text.

    Examples
    --------
    >>> array_hash(np.zeros(2, np.uint8)) == array_hash(np.zeros((2, 1), np.uint8))
    False
    """
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
