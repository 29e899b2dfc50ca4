"""How one space is brought into another: a transform with its method, quality and provenance."""

from __future__ import annotations

from dataclasses import dataclass

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
