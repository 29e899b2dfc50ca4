"""Real scans: the geometry of SimpleITK's own readers, labels that overlay their scan, and quick first slices."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from twin.anatomy import LayerName
from twin.readers.image_file import LengthUnit
from twin.readers.image_sitk import read_image_file
from twin.readers.label_map import read_label_map
from twin.readers.study import read_study
from twin.volume import ContrastPhase, Modality, Volume

pytestmark = pytest.mark.real_data

DICOM_SETS = {
    "ircadb17/dicom.zip": (512, 512, 119),
    "chaos_ct3/dicom.zip": (512, 512, 78),
    "cptac_pda/dicom.zip": (512, 512, 35),
    "tcga_lihc_mr/dicom.zip": (256, 256, 30),
    "totalsegmentator/dicom_20_slices.zip": (512, 512, 20),
}


def read_by_simpleitk(archive: Path, folder: Path) -> sitk.Image:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    holder = next(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".md", ".txt")).parent
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(holder)))
    return reader.Execute()


def check_same_points_and_voxels(volume: Volume, image: sitk.Image) -> None:
    """Every voxel of SimpleITK's image is found at the same point of space with the same value."""
    random = np.random.default_rng(3)
    indices = random.integers(0, image.GetSize(), (300, 3))
    points = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in indices])
    places = np.rint(volume.grid.ijk_from_lps(points)).astype(int)
    np.testing.assert_allclose(volume.grid.lps_from_ijk(places), points, atol=0.02)
    theirs = sitk.GetArrayFromImage(image)
    is_flipped = not np.array_equal(places[:, 2], indices[:, 2])
    theirs = theirs[::-1] if is_flipped else theirs
    padding = theirs < -1500 if volume.modality is Modality.CT else np.zeros(theirs.shape, bool)
    np.testing.assert_array_equal(volume.voxels[~padding], theirs[~padding])
    assert (volume.voxels[padding] == -1024).all()


@pytest.mark.parametrize("name", DICOM_SETS)
def test_that_a_real_study_equals_what_simpleitk_reads(shared_data: Path, tmp_path: Path, name: str) -> None:
    study = read_study(shared_data / name)
    assert len(study.importable) == len(study.series) == 1
    volume = study.suggested_series.load()
    assert volume.grid.size_ijk == DICOM_SETS[name]
    assert np.linalg.det(volume.grid.direction) == pytest.approx(1.0)
    check_same_points_and_voxels(volume, read_by_simpleitk(shared_data / name, tmp_path))
    middle = study.suggested_series.middle_slice()
    np.testing.assert_array_equal(middle.voxels, volume.voxels[middle.k])


@pytest.mark.parametrize(
    "name",
    [
        "btcv/btcv_00_ct.nii.gz",
        "chaos_mr/chaos_02_mr.nii.gz",
        "spl_atlas/ct_hu.nii.gz",
        "totalsegmentator/example_ct_sm.nii.gz",
        "totalsegmentator/example_mr_sm.nii.gz",
        "msd8_couinaud/MSD-011_vessel.nii.gz",
        pytest.param("panorama/101569_00001.nii.gz", marks=pytest.mark.slow),
    ],
)
def test_that_a_real_nifti_equals_what_simpleitk_reads(shared_data: Path, name: str) -> None:
    path = shared_data / name
    read = read_image_file(path, units=LengthUnit.MILLIMETRE)
    image = sitk.ReadImage(str(path))
    random = np.random.default_rng(5)
    theirs = sitk.GetArrayFromImage(image)
    for index in random.integers(0, image.GetSize(), (200, 3)).tolist():
        point = np.array(image.TransformIndexToPhysicalPoint(index))
        i, j, k = np.rint(read.grid.ijk_from_lps(point)).astype(int)
        np.testing.assert_allclose(read.grid.lps_from_ijk((i, j, k)), point, atol=0.02)
        assert read.voxels[k, j, i] == theirs[index[2], index[1], index[0]]
    assert read.voxels.sum(dtype=np.float64) == theirs.sum(dtype=np.float64)


def test_that_labels_of_a_real_case_overlay_its_scan_and_give_the_whole_liver(shared_data: Path) -> None:
    folder = shared_data / "ircadb17"
    volume = read_study(folder / "dicom.zip").suggested_series.load()
    found = read_label_map(folder / "labels.nii.gz", reference=volume.grid)
    bone = found.layers[LayerName.CONTEXT].mask("bone")
    assert np.median(volume.voxels[bone]) > 200
    assert bone[volume.voxels > 400].mean() > 0.7  # a shift by a few millimetres would show here
    lesions = found.layers[LayerName.LESIONS]
    sizes_ml = [lesions.volume_ml(name) for name in lesions.structure_ids()]
    assert sizes_ml == pytest.approx([85.6, 78.6], abs=0.2)
    whole = read_label_map(folder / "liver_whole.nii.gz", reference=volume.grid)
    truth = whole.layers[LayerName.ORGANS].mask("liver")
    liver = found.layers[LayerName.ORGANS].mask("liver")
    liver_ml = found.layers[LayerName.ORGANS].volume_ml("liver")
    truth_ml = whole.layers[LayerName.ORGANS].volume_ml("liver")
    dice = 2 * np.count_nonzero(liver & truth) / (np.count_nonzero(liver) + np.count_nonzero(truth))
    print(f"whole liver: {liver_ml:.0f} ml by the rule, {truth_ml:.0f} ml by hand, Dice {dice:.3f}")
    assert truth_ml == pytest.approx(1861, abs=1)
    assert liver_ml == pytest.approx(truth_ml, rel=0.03)
    assert dice > 0.98
    given = read_label_map(
        folder / "labels.nii.gz", reference=volume.grid, organ_files={"liver": folder / "liver_whole.nii.gz"}
    )
    assert given.layers[LayerName.ORGANS].volume_ml("liver") == pytest.approx(truth_ml)


def test_that_labels_of_the_other_real_case_overlay_its_liver(shared_data: Path) -> None:
    folder = shared_data / "chaos_ct3"
    volume = read_study(folder / "dicom.zip").suggested_series.load()
    found = read_label_map(folder / "labels.nii.gz", reference=volume.grid)
    liver = found.layers[LayerName.ORGANS].mask("liver")
    assert found.layers[LayerName.ORGANS].volume_ml("liver") == pytest.approx(1417, abs=3)
    assert 80 < np.median(volume.voxels[liver]) < 200
    assert volume.voxels[liver].std() < 60


def test_that_the_header_proposes_the_portal_phase_from_its_times(shared_data: Path) -> None:
    series = read_study(shared_data / "totalsegmentator/dicom_20_slices.zip").suggested_series
    assert (series.phase, series.phase_source) == (ContrastPhase.PORTAL, "timing")


def test_that_one_missing_file_of_a_real_study_is_named(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "ircadb17/dicom.zip") as opened:
        opened.extractall(tmp_path)
    (tmp_path / "image_60").unlink()
    series = read_study(tmp_path).suggested_series
    assert [p.message_id for p in series.problems] == ["problem.series.missing_slices_filled"]
    assert series.grid is not None
    assert series.grid.size_ijk[2] == 119
    content = (tmp_path / "image_80").read_bytes()
    (tmp_path / "image_80").write_bytes(content[: len(content) // 2])
    ids = {p.message_id for p in read_study(tmp_path).all_problems}
    assert {"problem.series.missing_slices_filled", "problem.series.some_truncated", "problem.file.truncated"} == ids
