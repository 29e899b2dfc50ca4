"""The eye that looks at the twin: orbit, pan, zoom and the usual sides, in parallel projection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from twin.surface import Surface

__all__ = ["OrbitCamera", "ViewSide", "bounds_of_surfaces", "rotation_about", "upright", "upright_camera"]

FloatArray = NDArray[np.float64]
SizePx = tuple[int, int]


class ViewSide(StrEnum):
    """Side the patient is seen from. From the front, the patient's right is on the left."""

    FRONT = "front"
    BACK = "back"
    RIGHT = "right"
    LEFT = "left"
    ABOVE = "above"
    BELOW = "below"


# Direction from the patient to the eye, and what is up on the screen, in LPS.
_SIDES: dict[ViewSide, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    ViewSide.FRONT: ((0, -1, 0), (0, 0, 1)),
    ViewSide.BACK: ((0, 1, 0), (0, 0, 1)),
    ViewSide.RIGHT: ((-1, 0, 0), (0, 0, 1)),
    ViewSide.LEFT: ((1, 0, 0), (0, 0, 1)),
    ViewSide.ABOVE: ((0, 0, 1), (0, -1, 0)),
    ViewSide.BELOW: ((0, 0, -1), (0, -1, 0)),
}
_RADIANS_PER_VIEW = np.radians(200.0)  # a drag across the whole view turns by so much
_NEAREST_MM, _FARTHEST_MM = 5.0, 2000.0


@dataclass(frozen=True, eq=False)
class OrbitCamera:
    """A place to look from; every move makes a new one.

    The projection is parallel: a scale bar is then true at every depth.

    Parameters
    ----------
    focus_lps_mm
        Point in the middle of the view, (3,).
    toward_eye_lps, up_lps
        Orthogonal unit vectors (3,): from the patient to the eye, and upwards on the screen.
    half_height_mm
        Half of what the view shows from top to bottom.

    Examples
    --------
    >>> camera = OrbitCamera.from_side(ViewSide.FRONT)
    >>> camera.right_lps.tolist()  # the patient's left is on the right
    [1.0, 0.0, 0.0]
    """

    focus_lps_mm: FloatArray
    toward_eye_lps: FloatArray
    up_lps: FloatArray
    half_height_mm: float

    @classmethod
    def from_side(cls, side: ViewSide) -> OrbitCamera:
        """Return a camera that looks at the origin from a side of the patient."""
        toward_eye, up = _SIDES[side]
        return cls(np.zeros(3), np.array(toward_eye, dtype=np.float64), np.array(up, dtype=np.float64), 150.0)

    @property
    def right_lps(self) -> FloatArray:
        """Unit vector rightwards on the screen."""
        return np.cross(self.up_lps, self.toward_eye_lps) + 0.0

    def turned_to(self, side: ViewSide) -> OrbitCamera:
        """Return the camera on a side of the patient, at the same scale."""
        other = OrbitCamera.from_side(side)
        return replace(self, toward_eye_lps=other.toward_eye_lps, up_lps=other.up_lps)

    def fitted(self, bounds_lps_mm: ArrayLike, size_px: SizePx, *, fill: float = 0.86) -> OrbitCamera:
        """Return the camera centred on a box (rows: x, y, z; columns: low, high) that fills the view."""
        bounds = np.asarray(bounds_lps_mm, dtype=np.float64)
        centre = bounds.mean(axis=1)
        corners = np.stack(np.meshgrid(*bounds, indexing="ij"), axis=-1).reshape(-1, 3) - centre
        aspect = size_px[0] / max(size_px[1], 1)
        half = max(float(np.abs(corners @ self.up_lps).max()), float(np.abs(corners @ self.right_lps).max()) / aspect)
        return replace(self, focus_lps_mm=centre, half_height_mm=max(half, _NEAREST_MM) / fill)

    def orbited(self, right_px: float, down_px: float, size_px: SizePx) -> OrbitCamera:
        """Return the camera after the patient was turned under the pointer."""
        turn = rotation_about(self.up_lps, -_RADIANS_PER_VIEW * right_px / size_px[0])
        toward_eye = turn @ self.toward_eye_lps
        right = turn @ self.right_lps
        tilt = rotation_about(right, -_RADIANS_PER_VIEW * down_px / size_px[1])
        toward_eye = tilt @ toward_eye
        up = np.cross(toward_eye, right)
        return replace(self, toward_eye_lps=_unit(toward_eye), up_lps=_unit(up))

    def panned(self, right_px: float, down_px: float, size_px: SizePx) -> OrbitCamera:
        """Return the camera after the patient was moved with the pointer."""
        shift = self.mm_per_px(size_px) * (down_px * self.up_lps - right_px * self.right_lps)
        return replace(self, focus_lps_mm=self.focus_lps_mm + shift)

    def zoomed(self, factor: float) -> OrbitCamera:
        """Return the camera nearer to the patient (factor above 1) or farther away."""
        return replace(self, half_height_mm=float(np.clip(self.half_height_mm / factor, _NEAREST_MM, _FARTHEST_MM)))

    def mm_per_px(self, size_px: SizePx) -> float:
        """Millimetres of the patient per pixel, the same everywhere in the view."""
        return 2.0 * self.half_height_mm / max(size_px[1], 1)

    def px_from_lps(self, points_lps_mm: ArrayLike, size_px: SizePx) -> FloatArray:
        """Map points (..., 3) to pixels (..., 2) from the upper left corner."""
        offset = np.asarray(points_lps_mm, dtype=np.float64) - self.focus_lps_mm
        scale = self.mm_per_px(size_px)
        right = offset @ self.right_lps / scale + size_px[0] / 2
        down = -(offset @ self.up_lps) / scale + size_px[1] / 2
        return np.stack([right, down], axis=-1)

    def ray_from_px(self, x_px: float, y_px: float, size_px: SizePx) -> tuple[FloatArray, FloatArray]:
        """Return a point in the focal plane under a pixel, and the direction away from the eye."""
        scale = self.mm_per_px(size_px)
        shift = (x_px - size_px[0] / 2) * scale * self.right_lps - (y_px - size_px[1] / 2) * scale * self.up_lps
        return self.focus_lps_mm + shift, -self.toward_eye_lps

    def apply(self, renderer: vtkRenderer) -> None:
        """Let a renderer look from here."""
        camera = renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*self.focus_lps_mm)
        camera.SetPosition(*(self.focus_lps_mm + 1000.0 * self.toward_eye_lps))
        camera.SetViewUp(*self.up_lps)
        camera.SetParallelScale(self.half_height_mm)
        renderer.ResetCameraClippingRange()


