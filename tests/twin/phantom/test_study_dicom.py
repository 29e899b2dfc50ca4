"""What is written is a valid CT study that reads back as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage

from twin.phantom import Phantom, PhantomRecipe, build_phantom, write_dicom
from twin.volume import ContrastPhase

TINY = {"size_ijk": (64, 44, 12), "spacing_ijk_mm": (6.0, 6.0, 24.0), "portal_terminals": 30, "hepatic_terminals": 30}


@pytest.fixture(scope="module")
def small() -> Phantom:
    return build_phantom(PhantomRecipe.small(2, lesions=(), **TINY))


def test_that_voxels_and_positions_read_back_equal(small: Phantom, tmp_path: Path) -> None:
    paths = write_dicom(small, tmp_path)
    grid = small.volume.grid
    assert len(paths) == grid.size_ijk[2]
    for k, path in enumerate(paths):
        image = pydicom.dcmread(path)
        values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        assert np.array_equal(values, small.volume.voxels[k])
        assert np.allclose([float(v) for v in image.ImagePositionPatient], grid.lps_from_ijk((0, 0, k)), atol=1e-3)
        assert [float(v) for v in image.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        assert np.allclose([float(v) for v in image.PixelSpacing], grid.spacing_ijk_mm[1::-1])


def test_that_every_image_has_its_own_uid_under_2_25_and_shares_the_rest(small: Phantom, tmp_path: Path) -> None:
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in write_dicom(small, tmp_path)]
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    for word in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert len({getattr(image, word) for image in images}) == 1
    for image in images:
        assert image.SOPClassUID == CTImageStorage
        assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
        assert all(
            str(uid).startswith("2.25.") and uid.is_valid and len(uid) <= 64
            for uid in (image.SOPInstanceUID, image.StudyInstanceUID, image.SeriesInstanceUID)
        )


def test_that_the_patient_is_clearly_a_phantom(small: Phantom, tmp_path: Path) -> None:
    image = pydicom.dcmread(write_dicom(small, tmp_path)[0])
    assert str(image.PatientName) == "Phantom^TwinSight"
    assert image.PatientID == "PHANTOM-2"
    assert float(image.PatientWeight) == small.facts.number("weight_kg")
    assert float(image.PatientSize) * 100 == pytest.approx(small.facts.number("height_cm"))


def test_that_phases_are_series_of_one_study(small: Phantom, tmp_path: Path) -> None:
    arterial = build_phantom(replace(small.recipe, phase=ContrastPhase.ARTERIAL))
    first = pydicom.dcmread(write_dicom(small, tmp_path / "portal")[0])
    second = pydicom.dcmread(write_dicom(arterial, tmp_path / "arterial")[0])
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.FrameOfReferenceUID == second.FrameOfReferenceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_that_a_scout_view_is_a_coronal_series_of_its_own(small: Phantom, tmp_path: Path) -> None:
    *slices, scout = (pydicom.dcmread(path) for path in write_dicom(small, tmp_path, has_localizer=True))
    assert scout.ImageType[2] == "LOCALIZER"
    assert scout.SeriesInstanceUID != slices[0].SeriesInstanceUID
    assert [float(v) for v in scout.ImageOrientationPatient] == [1, 0, 0, 0, 0, -1]
    assert scout.Rows == len(slices)
