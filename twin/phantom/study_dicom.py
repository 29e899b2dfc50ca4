"""Write a phantom as a DICOM study, with pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from twin.phantom.identifiers import phantom_uid
from twin.phantom.individual import SCAN_DATE
from twin.phantom.phantom import Phantom
from twin.phantom.recipe import BodyPart
from twin.volume import ContrastPhase

__all__ = ["write_dicom"]

_INTERCEPT_HU = -1024


def write_dicom(phantom: Phantom, folder: Path, *, has_localizer: bool = False) -> tuple[Path, ...]:
    """Write one CT series into a folder (made if absent); return its files from foot to head.

    Phantoms of one individual in several phases make several series of one study: give each its own folder.

    Parameters
    ----------
    phantom
        Its volume is written as it is: HU with a rescale intercept of -1024, 12 bits stored.
    folder
        Receives ``IM0001.dcm`` and so on.
    has_localizer
        Also write a coronal scout view (``LOC.dcm``, a series of its own), as scanners send it.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k in range(phantom.volume.grid.size_ijk[2]):
        path = folder / f"IM{k + 1:04d}.dcm"
        _slice(phantom, k).save_as(path, enforce_file_format=True)
        paths.append(path)
    if has_localizer:
        path = folder / "LOC.dcm"
        _localizer(phantom).save_as(path, enforce_file_format=True)
        paths.append(path)
    return tuple(paths)


def _slice(phantom: Phantom, k: int) -> FileDataset:
    grid = phantom.volume.grid
    dataset = _blank(phantom, f"slice {k}")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesInstanceUID = phantom.volume.series_uid
    is_arterial = phantom.volume.phase is ContrastPhase.ARTERIAL
    dataset.SeriesNumber = "2" if is_arterial else "3"
    dataset.SeriesDescription = f"{phantom.recipe.body_part.value} {'arterial' if is_arterial else 'portal venous'}"
    dataset.InstanceNumber = str(k + 1)
    position = grid.lps_from_ijk((0, 0, k))
    dataset.ImagePositionPatient = [f"{value:.6g}" for value in position]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SliceLocation = f"{position[2]:.6g}"
    dataset.SliceThickness = f"{phantom.volume.nominal_thickness_mm:g}"
    dataset.SpacingBetweenSlices = f"{grid.slice_thickness_mm:.6g}"
    _add_pixels(dataset, phantom.volume.voxels[k], grid.spacing_ijk_mm[1], grid.spacing_ijk_mm[0])
    return dataset


def _localizer(phantom: Phantom) -> FileDataset:
    """A coronal projection: mean of the body along y, from head to foot."""
    grid = phantom.volume.grid
    dataset = _blank(phantom, "localizer")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.SeriesInstanceUID = phantom_uid(phantom.recipe.hash, "localizer series")
    dataset.SeriesNumber = "1"
    dataset.SeriesDescription = "scout"
    dataset.InstanceNumber = "1"
    n_k, n_j, _ = phantom.volume.voxels.shape
    position = grid.lps_from_ijk((0, n_j // 2, n_k - 1))
    dataset.ImagePositionPatient = [f"{value:.6g}" for value in position]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "0", "-1"]
    dataset.SliceThickness = f"{n_j * float(grid.spacing_ijk_mm[1]):.6g}"
    projection = phantom.volume.voxels.mean(axis=1, dtype=np.float32)[::-1]
    _add_pixels(dataset, np.rint(projection), grid.spacing_ijk_mm[2], grid.spacing_ijk_mm[0])
    del dataset.RescaleType  # a mean along the ray is no Hounsfield value of a place
    return dataset


def _blank(phantom: Phantom, image: str) -> FileDataset:
    """Return an image with everything but its series, place and pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(phantom_uid(phantom.recipe.hash, image))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(phantom_uid("twinsight", "implementation"))
    meta.ImplementationVersionName = "TWINSIGHT"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _add_patient_and_study(dataset, phantom)
    _add_equipment(dataset, phantom)
    return dataset


def _add_patient_and_study(dataset: Dataset, phantom: Phantom) -> None:
    identity = phantom.identity
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = identity.name
    dataset.PatientID = identity.patient_id
    dataset.PatientBirthDate = identity.birth_date
    dataset.PatientSex = identity.sex
    dataset.PatientAge = f"{int(SCAN_DATE[:4]) - int(identity.birth_date[:4]):03d}Y"
    dataset.PatientSize = f"{phantom.individual.height_cm / 100:.2f}"
    dataset.PatientWeight = str(phantom.individual.weight_kg)
    dataset.PatientComments = "Computed phantom, no person"
    dataset.StudyInstanceUID = phantom_uid(phantom.recipe.anatomy_hash, "study")
    dataset.StudyID = "1"
    dataset.StudyDate = SCAN_DATE
    dataset.StudyTime = "100000"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = f"Phantom {phantom.recipe.body_part.value}"


def _add_equipment(dataset: Dataset, phantom: Phantom) -> None:
    dataset.Modality = "CT"
    for part in ("Series", "Acquisition", "Content"):
        setattr(dataset, f"{part}Date", SCAN_DATE)
        setattr(dataset, f"{part}Time", "100500")
    dataset.BodyPartExamined = "ABDOMEN" if phantom.recipe.body_part is BodyPart.ABDOMEN else "THIGH"
    if phantom.recipe.body_part is BodyPart.THIGH:
        dataset.Laterality = "R"
    dataset.PatientPosition = "HFS"
    dataset.Manufacturer = "TwinSight"
    dataset.ManufacturerModelName = "Phantom"
    dataset.KVP = "120"
    dataset.ConvolutionKernel = "SOFT"
    dataset.ContrastBolusAgent = "Iodinated contrast (computed)"
    dataset.FrameOfReferenceUID = phantom.volume.grid.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    dataset.AcquisitionNumber = "1"


def _add_pixels(dataset: Dataset, values_hu: NDArray[np.generic], row_mm: float, column_mm: float) -> None:
    """Add an image given in HU; ``row_mm`` and ``column_mm`` are the distances between rows and columns."""
    dataset.PixelSpacing = [f"{row_mm:.6g}", f"{column_mm:.6g}"]
    dataset.Rows, dataset.Columns = values_hu.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept = str(_INTERCEPT_HU)
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    stored = values_hu.astype(np.int32) - _INTERCEPT_HU
    dataset.PixelData = np.clip(stored, 0, 4095).astype("<u2").tobytes()
