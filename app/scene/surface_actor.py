"""One structure in the 3D scene: full surface at rest, coarse one while moving, cut by a plane on the fly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPlane, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from twin.geometry.decimation import decimated
from twin.surface import Surface

__all__ = ["SurfaceActor", "coarse_polydata", "polydata_of_surface"]

Rgb = tuple[float, float, float]
_COARSE_TRIANGLES = 6_000
_OPAQUE = 0.995


class SurfaceActor:
    """Draws a surface.

    Parameters
    ----------
    surface
        Closed surface, LPS millimetres.
    colour_rgb
        0 to 1.
    opacity
        0 to 1.
    """

    def __init__(self, surface: Surface, colour_rgb: Rgb, opacity: float) -> None:
        self.surface = surface
        self.coarse: vtkPolyData | None = None
        # A mapper for each: one that is given other polydata fills the buffers of the graphics card again.
        self._full_mapper = _mapper(polydata_of_surface(surface))
        self._coarse_mapper: vtkPolyDataMapper | None = None
        self._part_plane: vtkPlane | None = None
        self._view_plane: vtkPlane | None = None
        self._is_moving = False
        self.actor = vtkActor()
        self.actor.SetMapper(self._full_mapper)
        _paint(self.actor, colour_rgb)
        self.set_opacity(opacity)

    @property
    def is_translucent(self) -> bool:
        """True when what lies behind shines through."""
        return float(self.actor.GetProperty().GetOpacity()) < _OPAQUE

    @property
    def is_visible(self) -> bool:
        """True when it is drawn."""
        return bool(self.actor.GetVisibility())

    def set_colour(self, colour_rgb: Rgb) -> None:
        """Paint it in another colour."""
        _paint(self.actor, colour_rgb)

    def set_opacity(self, opacity: float) -> None:
        """Let what lies behind shine through; only its outside is drawn then."""
        prop = self.actor.GetProperty()
        prop.SetOpacity(opacity)
        self._cut()

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide it."""
        self.actor.SetVisibility(is_visible)

    def set_coarse_polydata(self, coarse: vtkPolyData) -> None:
        """Give the surface that is drawn while moving; made elsewhere, because it takes long."""
        if coarse is not self.coarse:
            self.coarse = coarse
            self._coarse_mapper = _mapper(coarse)
            self._cut()
            self.set_moving(self._is_moving)

    def set_moving(self, is_moving: bool) -> None:
        """Draw the coarse surface while something moves."""
        self._is_moving = is_moving
        coarse = self._coarse_mapper if is_moving else None
        self.actor.SetMapper(coarse or self._full_mapper)

    def clip(self, plane: vtkPlane | None) -> None:
        """Draw only the side the normal of the plane points to; None draws all.

        A plane that is given once may be moved afterwards: what is drawn follows.
        """
        if plane is not self._part_plane:
            self._part_plane = plane
            self._cut()

    def clip_view(self, plane: vtkPlane | None) -> None:
        """Open the surface for the eye, beside what :meth:`clip` leaves of it."""
        if plane is not self._view_plane:
            self._view_plane = plane
            self._cut()

    def _cut(self) -> None:
        planes = [plane for plane in (self._part_plane, self._view_plane) if plane is not None]
        for mapper in (self._full_mapper, self._coarse_mapper):
            if mapper is not None:
                mapper.RemoveAllClippingPlanes()
                for plane in planes:
                    mapper.AddClippingPlane(plane)
        # Through a cut surface one looks at its inside.
        self.actor.GetProperty().SetBackfaceCulling(self.is_translucent and not planes)


def _mapper(polydata: vtkPolyData) -> vtkPolyDataMapper:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polydata)
    mapper.ScalarVisibilityOff()
    return mapper


def polydata_of_surface(surface: Surface) -> vtkPolyData:
    """Return a surface as VTK draws it, with normals."""
    polydata = _polydata(surface.points_lps_mm, surface.triangles)
    if surface.normals_lps is not None:
        normals = numpy_to_vtk(np.ascontiguousarray(surface.normals_lps), deep=True)
        normals.SetName("Normals")
        polydata.GetPointData().SetNormals(normals)
        return polydata
    return _with_normals(polydata, feature_angle_deg=40.0)


def coarse_polydata(surface: Surface) -> vtkPolyData:
    """Return a coarse copy of a surface, for moving; may run in any thread."""
    points, triangles = decimated(
        surface.points_lps_mm.astype(np.float64), surface.triangles.astype(np.int64), _COARSE_TRIANGLES
    )
    return _with_normals(_polydata(points, triangles), feature_angle_deg=180.0)


def _with_normals(polydata: vtkPolyData, *, feature_angle_deg: float) -> vtkPolyData:
    normals = vtkPolyDataNormals()
    normals.SetInputData(polydata)
    normals.SetFeatureAngle(feature_angle_deg)
    normals.SetSplitting(feature_angle_deg < 180.0)
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()


def _polydata(points: NDArray[np.floating], triangles: NDArray[np.integer]) -> vtkPolyData:
    vtk_points = vtkPoints()
    vtk_points.SetData(numpy_to_vtk(np.ascontiguousarray(points, dtype=np.float32), deep=True))
    cells = vtkCellArray()
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    corners = np.ascontiguousarray(triangles, dtype=np.int64).ravel()
    cells.SetData(numpy_to_vtk(offsets, deep=True), numpy_to_vtk(corners, deep=True))
    polydata = vtkPolyData()
    polydata.SetPoints(vtk_points)
    polydata.SetPolys(cells)
    return polydata


def _paint(actor: vtkActor, colour_rgb: Rgb) -> None:
    prop = actor.GetProperty()
    prop.SetColor(*colour_rgb)
    prop.SetInterpolationToPhong()
    prop.SetAmbient(0.22)
    prop.SetDiffuse(0.78)
    prop.SetSpecular(0.18)
    prop.SetSpecularPower(24)
