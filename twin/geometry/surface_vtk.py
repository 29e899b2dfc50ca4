"""Closed, smooth triangle surfaces from masks, with VTK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import (
    vtkCellArray,
    vtkImageData,
    vtkPlane,
    vtkPlaneCollection,
    vtkPolyData,
)
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkWindowedSincPolyDataFilter
from vtkmodules.vtkFiltersGeneral import vtkClipClosedSurface

from twin.box import Box
from twin.errors import GeometryError
from twin.geometry.decimation import decimated
from twin.geometry.distance_edt import signed_distance_mm
from twin.grid import Grid
from twin.surface import Surface

__all__ = ["clipped_by_planes", "smooth_field", "surface_of_field", "surface_of_mask"]

# Windowed sinc smoothing (Taubin, Zhang and Golub 1996) flattens the steps of the voxels without shrinking;
# the pass band is given in the filter's normalised frequency. Found by eye on livers and vessel trees.
_PASS_BAND = 0.03
_LIGHT_PASS_BAND = 0.06  # keeps the edge of a cut
_ITERATIONS = 25
_BLUR_STEPS = 1.2
# A vessel one voxel wide keeps 0.62 of its value at the centre, so it survives the level 0.5.
_THIN_BLUR_STEPS = 0.5
_LARGEST_SLICE_SPLIT = 6


def surface_of_mask(
    mask: NDArray[np.bool_],
    grid: Grid,
    structure_id: str,
    *,
    target_triangles: int | None = None,
    working_mm: float = 1.4,
    is_thin: bool = False,
    labels_hash: str = "",
) -> Surface:
    """Return the closed, smooth surface of a mask in patient space (LPS mm).

    The mask may touch the border of the scan: it is closed there. The volume inside is brought back to
    that of the voxels by moving the points along their normals, by half a voxel at most.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    grid
        Where the voxels of the mask are.
    structure_id
        Name the surface carries.
    target_triangles
        About how many triangles to keep; None keeps them all.
    working_mm
        Voxels finer than this are averaged first (they bring triangles, not shape). Slices thicker than the
        pixels are interpolated by their distance to the boundary.
    is_thin
        True for vessels and ducts: no averaging and the least blur, so that nothing thin is lost.
    labels_hash
        Carried by the surface.

    Raises
    ------
    GeometryError
        ``error.surface.empty`` when the mask holds no voxel.

    Examples
    --------
    >>> grid = Grid.from_spacing((20, 20, 20), (1, 1, 1))
    >>> ball = ((np.indices((20, 20, 20)) - 10) ** 2).sum(axis=0) <= 49
    >>> surface = surface_of_mask(ball, grid, "liver")
    >>> surface.is_closed, bool(abs(surface.volume_ml / (ball.sum() / 1000) - 1) < 0.01)
    (True, True)
    """
    box = Box.around(mask)
    if box is None:
        raise GeometryError("error.surface.empty", structure=structure_id)
    inside, inside_grid = mask[box.slices], grid.cropped(box)
    label_ml = float(np.count_nonzero(inside)) * grid.voxel_volume_ml
    field, field_grid = smooth_field(inside, inside_grid, working_mm=working_mm, is_thin=is_thin)
    points, triangles = _level_set(field, field_grid.spacing_ijk_mm, _PASS_BAND)
    # The points are millimetres along i, j, k of the field: still a right-handed, orthonormal frame.
    points = _with_volume(points, triangles, label_ml, 0.5 * float(grid.spacing_ijk_mm.max()))
    if target_triangles is not None and target_triangles < len(triangles):
        points, triangles = decimated(points, triangles, target_triangles)
        points = _with_volume(points, triangles, label_ml, 0.25 * float(grid.spacing_ijk_mm.max()))
    return _placed(points, triangles, field_grid, structure_id, labels_hash)


def surface_of_field(
    field: NDArray[np.float32],
    grid: Grid,
    structure_id: str,
    *,
    target_triangles: int | None = None,
    labels_hash: str = "",
) -> Surface:
    """Return the closed surface around the part of a field above 0.5; the outermost samples must lie below.

    Parameters
    ----------
    field
        float32 ``[k, j, i]``, e.g. combined from :func:`smooth_field` and the depth of a cut.
    grid
        Where its samples are.
    structure_id, target_triangles, labels_hash
        As in :func:`surface_of_mask`.

    Raises
    ------
    GeometryError
        ``error.surface.empty`` when nothing lies above.
    """
    points, triangles = _level_set(field, grid.spacing_ijk_mm, _LIGHT_PASS_BAND)
    if len(triangles) == 0:
        raise GeometryError("error.surface.empty", structure=structure_id)
    if target_triangles is not None and target_triangles < len(triangles):
        points, triangles = decimated(points, triangles, target_triangles)
    return _placed(points, triangles, grid, structure_id, labels_hash)


def smooth_field(
    mask: NDArray[np.bool_], grid: Grid, *, working_mm: float = 1.4, is_thin: bool = False
) -> tuple[NDArray[np.float32], Grid]:
    """Return a smooth field above 0.5 inside a mask and the grid of its samples, a margin of zeros around it.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``, cropped to what it holds.
    grid
        Where its voxels are.
    working_mm, is_thin
        As in :func:`surface_of_mask`.
    """
    field, origin_ijk, step_ijk = _smooth_field(mask, grid.spacing_ijk_mm, working_mm, is_thin)
    field_grid = Grid.from_spacing(
        (field.shape[2], field.shape[1], field.shape[0]),
        step_ijk * grid.spacing_ijk_mm,
        origin_lps_mm=grid.lps_from_ijk(origin_ijk),
        direction=grid.direction,
        frame_of_reference_uid=grid.frame_of_reference_uid,
    )
    return field, field_grid


def clipped_by_planes(
    surface: Surface, planes_lps_mm: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], structure_id: str
) -> Surface:
    """Return the closed part of a surface on the positive side of every plane, with flat, sharp cut faces.

    Parameters
    ----------
    surface
        Closed.
    planes_lps_mm
        Origin (mm) and normal of each plane; the side the normals point to is kept.
    structure_id
        Name the part carries.

    Raises
    ------
    GeometryError
        ``error.surface.empty`` when nothing lies on that side.
    """
    planes = vtkPlaneCollection()
    for origin, normal in planes_lps_mm:
        plane = vtkPlane()
        plane.SetOrigin(*(float(v) for v in origin))
        plane.SetNormal(*(float(v) for v in normal))
        planes.AddItem(plane)
    clip = vtkClipClosedSurface()
    clip.SetInputData(_polydata(surface.points_lps_mm.astype(np.float64), surface.triangles))
    clip.SetClippingPlanes(planes)
    clip.SetTolerance(1e-6)
    clip.SetPassPointData(False)
    clip.Update()
    points, triangles = _arrays(clip.GetOutput())
    if len(triangles) == 0:
        raise GeometryError("error.surface.empty", structure=structure_id)
    return Surface(
        structure_id,
        np.ascontiguousarray(points, dtype=np.float32),
        np.ascontiguousarray(triangles, dtype=np.int32),
        None,  # flat shading at the edge of the cut: a shared normal would round it
        surface.labels_hash,
    )


def _placed(
    points_mm: NDArray[np.float64], triangles: NDArray[np.int64], grid: Grid, structure_id: str, labels_hash: str
) -> Surface:
    """Bring points in millimetres along i, j, k of a grid to patient space."""
    points_lps = grid.lps_from_ijk(points_mm / grid.spacing_ijk_mm)
    return Surface(
        structure_id,
        np.ascontiguousarray(points_lps, dtype=np.float32),
        np.ascontiguousarray(triangles, dtype=np.int32),
        np.ascontiguousarray(_point_normals(points_lps, triangles), dtype=np.float32),
        labels_hash,
    )


def _smooth_field(
    mask: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64], working_mm: float, is_thin: bool
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Return a field above 0.5 inside, the position (i, j, k) of its first sample and its steps in voxels."""
    factor = np.ones(3, int) if is_thin else np.maximum(np.round(working_mm / spacing_ijk_mm).astype(int), 1)
    size = np.array(mask.shape[::-1])
    factor = np.minimum(factor, np.maximum(size // 8, 1))  # never average a small structure away
    before = 3 * factor
    after = before + (-size) % factor
    field = np.pad(mask, [(before[a], after[a]) for a in (2, 1, 0)])
    averaged = _block_mean(field, factor)
    step = factor.astype(np.float64)
    origin = -before + (factor - 1) / 2.0
    step_mm = step * spacing_ijk_mm
    split = int(np.clip(round(step_mm[2] / step_mm[:2].min()), 1, _LARGEST_SLICE_SPLIT))
    if split > 1:
        averaged = _between_slices(averaged, step_mm, split)
        step[2] /= split
    blur = _THIN_BLUR_STEPS if is_thin else _BLUR_STEPS
    return _blurred(averaged, blur), origin, step


def _block_mean(mask: NDArray[np.bool_], factor_ijk: NDArray[np.int_]) -> NDArray[np.float32]:
    if (factor_ijk == 1).all():
        return mask.astype(np.float32)
    fi, fj, fk = (int(f) for f in factor_ijk)
    nk, nj, ni = (n // f for n, f in zip(mask.shape, (fk, fj, fi), strict=True))
    # One axis at a time, in small integers: the sums fit in 16 bits.
    along_i = mask.reshape(nk * fk, nj * fj, ni, fi).sum(axis=3, dtype=np.uint16)
    along_j = along_i.reshape(nk * fk, nj, fj, ni).sum(axis=2, dtype=np.uint16)
    along_k = along_j.reshape(nk, fk, nj, ni).sum(axis=1, dtype=np.uint16)
    return np.asarray(along_k, dtype=np.float32) / np.float32(fi * fj * fk)


def _between_slices(field: NDArray[np.float32], step_mm: NDArray[np.float64], split: int) -> NDArray[np.float32]:
    """Interpolate between slices by the distance to the boundary: contours move instead of jumping."""
    distance = signed_distance_mm(field >= 0.5, step_mm)
    reach_mm = float(step_mm.max())
    n_slices = field.shape[0]
    positions = np.arange((n_slices - 1) * split + 1) / split
    lower = np.minimum(positions.astype(int), n_slices - 2)
    weight = (positions - lower).astype(np.float32)[:, None, None]
    between = distance[lower] * (1 - weight) + distance[lower + 1] * weight
    return np.asarray(0.5 + 0.5 * np.clip(between / reach_mm, -1, 1), dtype=np.float32)


def _blurred(field: NDArray[np.float32], steps: float) -> NDArray[np.float32]:
    blurred = np.asarray(ndimage.gaussian_filter(field, steps, mode="nearest", truncate=3.0))
    return blurred if blurred.max() > 0.5 else field  # a structure of a voxel or two is kept as it is


def _level_set(
    field: NDArray[np.float32], step_mm: NDArray[np.float64], pass_band: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points (mm along i, j, k from the first sample) and triangles of the level 0.5, smoothed."""
    # A sample that equals the level makes triangles without area.
    values = np.where(field == np.float32(0.5), np.float32(0.5001), field)
    image = vtkImageData()
    image.SetDimensions(*values.shape[::-1])
    image.SetSpacing(*(float(s) for s in step_mm))
    image.GetPointData().SetScalars(_to_vtk(values.ravel()))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(_ITERATIONS)
    smooth.SetPassBand(pass_band)
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    points, triangles = _arrays(smooth.GetOutput())
    return points, triangles if _volume(points, triangles) > 0 else triangles[:, ::-1]


def _with_volume(
    points: NDArray[np.float64], triangles: NDArray[np.int64], volume_ml: float, limit_mm: float
) -> NDArray[np.float64]:
    """Move points along their normals, by ``limit_mm`` at most, until the volume is that of the labels."""
    moved_mm = 0.0
    for _ in range(3):
        lacking_mm3 = volume_ml * 1000.0 - _volume(points, triangles)
        corners = points[triangles]
        crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area_mm2 = 0.5 * float(np.linalg.norm(crossed, axis=1).sum())
        shift_mm = float(np.clip(moved_mm + lacking_mm3 / max(area_mm2, 1e-9), -limit_mm, limit_mm)) - moved_mm
        if abs(shift_mm) < 1e-4:
            break
        points = points + shift_mm * _point_normals(points, triangles)
        moved_mm += shift_mm
    return points


def _volume(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> float:
    a, b, c = (points[triangles[:, n]] - points[0] for n in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def _point_normals(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return unit normals at points, weighted by the area of the triangles around."""
    corners = points[triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(facing[:, a], 3), minlength=len(points)) for a in range(3)],
        axis=1,
    )
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def _polydata(points: NDArray[np.float64], triangles: NDArray[np.int32]) -> vtkPolyData:
    vtk_points = vtkPoints()
    vtk_points.SetData(_to_vtk(points))
    cells = vtkCellArray()
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    cells.SetData(_to_vtk(offsets), _to_vtk(triangles.astype(np.int64).ravel()))
    polydata = vtkPolyData()
    polydata.SetPoints(vtk_points)
    polydata.SetPolys(cells)
    return polydata


def _arrays(polydata: vtkPolyData) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if polydata.GetNumberOfPolys() == 0:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    points = _from_vtk(polydata.GetPoints().GetData()).astype(np.float64)
    return points, _from_vtk(polydata.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)


def _to_vtk(array: NDArray[Any]) -> Any:
    return numpy_to_vtk(np.ascontiguousarray(array), deep=True)  # type: ignore[no-untyped-call]


def _from_vtk(array: Any) -> NDArray[Any]:
    return np.asarray(vtk_to_numpy(array))  # type: ignore[no-untyped-call]
