"""Scans for training: 8 bits, isotropic, with the classes that somebody labelled in them."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.training.networks.stage import LABEL_OF_CLASS
from twin.anatomy import LayerName
from twin.phantom import PhantomRecipe, build_phantom

__all__ = ["TrainingScan", "labelled_scan", "prepared_scans"]

CT_RANGE_HU = (-125.0, 275.0)  # all that the BTCV files hold; used alike when the program runs
MR_PERCENTILES = (1.0, 99.0)
N_PHANTOMS = 12
_LEAST_SHARE = 0.5
_KNOWN_CT = tuple(range(len(LABEL_OF_CLASS)))
_KNOWN_CHAOS_CT = (0, 1)
_KNOWN_CHAOS_MR = (0, 1, 7, 9)
# A phantom's portal tree reaches into the liver and its gallbladder is part of the bile ducts: not what the scans call
# so, and therefore not taught.
_KNOWN_PHANTOM = (0, 1, 2, 4, 5, 7, 8, 9)
_PHANTOM_CLASSES = {
    "inferior_vena_cava": 4,
    "aorta": 5,
    "liver": 1,
    "pancreas": 2,
    "spleen": 7,
    "stomach": 8,
    "kidney": 9,
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainingScan:
    """One scan on an upright isotropic grid, ``[k, j, i]``.

    Parameters
    ----------
    name
        Case, e.g. ``"btcv_03"``.
    source
        ``"btcv"``, ``"chaos_ct"``, ``"chaos_mr"`` or ``"phantom"``.
    image
        uint8: 0 to 255 over the range of intensities.
    classes
        uint8: class of each voxel.
    known
        Classes that were labelled in this set; the others lie unnamed in the background.
    """

    name: str
    source: str
    image: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    known: tuple[int, ...]

    @property
    def is_any_contrast(self) -> bool:
        """True where grey values mean little: MR, and phantoms, which stand in for it."""
        return self.source in ("chaos_mr", "phantom")


def prepared_scans(data: Path, work: Path, spacing_mm: float) -> list[TrainingScan]:
    """Return all scans at a spacing; the first call makes the files in ``work``, later ones read them.

    Parameters
    ----------
    data
        Folder with ``btcv``, ``chaos_ct3`` and ``chaos_mr``. No other set is touched.
    work
        Folder for the prepared files.
    spacing_mm
        Edge of the voxels.
    """
    folder = work / f"scans_{spacing_mm:g}mm"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "complete"
    if not done.exists():
        for scan in chain(_real_scans(data, spacing_mm), _phantoms(spacing_mm)):
            log.info("%s %s", scan.name, scan.image.shape)
            path = folder / f"{scan.name}.npz"
            np.savez(path, source=scan.source, image=scan.image, classes=scan.classes, known=scan.known)
        done.touch()
    return [_read(path) for path in sorted(folder.glob("*.npz"))]


def _read(path: Path) -> TrainingScan:
    with np.load(path) as data:
        known = tuple(int(c) for c in data["known"])
        return TrainingScan(path.stem, str(data["source"]), data["image"], data["classes"], known)


def _real_scans(data: Path, spacing_mm: float) -> Iterator[TrainingScan]:
    for path in sorted((data / "btcv").glob("*_ct.nii.gz")):
        name = path.name.removesuffix("_ct.nii.gz")
        labels = sitk.ReadImage(str(path.with_name(f"{name}_labels.nii.gz")))
        yield labelled_scan(name, "btcv", sitk.ReadImage(str(path)), labels, spacing_mm, _KNOWN_CT)
    labels = sitk.ReadImage(str(data / "chaos_ct3" / "labels.nii.gz"))
    ct = _dicom_image(data / "chaos_ct3" / "dicom.zip")
    yield labelled_scan("chaos_ct_3", "chaos_ct", ct, labels, spacing_mm, _KNOWN_CHAOS_CT)
    for path in sorted((data / "chaos_mr").glob("*_mr.nii.gz")):
        labels = sitk.ReadImage(str(path).replace("_mr.nii", "_labels.nii"))
        name = f"chaos_mr_{path.name.split('_')[1]}"
        yield labelled_scan(name, "chaos_mr", sitk.ReadImage(str(path)), labels, spacing_mm, _KNOWN_CHAOS_MR)


def _dicom_image(archive: Path) -> sitk.Image:
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        reader = sitk.ImageSeriesReader()
        folders = [folder, *(str(at) for at in Path(folder).rglob("*") if at.is_dir())]
        series = [(at, uid) for at in folders for uid in reader.GetGDCMSeriesIDs(at)]
        files = [reader.GetGDCMSeriesFileNames(at, uid) for at, uid in series]
        reader.SetFileNames(max(files, key=len))
        return reader.Execute()


def labelled_scan(
    name: str, source: str, image: sitk.Image, labels: sitk.Image, spacing_mm: float, known: tuple[int, ...]
) -> TrainingScan:
    """Bring a scan and its labels onto an upright isotropic grid; the other parameters are those of the result."""
    image, labels = sitk.DICOMOrient(image, "LPS"), sitk.DICOMOrient(labels, "LPS")
    reference = _isotropic(image, spacing_mm)
    values = _resampled(_smoothed(image, spacing_mm), reference, -1000.0)
    if source == "chaos_mr":
        low, high = np.percentile(values[values > 0], MR_PERCENTILES)
    else:
        low, high = CT_RANGE_HU
    return TrainingScan(name, source, _grey(values, low, high), _classes(labels, reference, known), known)


def _grey(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    grey: NDArray[np.uint8] = np.round(np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0).astype(np.uint8)
    return grey


def _isotropic(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    """Return an empty image of isotropic voxels over the same block of space."""
    old = np.array(image.GetSpacing())
    size = [max(1, int(n)) for n in np.round(np.array(image.GetSize()) * old / spacing_mm)]
    reference = sitk.Image(size, sitk.sitkFloat32)
    reference.SetSpacing([spacing_mm] * 3)
    reference.SetDirection(image.GetDirection())
    turn = np.array(image.GetDirection()).reshape(3, 3)
    reference.SetOrigin((np.array(image.GetOrigin()) + turn @ ((spacing_mm - old) / 2.0)).tolist())
    return reference


def _smoothed(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    """Smooth the axes that lose resolution, against aliasing."""
    sigma = [0.4 * spacing_mm if old < 0.8 * spacing_mm else 0.01 for old in image.GetSpacing()]
    return sitk.DiscreteGaussian(sitk.Cast(image, sitk.sitkFloat32), [s * s for s in sigma])


def _resampled(image: sitk.Image, reference: sitk.Image, outside: float) -> NDArray[np.float32]:
    return sitk.GetArrayFromImage(sitk.Resample(image, reference, sitk.Transform(), sitk.sitkLinear, outside))


def _classes(labels: sitk.Image, reference: sitk.Image, known: tuple[int, ...]) -> NDArray[np.uint8]:
    """Class that fills most of each voxel, where it fills more than half."""
    values = sitk.GetArrayFromImage(labels)
    classes = np.zeros(reference.GetSize()[::-1], np.uint8)
    best = np.full(classes.shape, _LEAST_SHARE, np.float32)
    for label_class in known[1:]:
        mask = sitk.GetImageFromArray((values == LABEL_OF_CLASS[label_class]).astype(np.float32))
        mask.CopyInformation(labels)
        share = _resampled(mask, reference, 0.0)
        more = share > best
        classes[more], best[more] = label_class, share[more]
    return classes


def _phantoms(spacing_mm: float) -> Iterator[TrainingScan]:
    """Made-up abdomens of widely varying contrast; everything in them is labelled exactly."""
    extent_mm = np.array((380.0, 260.0, 300.0))
    size = tuple(int(n) for n in np.round(extent_mm / spacing_mm))
    for seed in range(100, 100 + N_PHANTOMS):
        recipe = PhantomRecipe.small(seed, size_ijk=size, spacing_ijk_mm=(spacing_mm,) * 3, contrast_spread=1.0)
        phantom = build_phantom(recipe)
        grey = _grey(phantom.volume.voxels.astype(np.float32), *CT_RANGE_HU)
        classes = np.zeros(phantom.volume.voxels.shape, np.uint8)
        for structure_id, label_class in _PHANTOM_CLASSES.items():
            for layer in (phantom.layers[LayerName.VESSELS], phantom.layers[LayerName.ORGANS]):
                if structure_id in layer.structure_ids():
                    classes[layer.mask(structure_id)] = label_class
        yield TrainingScan(f"phantom_{seed}", "phantom", grey, classes, _KNOWN_PHANTOM)
