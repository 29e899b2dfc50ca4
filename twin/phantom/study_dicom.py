"""Write a phantom as a DICOM study, with pydicom."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from twin.phantom.individual import SCAN_DATE
from twin.phantom.phantom import Phantom
from twin.volume import ContrastPhase

__all__ = ["phantom_uid", "write_dicom"]

_PADDING_HU = -1024


def phantom_uid(*words: object) -> UID:
    """Return a UID under 2.25 (a UUID as an integer, DICOM PS3.5 B.2) that the words determine."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def write_dicom(phantom: Phantom, folder: Path) -> tuple[Path, ...]:
    """Write one CT series into a folder (made if absent); return the files from foot to head.

    Parameters
    ----------
    phantom
        Its volume is written as it is: HU, rescale intercept -1024.
    folder
        Receives ``IM0001.dcm`` and so on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k in range(phantom.volume.grid.size_ijk[2]):
        dataset = _image(phantom, k)
        path = folder / f"IM{k + 1:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return tuple(paths)


def _image(phantom: Phantom, k: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = phantom_uid(phantom.recipe.hash, "image", k)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = phantom_uid("twinsight", "implementation")
    meta.ImplementationVersionName = "TWINSIGHT"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _add_patient_and_study(dataset, phantom)
    _add_series(dataset, phantom)
    _add_pixels(dataset, phantom, k)
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
    dataset.StudyInstanceUID = phantom_uid(phantom.recipe.hash, "study")
    dataset.StudyID = "1"
    dataset.StudyDate = SCAN_DATE
    dataset.StudyTime = "100000"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = f"Phantom {phantom.recipe.body_part.value}"


def _add_series(dataset: Dataset, phantom: Phantom) -> None:
    volume = phantom.volume
    phase = "arterial" if volume.phase is ContrastPhase.ARTERIAL else "portal venous"
    dataset.SeriesInstanceUID = volume.series_uid
    dataset.Modality = "CT"
    dataset.SeriesNumber = "2"
    dataset.SeriesDate = SCAN_DATE
    dataset.SeriesTime = "100500"
    dataset.AcquisitionDate = SCAN_DATE
    dataset.AcquisitionTime = "100500"
    dataset.ContentDate = SCAN_DATE
    dataset.ContentTime = "100500"
    dataset.SeriesDescription = f"{phantom.recipe.body_part.value} {phase}"
    dataset.BodyPartExamined = "ABDOMEN" if phantom.recipe.body_part.value == "abdomen" else "THIGH"
    dataset.PatientPosition = "HFS"
    dataset.Manufacturer = "TwinSight"
    dataset.ManufacturerModelName = "Phantom"
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.KVP = "120"
    dataset.ConvolutionKernel = "SOFT"
    dataset.ContrastBolusAgent = "Iodinated contrast (computed)"
    dataset.SliceThickness = f"{volume.nominal_thickness_mm:g}"
    dataset.FrameOfReferenceUID = volume.grid.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""


def _add_pixels(dataset: Dataset, phantom: Phantom, k: int) -> None:
    grid = phantom.volume.grid
    position = grid.lps_from_ijk((0, 0, k))
    spacing = grid.spacing_ijk_mm
    dataset.InstanceNumber = str(k + 1)
    dataset.AcquisitionNumber = "1"
    dataset.ImagePositionPatient = [f"{value:.6g}" for value in position]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SliceLocation = f"{position[2]:.6g}"
    dataset.PixelSpacing = [f"{spacing[1]:.6g}", f"{spacing[0]:.6g}"]
    dataset.SpacingBetweenSlices = f"{spacing[2]:.6g}"
    dataset.Rows, dataset.Columns = grid.size_ijk[1], grid.size_ijk[0]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept = str(_PADDING_HU)
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    stored = phantom.volume.voxels[k].astype(np.int32) - _PADDING_HU
    dataset.PixelData = np.clip(stored, 0, 4095).astype("<u2").tobytes()
