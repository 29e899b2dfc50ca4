"""The cutting plane in space: how its handles lie and how a drag moves or turns it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.scene.orbit_camera import rotation_about

__all__ = ["CutPlane", "PlaneHandle"]

FloatArray = NDArray[np.float64]


class PlaneHandle(StrEnum):
    """What of the plane can be taken hold of."""

    MOVE = "move"
    RIGHT = "right"
    LEFT = "left"
    UP = "up"
    DOWN = "down"

    @property
    def is_turning(self) -> bool:
        """True for the four knobs at the rim."""
        return self is not PlaneHandle.MOVE


@dataclass(frozen=True, eq=False)
class CutPlane:
    """A plane with a frame of its own: the normal points to what is removed.

    Parameters
    ----------
    origin_lps_mm
        Centre of the drawn square, (3,).
    normal_lps, across_lps
        Orthogonal unit vectors (3,).
    half_size_mm
        Half of the side of the drawn square.

    Examples
    --------
    >>> plane = CutPlane.through((0, 0, 0), (0, 0, 2), 50.0)
    >>> plane.moved(5.0).origin_lps_mm.tolist()
    [0.0, 0.0, 5.0]
    """

    origin_lps_mm: FloatArray
    normal_lps: FloatArray
    across_lps: FloatArray
    half_size_mm: float

    @classmethod
    def through(cls, origin_lps_mm: ArrayLike, normal_lps: ArrayLike, half_size_mm: float) -> CutPlane:
        """Return the plane through a point; its square stands as upright as it can."""
        normal = np.asarray(normal_lps, dtype=np.float64)
        normal = normal / np.linalg.norm(normal)
        upright = np.array((0.0, 0.0, 1.0)) if abs(normal[2]) < 0.9 else np.array((0.0, -1.0, 0.0))
        across = np.cross(upright, normal)
        return cls(np.asarray(origin_lps_mm, dtype=np.float64), normal, across / np.linalg.norm(across), half_size_mm)

    @property
    def along_lps(self) -> FloatArray:
        """Third axis of its frame, in the plane."""
        return np.cross(self.normal_lps, self.across_lps)

    def corners_lps_mm(self) -> FloatArray:
        """Four corners of the drawn square, (4, 3)."""
        a, b = self.half_size_mm * self.across_lps, self.half_size_mm * self.along_lps
        return self.origin_lps_mm + np.stack([-a - b, a - b, a + b, -a + b])

    def handle_lps_mm(self, handle: PlaneHandle) -> FloatArray:
        """Place of a handle: the tip of the arrow, or a knob in the middle of a side."""
        if handle is PlaneHandle.MOVE:
            return self.origin_lps_mm + self.arrow_mm * self.normal_lps
        return self.origin_lps_mm + self.half_size_mm * self._side(handle)

    @property
    def arrow_mm(self) -> float:
        """Length of the arrow that points to what is removed."""
        return 0.75 * self.half_size_mm

    def moved(self, along_normal_mm: float) -> CutPlane:
        """Return the plane moved along its normal."""
        origin = self.origin_lps_mm + along_normal_mm * self.normal_lps
        return CutPlane(origin, self.normal_lps, self.across_lps, self.half_size_mm)

    def turned_about(self, pivot_lps_mm: ArrayLike, axis_lps: ArrayLike, angle_rad: float) -> CutPlane:
        """Return the plane turned by an angle about an axis through a point."""
        rotation = rotation_about(axis_lps, angle_rad)
        pivot = np.asarray(pivot_lps_mm, dtype=np.float64)
        turned = self._rotated(rotation)
        return turned.with_origin(pivot + rotation @ (self.origin_lps_mm - pivot))

    def flipped(self) -> CutPlane:
        """Return the plane with the other side removed."""
        return CutPlane(self.origin_lps_mm, -self.normal_lps, self.across_lps, self.half_size_mm)

    def with_origin(self, origin_lps_mm: ArrayLike) -> CutPlane:
        """Return the plane through another point."""
        origin = np.asarray(origin_lps_mm, dtype=np.float64)
        return CutPlane(origin, self.normal_lps, self.across_lps, self.half_size_mm)

    def dragged(
        self,
        handle: PlaneHandle,
        ray: tuple[FloatArray, FloatArray],
    ) -> CutPlane:
        """Return the plane after a handle was dragged under a ray.

        The arrow slides along the normal to the point nearest to the ray. A knob stays on the sphere around the
        origin and goes where the ray meets it (or passes nearest to it), and takes the plane with it.

        Parameters
        ----------
        handle
            What is held.
        ray
            A point of it (LPS mm) and its direction (unit), as under the pointer.
        """
        point, direction = ray
        if handle is PlaneHandle.MOVE:
            return self.moved(self._slide_mm(point, direction) - self.arrow_mm)
        held = self._side(handle)
        wanted = _on_sphere(point - self.origin_lps_mm, direction, self.half_size_mm, held)
        axis = np.cross(held, wanted)
        sine = float(np.linalg.norm(axis))
        if sine < 1e-9:
            return self
        return self._rotated(rotation_about(axis / sine, float(np.arctan2(sine, held @ wanted))))

    def _side(self, handle: PlaneHandle) -> FloatArray:
        return {
            PlaneHandle.RIGHT: self.across_lps,
            PlaneHandle.LEFT: -self.across_lps,
            PlaneHandle.UP: self.along_lps,
            PlaneHandle.DOWN: -self.along_lps,
        }[handle]

    def _slide_mm(self, point: FloatArray, direction: FloatArray) -> float:
        """Distance from the origin along the normal that comes nearest to a ray."""
        across_ray = self.normal_lps - (self.normal_lps @ direction) * direction
        length = float(across_ray @ across_ray)
        if length < 1e-3:  # one looks along the arrow: it cannot be pulled
            return self.arrow_mm
        return float((point - self.origin_lps_mm) @ across_ray) / length

    def _rotated(self, rotation: FloatArray) -> CutPlane:
        normal = rotation @ self.normal_lps
        normal = normal / np.linalg.norm(normal)
        across = rotation @ self.across_lps
        across = across - (across @ normal) * normal
        return CutPlane(self.origin_lps_mm, normal, across / np.linalg.norm(across), self.half_size_mm)


def _on_sphere(point: FloatArray, direction: FloatArray, radius_mm: float, held: FloatArray) -> FloatArray:
    """Unit vector from the centre to where a ray meets the sphere, on the side of the eye where ``held`` is."""
    nearest = point - (point @ direction) * direction
    depth_squared = radius_mm**2 - float(nearest @ nearest)
    if depth_squared > 0:
        side = 1.0 if held @ direction > 0 else -1.0
        nearest = nearest + side * np.sqrt(depth_squared) * direction
    return nearest / np.linalg.norm(nearest)
