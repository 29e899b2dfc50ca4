"""The voxel grid: where each voxel centre lies in patient space (LPS, millimetres)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.box import Box
from twin.errors import GeometryError

__all__ = ["Grid"]

FloatArray = NDArray[np.float64]

# An affine read from DICOM text carries about six significant digits.
_ORTHONORMAL_TOLERANCE = 1e-4
_SAME_SPACE_TOLERANCE_MM = 1e-2


@dataclass(frozen=True, eq=False)
class Grid:
    """An orthonormal, right-handed voxel grid in patient space.

    Parameters
    ----------
    size_ijk
        Number of voxels along i (columns), j (rows) and k (slices).
    affine_lps_mm
        4 x 4 float64, maps voxel centres (i, j, k, 1) to LPS millimetres.
    frame_of_reference_uid
        DICOM frame of reference, or None where the file has none.

    Raises
    ------
    GeometryError
        When the axes are sheared, not right-handed, or a spacing is not positive.

    Examples
    --------
    >>> grid = Grid.from_spacing((4, 3, 2), (1.0, 1.0, 2.5), origin_lps_mm=(10, 20, 30))
    >>> grid.shape_kji, grid.lps_from_ijk([1, 0, 1]).tolist()
    ((2, 3, 4), [11.0, 20.0, 32.5])
    """

    size_ijk: tuple[int, int, int]
    affine_lps_mm: FloatArray
    frame_of_reference_uid: str | None = None

    def __post_init__(self) -> None:
        affine = np.array(self.affine_lps_mm, dtype=np.float64)
        size = tuple(int(n) for n in self.size_ijk)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or not np.allclose(affine[3], (0, 0, 0, 1)):
            raise GeometryError("error.grid.bad_affine")
        if len(size) != 3 or min(size) < 1:
            raise GeometryError("error.grid.empty", size=str(size))
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if spacing.min() <= 0:
            raise GeometryError("error.grid.bad_affine")
        direction = affine[:3, :3] / spacing
        if np.abs(direction.T @ direction - np.eye(3)).max() > _ORTHONORMAL_TOLERANCE * 10:
            raise GeometryError("error.grid.sheared")
        if np.linalg.det(direction) < 0:
            raise GeometryError("error.grid.left_handed")
        affine.setflags(write=False)
        object.__setattr__(self, "affine_lps_mm", affine)
        object.__setattr__(self, "size_ijk", size)

    @classmethod
    def from_spacing(
        cls,
        size_ijk: tuple[int, int, int],
        spacing_ijk_mm: ArrayLike,
        *,
        origin_lps_mm: ArrayLike = (0.0, 0.0, 0.0),
        direction: ArrayLike | None = None,
        frame_of_reference_uid: str | None = None,
    ) -> Grid:
        """Build a grid from spacing, origin (centre of voxel 0, 0, 0) and 3 x 3 direction (columns = axes)."""
        affine = np.eye(4)
        axes = np.eye(3) if direction is None else np.asarray(direction, dtype=np.float64).reshape(3, 3)
        affine[:3, :3] = axes * np.asarray(spacing_ijk_mm, dtype=np.float64)
        affine[:3, 3] = np.asarray(origin_lps_mm, dtype=np.float64)
        return cls(size_ijk, affine, frame_of_reference_uid)

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Shape of a voxel array on this grid: (slices, rows, columns)."""
        i, j, k = self.size_ijk
        return (k, j, i)

    @property
    def spacing_ijk_mm(self) -> FloatArray:
        """Distance between voxel centres along i, j, k in millimetres, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0))

    @property
    def direction(self) -> FloatArray:
        """3 x 3 rotation, columns are the unit vectors of i, j, k in LPS."""
        return np.asarray(self.affine_lps_mm[:3, :3] / self.spacing_ijk_mm)

    @property
    def origin_lps_mm(self) -> FloatArray:
        """Centre of voxel (0, 0, 0) in LPS millimetres, shape (3,)."""
        return self.affine_lps_mm[:3, 3]

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing_ijk_mm)) / 1000.0

    @property
    def slice_thickness_mm(self) -> float:
        """Distance between slices in millimetres."""
        return float(self.spacing_ijk_mm[2])

    def lps_from_ijk(self, points_ijk: ArrayLike) -> FloatArray:
        """Map voxel indices (..., 3) in order i, j, k to LPS millimetres (..., 3)."""
        points = np.asarray(points_ijk, dtype=np.float64)
        return np.asarray(points @ self.affine_lps_mm[:3, :3].T + self.affine_lps_mm[:3, 3])

    def ijk_from_lps(self, points_lps_mm: ArrayLike) -> FloatArray:
        """Map LPS millimetres (..., 3) to continuous voxel indices (..., 3) in order i, j, k."""
        points = np.asarray(points_lps_mm, dtype=np.float64) - self.affine_lps_mm[:3, 3]
        return np.asarray(points @ np.linalg.inv(self.affine_lps_mm[:3, :3]).T)

    def is_same_space(self, other: Grid) -> bool:
        """Tell whether both grids have the same voxels at the same places in the same frame of reference."""
        return self._difference(other) is None

    def require_same_space(self, other: Grid, *, this: str = "a", that: str = "b") -> None:
        """Raise unless both grids coincide; ``this`` and ``that`` name them in the message.

        Raises
        ------
        GeometryError
            ``error.grid.different_space`` with both names and the reason.
        """
        reason = self._difference(other)
        if reason is not None:
            raise GeometryError("error.grid.different_space", this=this, that=that, reason=reason)

    def _difference(self, other: Grid) -> str | None:
        mine, theirs = self.frame_of_reference_uid, other.frame_of_reference_uid
        if mine is not None and theirs is not None and mine != theirs:
            return "frame_of_reference"
        if self.size_ijk != other.size_ijk:
            return "size"
        far_corner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]) * self.size_ijk
        gap_mm = np.abs(self.lps_from_ijk(far_corner) - other.lps_from_ijk(far_corner)).max()
        return "position" if gap_mm > _SAME_SPACE_TOLERANCE_MM else None

    def cropped(self, box: Box) -> Grid:
        """Return the grid of the voxels inside ``box``, at the same places in space."""
        start_ijk = box.start_kji[::-1]
        affine = self.affine_lps_mm.copy()
        affine[:3, 3] = self.lps_from_ijk(start_ijk)
        k, j, i = box.shape_kji
        return Grid((i, j, k), affine, self.frame_of_reference_uid)

    def resampled(self, spacing_ijk_mm: ArrayLike) -> Grid:
        """Return a grid over the same extent with another spacing (its outer faces coincide within one voxel)."""
        spacing = np.asarray(spacing_ijk_mm, dtype=np.float64)
        extent_mm = self.spacing_ijk_mm * self.size_ijk
        size = np.maximum(np.round(extent_mm / spacing), 1).astype(int)
        corner_lps_mm = self.lps_from_ijk((-0.5, -0.5, -0.5))
        origin = corner_lps_mm + self.direction @ (spacing / 2.0)
        return Grid.from_spacing(
            (int(size[0]), int(size[1]), int(size[2])),
            spacing,
            origin_lps_mm=origin,
            direction=self.direction,
            frame_of_reference_uid=self.frame_of_reference_uid,
        )

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "size_ijk": list(self.size_ijk),
            "affine_lps_mm": self.affine_lps_mm.tolist(),
            "frame_of_reference_uid": self.frame_of_reference_uid,
        }

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Grid:
        """Read what :meth:`to_json` wrote."""
        size = np.asarray(data["size_ijk"], dtype=int)
        uid = data.get("frame_of_reference_uid")
        return cls(
            (int(size[0]), int(size[1]), int(size[2])),
            np.array(data["affine_lps_mm"]),
            None if uid is None else str(uid),
        )
