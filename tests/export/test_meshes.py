"""One contract for every format of surfaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lib3mf
import meshio
import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from export.glb import gltf_from_lps
from export.meshes import MeshFormat, write_meshes
from tests.export.conftest import IDENTITY_WORDS, Example
from twin.errors import GeometryError, UsageError
from twin.surface import Surface

Triangles = tuple[NDArray[np.float64], NDArray[np.int64]]
IN_ONE_FILE = (MeshFormat.GLB, MeshFormat.OBJ, MeshFormat.THREE_MF)


def _merged(points: NDArray[np.floating], triangles: NDArray[np.integer]) -> Triangles:
    """Join equal points: STL and GLB may repeat them."""
    unique, inverse = np.unique(np.round(points.astype(np.float64), 4), axis=0, return_inverse=True)
    return unique, inverse.ravel()[triangles.astype(np.int64)]


def _read_stl(path: Path, part: str) -> Triangles:
    facets = np.frombuffer(path.read_bytes()[84:], np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")]))
    return _merged(facets["c"].reshape(-1, 3), np.arange(3 * len(facets)).reshape(-1, 3))


def _read_meshio(path: Path, part: str) -> Triangles:
    mesh = meshio.read(path)
    return _merged(mesh.points, mesh.cells_dict["triangle"])


def _read_vtp(path: Path, part: str) -> Triangles:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    data = reader.GetOutput()
    triangles = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return _merged(vtk_to_numpy(data.GetPoints().GetData()), triangles)


def _read_glb(path: Path, part: str) -> Triangles:
    scene = trimesh.load(path, file_type="glb", process=False)
    transform, name = scene.graph[part]
    mesh = scene.geometry[name]
    points_m = trimesh.transform_points(mesh.vertices, transform)
    x, y, z = points_m.T  # back to LPS millimetres: P = -z, S = y
    return _merged(np.stack([x, -z, y], axis=1) * 1000.0, mesh.faces)


def _read_obj(path: Path, part: str) -> Triangles:
    points, triangles, current = [], [], ""
    for line in path.read_text().splitlines():
        kind, *rest = line.split()
        if kind == "o":
            current = rest[0]
        elif kind == "v":
            points.append([float(x) for x in rest])
        elif kind == "f" and current == part:
            triangles.append([int(x) - 1 for x in rest])
    return _merged(np.array(points), np.array(triangles))


def _read_3mf(path: Path, part: str) -> Triangles:
    model = lib3mf.get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromFile(str(path))
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    meshes = model.GetMeshObjects()
    while meshes.MoveNext():
        mesh = meshes.GetCurrentMeshObject()
        if mesh.GetName() == part:
            points = np.array([list(p.Coordinates) for p in mesh.GetVertices()])
            return _merged(points, np.array([list(t.Indices) for t in mesh.GetTriangleIndices()]))
    raise AssertionError(f"no {part}")


READERS: dict[MeshFormat, Callable[[Path, str], Triangles]] = {
    MeshFormat.STL: _read_stl,
    MeshFormat.PLY: _read_meshio,
    MeshFormat.VTU: _read_meshio,
    MeshFormat.VTP: _read_vtp,
    MeshFormat.GLB: _read_glb,
    MeshFormat.OBJ: _read_obj,
    MeshFormat.THREE_MF: _read_3mf,
}


@pytest.mark.parametrize("mesh_format", list(MeshFormat))
def test_that_every_format_keeps_surface_volume_and_side(
    example: Example, folder: Path, mesh_format: MeshFormat
) -> None:
    write_meshes(example.twin, example.split, folder, mesh_format)
    for part in example.parts:
        name = "twin" if mesh_format in IN_ONE_FILE else part.id
        points, triangles = READERS[mesh_format](folder / f"{name}.{mesh_format}", part.id)
        read = Surface(part.id, points.astype(np.float32), triangles.astype(np.int32))
        wanted = part.surface
        assert read.is_closed
        assert read.volume_ml == pytest.approx(wanted.volume_ml, rel=1e-3)  # also fails on inverted triangles
        assert read.n_triangles == pytest.approx(wanted.n_triangles, rel=0.01)
        corners_read = [points[triangles.ravel()].min(axis=0), points[triangles.ravel()].max(axis=0)]
        corners = [wanted.points_lps_mm.min(axis=0), wanted.points_lps_mm.max(axis=0)]
        assert np.allclose(corners_read, corners, atol=0.01)  # no flip, no swap, millimetres


def test_that_glb_axes_are_a_rotation_without_mirror() -> None:
    axes = gltf_from_lps(np.eye(3)) * 1000.0
    assert np.linalg.det(axes) == pytest.approx(1.0)
    left, towards_head, front = gltf_from_lps(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])) * 1000.0
    assert np.allclose([left, towards_head, front], np.eye(3))


def test_that_glb_normals_have_length_one_and_point_outwards(example: Example, folder: Path) -> None:
    liver = example.twin.surfaces["liver"]
    lost = np.array([[0.0, 0.0, 0.0]], np.float32)  # a point that no triangle uses has no normal of its own
    surface = Surface("liver", np.concatenate([liver.points_lps_mm, lost]), liver.triangles)
    (path,) = write_meshes(replace(example.twin, surfaces={"liver": surface}), None, folder, "glb")
    mesh = trimesh.load(path, file_type="glb", process=False).geometry["liver"]
    assert np.allclose(np.linalg.norm(mesh.vertex_normals, axis=1), 1.0, atol=1e-4)
    outwards = mesh.vertices - mesh.vertices[:-1].mean(axis=0)
    assert (np.einsum("ij,ij->i", mesh.vertex_normals, outwards)[:-1] > 0).all()


def test_that_glb_names_and_paints_every_part(example: Example, folder: Path) -> None:
    (path,) = write_meshes(example.twin, example.split, folder, "glb")
    content = path.read_bytes()
    length = int.from_bytes(content[12:16], "little")
    document = json.loads(content[20 : 20 + length])
    named = {node["name"] for node in document["nodes"] if "mesh" in node}
    assert named == {part.id for part in example.parts}
    materials = {material["name"]: material for material in document["materials"]}
    liver = materials["liver"]["pbrMetallicRoughness"]["baseColorFactor"]
    # #A68471 in linear light
    assert liver == pytest.approx([0.381, 0.231, 0.165, 0.35], abs=2e-3)
    assert materials["liver"]["alphaMode"] == "BLEND"
    assert materials["portal_vein"].get("alphaMode", "OPAQUE") == "OPAQUE"


def test_that_the_stl_header_says_frame_unit_and_structure(example: Example, folder: Path) -> None:
    write_meshes(example.twin, None, folder, "stl")
    header = (folder / "liver.stl").read_bytes()[:80]
    assert header.startswith(b"TwinSight SPACE=LPS UNIT=mm liver")


def test_that_obj_finds_its_materials(example: Example, folder: Path) -> None:
    write_meshes(example.twin, example.split, folder, "obj")
    wanted = [line.split()[1] for line in (folder / "twin.obj").read_text().splitlines() if "usemtl" in line]
    given = [line.split()[1] for line in (folder / "twin.mtl").read_text().splitlines() if "newmtl" in line]
    assert "mtllib twin.mtl" in (folder / "twin.obj").read_text()
    assert wanted == given


@pytest.mark.parametrize("mesh_format", list(MeshFormat))
def test_that_no_identity_is_in_a_mesh_file(example: Example, folder: Path, mesh_format: MeshFormat) -> None:
    for path in write_meshes(example.twin, example.split, folder, mesh_format):
        content = path.read_bytes()
        assert not [w for w in IDENTITY_WORDS if w.encode() in content or w in path.name]
        assert b"/tmp" not in content


def test_that_an_open_surface_is_refused(example: Example, folder: Path) -> None:
    liver = example.twin.surfaces["liver"]
    opened = Surface("liver", liver.points_lps_mm, liver.triangles[1:].copy())
    with pytest.raises(GeometryError) as refusal:
        write_meshes(replace(example.twin, surfaces={"liver": opened}), None, folder, "stl")
    assert refusal.value.message_id == "error.export.open_surface"
    assert not folder.exists()


def test_that_an_unknown_format_is_named_with_the_known_ones(example: Example, folder: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        write_meshes(example.twin, None, folder, "dwg")
    assert refusal.value.parameters["format"] == "dwg"
    assert "stl" in str(refusal.value.parameters["known"])
