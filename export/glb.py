"""Binary glTF through trimesh: metres, y up, one named and painted node for each part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from export.model import ModelPart
from export.staging import write_whole

__all__ = ["gltf_from_lps", "write_glb"]

# x = L, y = S (towards the head), z = -P (towards the front): a rotation, so left stays left. In metres.
_GLTF_M_FROM_LPS_MM = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]) * 1e-3


def gltf_from_lps(points_lps_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn LPS millimetres into glTF's metres with y up and z towards the viewer.

    Examples
    --------
    >>> gltf_from_lps(np.array([[100.0, 200.0, 300.0]])).round(3).tolist()
    [[0.1, 0.3, -0.2]]
    """
    return np.asarray(points_lps_mm.astype(np.float64) @ _GLTF_M_FROM_LPS_MM.T)


def write_glb(parts: Sequence[ModelPart], path: Path) -> None:
    """Write all parts as one GLB."""
    scene = trimesh.Scene(base_frame="twin")
    for part in parts:
        points_m = gltf_from_lps(part.surface.points_lps_mm)
        normals = _unit_normals(points_m, part.surface.triangles)
        mesh = trimesh.Trimesh(points_m, part.surface.triangles, vertex_normals=normals, process=False)
        mesh.visual = TextureVisuals(material=_material(part))  # type: ignore[no-untyped-call]
        scene.add_geometry(mesh, node_name=part.id, geom_name=part.id)
    content = scene.export(file_type="glb", include_normals=True)  # type: ignore[no-untyped-call]
    write_whole(path, content)


def _unit_normals(points_m: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return a unit normal at each point (glTF refuses others), upwards where only triangles without area meet."""
    corners = points_m[triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points_m)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], facing)
    lengths = np.linalg.norm(normals, axis=1)
    is_flat = lengths < 1e-15
    normals[is_flat], lengths[is_flat] = (0.0, 1.0, 0.0), 1.0
    return np.asarray(normals / lengths[:, None])


def _material(part: ModelPart) -> PBRMaterial:
    return PBRMaterial(  # type: ignore[no-untyped-call]
        name=part.id,
        baseColorFactor=[*_linear(part.colour_rgb), part.opacity],
        metallicFactor=0.0,
        roughnessFactor=0.7,
        alphaMode="OPAQUE" if part.opacity >= 1.0 else "BLEND",
        doubleSided=part.opacity < 1.0,
    )


def _linear(colour_rgb: tuple[float, float, float]) -> list[float]:
    """Return a screen colour (sRGB) as the linear factors that glTF wants (IEC 61966-2-1)."""
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour_rgb]
