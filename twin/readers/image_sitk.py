"""Volumes in NIfTI, NRRD and MetaImage files (adapter of SimpleITK, which reads the latter two)."""

# mypy: disallow-untyped-calls=False
from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from twin.errors import InputError
from twin.provenance import Provenance
from twin.readers.image_file import ImageFile, LengthUnit, image_file
from twin.readers.image_nifti import read_nifti
from twin.readers.problem import Problem, Severity
from twin.volume import Modality, Quantity, Volume

__all__ = ["IMAGE_SUFFIXES", "is_image_file", "read_image", "read_image_file", "volume_of_image"]

IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")

_READER_VERSION = "1"
_logger = logging.getLogger(__name__)
_TEXT_HEADER_BYTES = 64 * 1024
_MOST_VOXELS = 2 * 1024**3  # a header that states more is damaged, and would fill the memory
# Negative signal does not exist in MR magnitude images, while every CT of a body holds fat and air.
_CT_BELOW_HU = -50.0
_LEAST_CT_SHARE = 0.001
_FEWEST_GREY_VALUES = 32
_BELOW_ANY_TISSUE_HU = -1500.0
_AIR_HU = -1024


def is_image_file(path: Path) -> bool:
    """Tell from its name whether a file holds a volume of a format other than DICOM."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)


def read_image(path: Path, *, units: LengthUnit | None = None, modality: Modality | None = None) -> Volume:
    """Read a NIfTI, NRRD or MetaImage file as a volume; :func:`volume_of_image` says what is assumed.

    Raises
    ------
    InputError
        When the file cannot be used; see :func:`read_image_file`.
    """
    volume, _ = volume_of_image(path, read_image_file(path, units=units), modality=modality)
    return volume


def read_image_file(path: Path, *, units: LengthUnit | None = None, needs_units: bool = True) -> ImageFile:
    """Read voxels and grid of a volume file.

    Parameters
    ----------
    path
        NIfTI, NRRD or MetaImage.
    units
        Unit of a NIfTI file that says none.
    needs_units
        False where the caller proves the unit by other means.

    Raises
    ------
    InputError
        Absent, unreadable, truncated or no such format; no orientation; NIfTI without units; several volumes or
        colours; absurd or sheared grid; voxels that are no numbers.
    """
    if not path.is_file():
        raise InputError("error.import.not_found", path=path.name)
    if path.name.lower().endswith((".nii", ".nii.gz")):
        image = read_nifti(path, units=units, needs_units=needs_units)
    else:
        image = _read_with_itk(path)
    if image.voxels.dtype.kind == "f" and not np.isfinite(image.voxels).all():
        raise InputError("error.import.not_finite", file=path.name)
    return image


def volume_of_image(
    path: Path, image: ImageFile, *, modality: Modality | None = None, volume_id: str = "volume-1"
) -> tuple[Volume, tuple[Problem, ...]]:
    """Return a volume file as a volume, and what had to be assumed about it.

    These formats do not say what the scanner was. Unless ``modality`` is given, values below -50 in at least one
    voxel of a thousand make it a CT in Hounsfield units; otherwise the modality stays unknown.
    """
    name = path.name
    problems = list(image.problems)
    kind = modality
    if kind is None:
        is_ct = bool((image.voxels < _CT_BELOW_HU).mean() >= _LEAST_CT_SHARE)
        kind = Modality.CT if is_ct else Modality.UNKNOWN
        message_id = "problem.image.taken_as_ct" if is_ct else "problem.image.modality_unknown"
        problems.append(Problem(Severity.WARNING, message_id, {"file": name}, name))
    if kind is not Modality.CT and _looks_like_labels(image.voxels):
        problems.append(Problem(Severity.WARNING, "problem.image.looks_like_labels", {"file": name}, name))
    is_ct = kind is Modality.CT
    volume = Volume(
        id=volume_id,
        grid=image.grid,
        voxels=_hounsfield(image.voxels) if is_ct else _signal(image.voxels),
        quantity=Quantity.HOUNSFIELD if is_ct else Quantity.SIGNAL,
        modality=kind,
        provenance=Provenance("reader.image", _READER_VERSION, {}, {"file": _sha256(path)}),
    )
    return volume, tuple(problems)


def _hounsfield(voxels: NDArray[Any]) -> NDArray[np.int16]:
    """Whole Hounsfield units; what lies below any tissue marks the outside of the field of view."""
    limits = np.iinfo(np.int16)
    values = np.where(voxels < _BELOW_ANY_TISSUE_HU, _AIR_HU, voxels)
    return np.asarray(np.clip(np.rint(values), limits.min, limits.max).astype(np.int16))


def _signal(voxels: NDArray[Any]) -> NDArray[Any]:
    if voxels.dtype.kind in "iu":
        low, high = int(voxels.min()), int(voxels.max())
        for dtype in (np.int16, np.uint16):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return voxels.astype(dtype)
    return voxels.astype(np.float32)


def _looks_like_labels(voxels: NDArray[Any]) -> bool:
    if voxels.dtype.kind not in "iu" or not 0 <= int(voxels.min()) <= int(voxels.max()) < 256:
        return False
    return bool(np.count_nonzero(np.bincount(voxels.ravel())) < _FEWEST_GREY_VALUES)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_with_itk(path: Path) -> ImageFile:
    name = path.name
    problems, unit = _text_header_problems(path)
    try:
        with _quiet_itk():
            reader = sitk.ImageFileReader()
            reader.SetFileName(str(path))
            reader.ReadImageInformation()
            if math.prod(reader.GetSize()) > _MOST_VOXELS:
                raise InputError("error.import.damaged_header", file=name)
            image = reader.Execute()
            voxels = sitk.GetArrayFromImage(image)
    except RuntimeError as error:
        _logger.debug("SimpleITK cannot read a volume")
        raise InputError("error.import.truncated_or_unknown", file=name) from error
    if image.GetNumberOfComponentsPerPixel() != 1 or voxels.dtype.kind not in "iuf":
        raise InputError("error.import.unknown_voxel_type", file=name)
    if image.GetDimension() != 3:
        raise InputError("error.import.not_one_volume", file=name)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine[:3] *= unit.in_mm
    return image_file(voxels, affine, name, problems)


@contextlib.contextmanager
def _quiet_itk() -> Iterator[None]:
    """Keep warnings of ITK off the terminal: what matters is raised."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _text_header_problems(path: Path) -> tuple[tuple[Problem, ...], LengthUnit]:
    """Check in the text header what ITK passes over: NRRD without space, lengths that are not millimetres."""
    name = path.name
    try:
        with path.open("rb") as stream:
            text = stream.read(_TEXT_HEADER_BYTES).decode("latin-1")
    except OSError as error:
        raise InputError("error.import.unreadable", file=name) from error
    if not name.lower().endswith((".nrrd", ".nhdr")):
        if re.search(r"^(TransformMatrix|Orientation|Rotation)\s*=", text, re.MULTILINE):
            return (), LengthUnit.MILLIMETRE
        return (Problem(Severity.WARNING, "problem.image.axes_assumed", {"file": name}, name),), LengthUnit.MILLIMETRE
    if not text.startswith("NRRD"):
        raise InputError("error.import.not_an_image", file=name)
    header = text.split("\n\n")[0].split("\r\n\r\n")[0]
    if not re.search(r"^space:\s*(left|right|LPS|RAS|LAS)", header, re.MULTILINE):
        raise InputError("error.import.no_orientation", file=name)
    declared = re.search(r"^space units:(.*)$", header, re.MULTILINE)
    units = set(re.findall(r'"([^"]*)"', declared[1])) - {""} if declared else set()
    if len(units) > 1 or not units <= set(LengthUnit):
        raise InputError("error.import.unknown_units", file=name)
    return (), LengthUnit(units.pop()) if units else LengthUnit.MILLIMETRE