def bounds_of_surfaces(surfaces: Iterable[Surface]) -> FloatArray | None:
    """Return the box around surfaces (rows: x, y, z; columns: low, high), or None when there are none."""
    boxes = [(s.points_lps_mm.min(axis=0), s.points_lps_mm.max(axis=0)) for s in surfaces if len(s.points_lps_mm)]
    if not boxes:
        return None
    low = np.min([box[0] for box in boxes], axis=0)
    high = np.max([box[1] for box in boxes], axis=0)
    return np.stack([low, high], axis=1).astype(np.float64)


def rotation_about(axis: ArrayLike, angle_rad: float) -> FloatArray:
    """Return the rotation by an angle about a unit axis (Rodrigues), 3 x 3."""
    x, y, z = np.asarray(axis, dtype=np.float64)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * (cross @ cross))


def upright_camera(azimuth_deg: float, elevation_deg: float) -> OrbitCamera:
    """Return an eye turned around the patient, head up; 0, 0 is the front, a positive azimuth shows the left side.

    Examples
    --------
    >>> upright_camera(90.0, 0.0).right_lps.round(6).tolist()  # from the patient's left, the back is on the right
    [0.0, 1.0, 0.0]
    """
    a, e = np.radians([azimuth_deg, elevation_deg])
    toward_eye = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)]) + 0.0
    return upright(OrbitCamera.from_side(ViewSide.FRONT), toward_eye)


def upright(camera: OrbitCamera, toward_eye: FloatArray) -> OrbitCamera:
    """Return a camera that looks from a direction with the head of the patient up."""
    right = np.cross([0.0, 0.0, 1.0], toward_eye)
    right = right / np.linalg.norm(right) + 0.0
    return replace(camera, toward_eye_lps=toward_eye, up_lps=np.cross(toward_eye, right))


def _unit(vector: FloatArray) -> FloatArray:
    return vector / np.linalg.norm(vector)
