"""How one space is brought into another: a transform with its method, quality and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.figure import Figure
from twin.provenance import Provenance

__all__ = ["Registration"]


@dataclass(frozen=True, eq=False)
class Registration:
    """A rigid transform from the space of one volume to that of another.

    Parameters
    ----------
    from_volume_id, to_volume_id
        The two volumes.
    matrix_lps_mm
        4 x 4, maps LPS millimetres of ``from`` to LPS millimetres of ``to``.
    method
        ``"identity"`` (same frame of reference, accepted by a person; breathing moves the liver by centimetres) or
        ``"rigid"``.
    quality
        A figure, e.g. surface distance of the liver masks in mm; unknown for identity.
    accepted_by
        Who accepted it, or empty.
    """

    from_volume_id: str
    to_volume_id: str
    matrix_lps_mm: NDArray[np.float64]
    method: str
    quality: Figure
    provenance: Provenance
    accepted_by: str = ""

    def __post_init__(self) -> None:
        self.matrix_lps_mm.setflags(write=False)

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "from_volume_id": self.from_volume_id,
            "to_volume_id": self.to_volume_id,
            "matrix_lps_mm": self.matrix_lps_mm.tolist(),
            "method": self.method,
            "quality": self.quality.to_json(),
            "provenance": self.provenance.to_json(),
            "accepted_by": self.accepted_by,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Registration:
        """Read what :meth:`to_json` wrote."""
        return cls(
            str(data["from_volume_id"]),
            str(data["to_volume_id"]),
            np.array(data["matrix_lps_mm"], dtype=np.float64),
            str(data["method"]),
            Figure.from_json(data["quality"]),
            Provenance.from_json(data["provenance"]),
            str(data["accepted_by"]),
        )
