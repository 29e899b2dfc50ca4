"""The NIfTI set says in other programs what the case says."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from export.nifti import projected_labels, write_nifti_set
from tests.export.conftest import IDENTITY_WORDS, Example
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.errors import GeometryError
from twin.grid import Grid
from twin.label_layer import LabelLayer


@pytest.fixture(scope="module")
def written(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nifti") / "set"
    write_nifti_set(example.case, folder)
    return folder


def _voxels(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_that_the_set_holds_the_files_of_the_design(written: Path) -> None:
    images = {p.relative_to(written).as_posix() for p in written.rglob("*.nii.gz")}
    assert images == {
        "labels.nii.gz",
        "organs/liver.nii.gz",
        "organs/pancreas.nii.gz",
        "lesions.nii.gz",
        "vessels.nii.gz",
        "couinaud.nii.gz",
    }


def test_that_every_image_read_back_lies_on_the_source_grid(written: Path, grid: Grid) -> None:
    for path in written.rglob("*.nii.gz"):
        image = sitk.ReadImage(str(path))
        assert image.GetSize() == grid.size_ijk
        for corner in ((0, 0, 0), (79, 0, 0), (0, 63, 0), (0, 0, 47)):
            found = image.TransformIndexToPhysicalPoint(corner)
            assert np.allclose(found, grid.lps_from_ijk(corner), atol=1e-3)


def test_that_the_header_says_millimetres_and_ras(written: Path, grid: Grid) -> None:
    header = gzip.decompress((written / "labels.nii.gz").read_bytes())[:352]
    assert header[123] & 0x07 == 2  # xyzt_units: millimetres
    sform_code = struct.unpack("<h", header[254:256])[0]
    rows = np.array(struct.unpack("<12f", header[280:328])).reshape(3, 4)
    assert sform_code > 0
    assert np.allclose(rows, (np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid.affine_lps_mm)[:3], atol=1e-3)


def test_that_labels_read_back_are_those_of_the_layers(written: Path, example: Example) -> None:
    organs = example.case.layer(LayerName.ORGANS)
    assert np.array_equal(_voxels(written / "organs/liver.nii.gz"), organs.mask("liver"))
    assert np.array_equal(_voxels(written / "organs/pancreas.nii.gz"), organs.mask("pancreas"))
    for name in (LayerName.LESIONS, LayerName.VESSELS, LayerName.COUINAUD):
        assert np.array_equal(_voxels(written / f"{name.value}.nii.gz"), example.case.layer(name).voxels)


def test_that_lesions_cover_ducts_cover_vessels_cover_organs_cover_context(grid: Grid) -> None:
    depth = {
        LayerName.CONTEXT: "bone",
        LayerName.ORGANS: "liver",
        LayerName.VESSELS: "portal_vein",
        LayerName.DUCTS: "bile_duct",
        LayerName.LESIONS: "lesion-3",
    }
    case = Case("a")
    for n, (name, structure_id) in enumerate(depth.items()):
        voxels = np.zeros(grid.shape_kji, np.uint8)
        voxels[:, :, n:5] = structure(structure_id).value
        case = case.with_layer(LabelLayer(name, grid, voxels))
    assert projected_labels(case)[0, 0, :6].tolist() == [15, 1, 3, 9, 8, 0]


def test_that_named_arteries_are_other_arteries_in_the_projection_alone(written: Path, example: Example) -> None:
    artery = example.case.layer(LayerName.VESSELS).mask("superior_mesenteric_artery")
    artery &= example.case.layer(LayerName.LESIONS).voxels == 0
    assert set(_voxels(written / "labels.nii.gz")[artery]) == {7}
    assert set(_voxels(written / "vessels.nii.gz")[artery]) == {74}


def test_that_the_table_names_every_value_with_code_and_both_languages(written: Path) -> None:
    table = json.loads((written / "labels.json").read_text(encoding="utf-8"))
    rows = {row["value"]: row for row in table}
    assert set(rows) == set(np.unique(_voxels(written / "labels.nii.gz")).tolist()) - {0}
    assert rows[1]["code"] == "10200004"
    assert rows[2]["names"] == {"fr": "Pancréas", "en": "Pancreas"}
    assert {row["value"] for row in json.loads((written / "couinaud.json").read_text(encoding="utf-8"))} == {6, 42}


def test_that_the_colour_table_has_the_six_columns_of_slicer(written: Path) -> None:
    rows = (written / "labels.ctbl").read_text().splitlines()[1:]
    assert rows[0] == "0 Background 0 0 0 0"
    assert all(len(row.split()) == 6 for row in rows)
    assert "1 Liver 166 132 113 255" in rows


def test_that_no_identity_is_in_the_set(written: Path) -> None:
    for path in written.rglob("*"):
        if path.is_file():
            content = gzip.decompress(path.read_bytes())[:1000] if path.suffix == ".gz" else path.read_bytes()
            assert not [w for w in IDENTITY_WORDS if w.encode() in content or w in path.name]


def test_that_the_same_case_gives_the_same_bytes(written: Path, example: Example, folder: Path) -> None:
    again = write_nifti_set(example.case, folder)
    assert all(path.read_bytes() == (written / path.relative_to(folder)).read_bytes() for path in again)


def test_that_a_case_without_labels_is_refused_and_nothing_written(folder: Path) -> None:
    with pytest.raises(GeometryError) as refusal:
        write_nifti_set(Case("empty"), folder)
    assert refusal.value.message_id == "error.export.no_labels"
    assert not folder.exists()
