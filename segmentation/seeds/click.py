"""A click, or a short scribble, of somebody who corrects a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Click"]


@dataclass(frozen=True, eq=False)
class Click:
    """Says that some points belong to a structure, or that they do not.

    Parameters
    ----------
    points_lps_mm
        (n, 3) float64 in patient space: one point for a click, several for a scribble.
    is_inside
        True where the points belong to the structure.

    Examples
    --------
    >>> Click.at((1.0, 2.0, 3.0), is_inside=True).middle_lps_mm.tolist()
    [1.0, 2.0, 3.0]
    """

    points_lps_mm: NDArray[np.float64]
    is_inside: bool

    def __post_init__(self) -> None:
        points = np.array(self.points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if len(points) == 0:
            raise ValueError("a click has at least one point")
        points.setflags(write=False)
        object.__setattr__(self, "points_lps_mm", points)

    @classmethod
    def at(cls, point_lps_mm: object, *, is_inside: bool) -> Click:
        """Return a click on one point."""
        return cls(np.asarray(point_lps_mm, dtype=np.float64), is_inside)

    @property
    def middle_lps_mm(self) -> NDArray[np.float64]:
        """The point of a scribble nearest to the mean of its points, (3,)."""
        gaps = np.linalg.norm(self.points_lps_mm - self.points_lps_mm.mean(axis=0), axis=1)
        return np.asarray(self.points_lps_mm[int(gaps.argmin())])
