"""Label maps made elsewhere become layers: whole organs, numbered lesions, nothing moved silently."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from tests.twin.readers.volume_files import sitk_image, write_nifti
from twin.anatomy import LayerName
from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.readers.label_map import LabelMapImport, read_label_map, read_value_map
from twin.uncertainty import LabelOrigin
from twin.wording import LANGUAGES, Wording

GRID = Grid.from_spacing((40, 36, 30), (0.8, 0.9, 2.0), origin_lps_mm=(-10, -20, 30))


def flat_map() -> np.ndarray:
    """A liver block with an enclosed lesion, one half sunk into its face, vessels inside, beside and far away."""
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[5:25, 5:30, 5:30] = 1
    labels[10:14, 10:14, 10:14] = 8  # enclosed lesion
    labels[12:16, 16:20, 26:34] = 8  # bulging lesion: half of its length outside
    labels[20, 8:20, 8] = 4  # hepatic vein inside
    labels[10:12, 28:36, 18:20] = 3  # portal vein leaving the liver: mostly outside
    labels[5:25, 33, 5] = 6  # aorta apart
    labels[15:18, 10:13, 10:13] = 9  # bile duct, enclosed
    return labels


def write(path: Path, labels: np.ndarray, grid: Grid = GRID) -> Path:
    image = sitk_image(
        labels,
        spacing=tuple(float(s) for s in grid.spacing_ijk_mm),  # type: ignore[arg-type]
        origin=tuple(float(x) for x in grid.origin_lps_mm),  # type: ignore[arg-type]
        direction=grid.direction,
    )
    sitk.WriteImage(image, str(path), useCompression=True)
    return path


def notes_of(found: LabelMapImport) -> list[str]:
    return [note.message_id for note in found.notes]


def test_that_the_whole_organ_is_its_label_with_what_it_encloses_or_mostly_adjoins(tmp_path: Path) -> None:
    labels = flat_map()
    found = read_label_map(write(tmp_path / "l.nii.gz", labels), reference=GRID)
    liver = found.layers[LayerName.ORGANS].mask("liver")
    assert liver[10:14, 10:14, 10:14].all()
    assert liver[20, 8:20, 8].all()
    assert liver[15:18, 10:13, 10:13].all()
    assert not liver[10:12, 30:36, 18:20].any()
    assert not liver[5:25, 33, 5].any()
    vessels = found.layers[LayerName.VESSELS]
    assert vessels.volume_ml("portal_vein") == pytest.approx(2 * 8 * 2 * GRID.voxel_volume_ml)
    (whole,) = [n for n in found.notes if n.message_id == "problem.labels.whole_organ_assumed"]
    assert whole.parameters["organ"] == "liver"


@pytest.mark.parametrize(("depth", "is_whole"), [(2, False), (6, True)])
def test_that_half_of_the_surface_decides(tmp_path: Path, depth: int, is_whole: bool) -> None:
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[5:25, 5:30, 5:20] = 1
    labels[10:16, 12:20, 20 - depth : 28 - depth] = 8
    found = read_label_map(write(tmp_path / "l.nrrd", labels))
    assert found.layers[LayerName.ORGANS].mask("liver")[12, 15, 20 - depth] == is_whole


def test_that_lesions_are_numbered_by_falling_volume_and_kept_apart(tmp_path: Path) -> None:
    labels = flat_map()
    found = read_label_map(write(tmp_path / "l.nii.gz", labels))
    lesions = found.layers[LayerName.LESIONS]
    assert lesions.structure_ids() == ("lesion-1", "lesion-2")
    assert lesions.volume_ml("lesion-1") > lesions.volume_ml("lesion-2") > 0
    assert (lesions.voxels[13, 17, 30], lesions.voxels[12, 12, 12]) == (1, 2)


def test_that_every_structure_carries_the_uncertainty_of_imported_labels(tmp_path: Path) -> None:
    found = read_label_map(write(tmp_path / "l.nii.gz", flat_map()))
    for layer in found.layers.values():
        assert set(layer.uncertainties) == set(layer.structure_ids())
        assert {u.origin for u in layer.uncertainties.values()} == {LabelOrigin.IMPORTED}
        assert all(u.is_assumed for u in layer.uncertainties.values())


def test_that_a_gallbladder_beside_the_liver_is_no_liver(tmp_path: Path) -> None:
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[5:25, 5:30, 5:20] = 1
    labels[10:14, 12:16, 16:20] = 9
    found = read_label_map(write(tmp_path / "l.nii.gz", labels))
    assert not found.layers[LayerName.ORGANS].mask("liver")[10:14, 12:16, 16:20].any()


def test_that_an_organ_given_apart_is_taken_as_it_is(tmp_path: Path) -> None:
    whole = np.zeros(GRID.shape_kji, np.uint8)
    whole[4:26, 4:31, 4:34] = 1
    found = read_label_map(
        write(tmp_path / "l.nii.gz", flat_map()),
        reference=GRID,
        organ_files={"liver": write(tmp_path / "liver.nii.gz", whole)},
    )
    np.testing.assert_array_equal(found.layers[LayerName.ORGANS].mask("liver"), whole != 0)
    assert "problem.labels.whole_organ_assumed" not in notes_of(found)


def test_that_the_body_holds_the_organs_and_its_inside(tmp_path: Path) -> None:
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[:, 2:34, 2:38] = 16
    labels[:, 3:33, 3:37] = 0  # an outline only, open above and below
    labels[5:25, 8:28, 8:30] = 1
    labels[:, 30:32, 18:22] = 15
    found = read_label_map(write(tmp_path / "l.nii.gz", labels))
    context = found.layers[LayerName.CONTEXT]
    assert context.mask("skin")[:, 2:34, 2:38].all()
    assert not context.mask("skin")[:, :2].any()
    assert context.mask("bone")[0, 31, 20]
    assert "problem.labels.body_completed" in notes_of(found)


def test_that_values_are_explained_by_a_file_of_correspondences(tmp_path: Path) -> None:
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[5:25, 5:30, 5:20] = 33
    labels[5:25, 5:30, 25:30] = 40
    labels[2, 2, 2] = 200
    path = write(tmp_path / "l.nii.gz", labels)
    with pytest.raises(InputError) as caught:
        read_label_map(path)
    assert caught.value.message_id == "error.labels.unknown_values"
    assert caught.value.parameters["values"] == "33, 40, 200"
    (tmp_path / "map.json").write_text(json.dumps({"33": "liver", "40": None}))
    found = read_label_map(path, value_map=read_value_map(tmp_path / "map.json"))
    assert found.layers[LayerName.ORGANS].structure_ids() == ("liver",)
    (left_out,) = [n for n in found.notes if n.message_id == "problem.labels.left_out"]
    assert left_out.parameters["values"] == "200"


@pytest.mark.parametrize(
    ("content", "message_id"),
    [
        ("{", "error.labels.bad_map"),
        ("[1, 2]", "error.labels.bad_map"),
        ('{"one": "liver"}', "error.labels.bad_map"),
        ('{"1": "heart"}', "error.labels.unknown_structure"),
        ('{"1": "couinaud_1"}', "error.labels.unknown_structure"),
    ],
)
def test_that_a_bad_file_of_correspondences_is_refused(tmp_path: Path, content: str, message_id: str) -> None:
    (tmp_path / "map.json").write_text(content)
    with pytest.raises(InputError) as caught:
        read_value_map(tmp_path / "map.json")
    assert caught.value.message_id == message_id


def test_that_labels_on_another_grid_are_refused_and_resampled_only_when_asked(tmp_path: Path) -> None:
    coarse = Grid.from_spacing((20, 18, 30), (1.6, 1.8, 2.0), origin_lps_mm=(-9.6, -19.55, 30))
    labels = np.zeros(coarse.shape_kji, np.uint8)
    labels[5:25, 3:15, 3:15] = 1
    path = write(tmp_path / "l.nii.gz", labels, coarse)
    with pytest.raises(GeometryError) as caught:
        read_label_map(path, reference=GRID)
    assert caught.value.message_id == "error.labels.other_space"
    assert caught.value.exit_code == 4
    assert "nombre de voxels" in Wording("fr").error(caught.value)
    found = read_label_map(path, reference=GRID, resample=True)
    assert found.grid is GRID
    assert "problem.labels.resampled" in notes_of(found)
    exact_ml = np.count_nonzero(labels) * coarse.voxel_volume_ml
    assert found.layers[LayerName.ORGANS].volume_ml("liver") == pytest.approx(exact_ml, rel=0.02)


@pytest.mark.parametrize("axes", ["RAS", "LAS", "PIR", "SLP"])
def test_that_axes_in_another_order_are_put_right_without_loss(tmp_path: Path, axes: str) -> None:
    labels = flat_map()
    image = sitk.DICOMOrient(sitk_image(labels), axes)
    sitk.WriteImage(image, str(tmp_path / "l.nii.gz"))
    straight = read_label_map(write(tmp_path / "s.nii.gz", labels), reference=GRID)
    turned = read_label_map(tmp_path / "l.nii.gz", reference=GRID)
    for name, layer in straight.layers.items():
        np.testing.assert_array_equal(turned.layers[name].voxels, layer.voxels)
    assert "problem.labels.reoriented" in notes_of(turned)


def test_that_a_file_without_units_is_taken_where_it_falls_on_its_scan(tmp_path: Path) -> None:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GRID.affine_lps_mm
    path = write_nifti(tmp_path / "l.nii", flat_map(), affine, unit=0)
    found = read_label_map(path, reference=GRID)
    assert LayerName.ORGANS in found.layers
    with pytest.raises(InputError) as caught:
        read_label_map(path)
    assert caught.value.message_id == "error.import.nifti_without_units"
    other = Grid.from_spacing((30, 30, 20), (1, 1, 3))
    with pytest.raises(InputError) as caught:
        read_label_map(path, reference=other, resample=True)
    assert caught.value.message_id == "error.import.nifti_without_units"


def test_that_labels_with_decimals_or_below_zero_are_refused(tmp_path: Path) -> None:
    for number, bad in enumerate((0.5, -1.0)):
        labels = flat_map().astype(np.float32)
        labels[0, 0, 0] = bad
        with pytest.raises(InputError) as caught:
            read_label_map(write(tmp_path / f"{number}.nrrd", labels))
        assert caught.value.message_id == "error.labels.not_whole_numbers"
    whole = read_label_map(write(tmp_path / "whole.nrrd", flat_map().astype(np.float32)))
    assert LayerName.LESIONS in whole.layers


def test_that_an_empty_map_and_a_wrong_organ_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "l.nii.gz", np.zeros(GRID.shape_kji, np.uint8))
    with pytest.raises(InputError) as caught:
        read_label_map(path)
    assert caught.value.message_id == "error.labels.empty"
    with pytest.raises(InputError) as caught:
        read_label_map(path, organ_files={"portal_vein": path})
    assert caught.value.message_id == "error.labels.not_an_organ"


def test_that_notes_are_worded_in_both_languages(tmp_path: Path) -> None:
    found = read_label_map(write(tmp_path / "l.nii.gz", flat_map()), reference=GRID)
    for language, word in zip(LANGUAGES, ("Foie", "Liver"), strict=True):
        lines = [Wording(language).text(note.message_id, **note.parameters) for note in found.notes]
        assert all("{" not in line and "problem." not in line for line in lines)
        assert any(word in line for line in lines)
