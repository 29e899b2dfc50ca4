"""How far the true boundary of a structure may lie from the drawn one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["BoundaryUncertainty", "LabelOrigin"]


class LabelOrigin(StrEnum):
    """How a structure was labelled."""

    AUTOMATIC = "automatic"
    EDITED = "edited"
    MANUAL = "manual"
    IMPORTED = "imported"
    TRUTH = "truth"  # phantoms only: known exactly up to the voxel


@dataclass(frozen=True)
class BoundaryUncertainty:
    """Signed 5 % and 95 % shifts of the boundary, in millimetres along the outward normal.

    All voxels of a structure move together (voxel errors are correlated: variances are never summed). Half a
    slice is added along the slice axis by whoever shifts the mask.

    Parameters
    ----------
    inward_mm
        5 % quantile of the signed distance from the drawn to the true boundary, at most 0.
    outward_mm
        95 % quantile, at least 0.
    origin
        How the label was made.
    is_assumed
        True while the two shifts were not measured by cross-validation.
    """

    inward_mm: float
    outward_mm: float
    origin: LabelOrigin
    is_assumed: bool = True

    def __post_init__(self) -> None:
        if self.inward_mm > 0 or self.outward_mm < 0:
            raise ValueError("inward_mm must be <= 0 and outward_mm >= 0")

    @classmethod
    def of_origin(cls, origin: LabelOrigin) -> BoundaryUncertainty:
        """Assumed shifts for an origin, until a model card brings measured ones.

        The figures are ours: two millimetres is the tolerance at which published surface Dice of liver and vessel
        labels is counted; a hand-drawn boundary is taken as half of it. They are shown as "assumed".
        """
        shift_mm = {
            LabelOrigin.AUTOMATIC: 3.0,
            LabelOrigin.IMPORTED: 2.0,
            LabelOrigin.EDITED: 1.5,
            LabelOrigin.MANUAL: 1.0,
            LabelOrigin.TRUTH: 0.0,
        }[origin]
        return cls(-shift_mm, shift_mm, origin)

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "inward_mm": self.inward_mm,
            "outward_mm": self.outward_mm,
            "origin": self.origin.value,
            "is_assumed": self.is_assumed,
        }

    @classmethod
    def from_json(cls, data: dict[str, object]) -> BoundaryUncertainty:
        """Read what :meth:`to_json` wrote."""
        return cls(
            float(str(data["inward_mm"])),
            float(str(data["outward_mm"])),
            LabelOrigin(str(data["origin"])),
            bool(data["is_assumed"]),
        )
