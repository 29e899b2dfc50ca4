"""The small phantom as a DICOM study on disk, built once for all tests of the services and the command line."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tests.phantoms import small_phantom
from twin.anatomy import LayerName, structure
from twin.phantom import write_dicom

IMPORTED_VESSELS = ("portal_vein", "hepatic_vein")


def write_study(folder: Path) -> Path:
    """Write the scan of the small phantom as a DICOM folder."""
    write_dicom(small_phantom(), folder)
    return folder


def write_label_map(path: Path) -> Path:
    """Write lesions and the veins of the liver, as true of the phantom, as a label image."""
    import numpy as np

    from export.image_sitk import write_nifti

    phantom = small_phantom()
    labels = np.zeros(phantom.volume.grid.shape_kji, np.uint8)
    for structure_id in IMPORTED_VESSELS:
        labels[phantom.layers[LayerName.VESSELS].mask(structure_id)] = structure(structure_id).value
    labels[phantom.layers[LayerName.LESIONS].mask("lesion")] = structure("lesion").value
    write_nifti(path, labels, phantom.volume.grid)
    return path


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix="twinsight-tests-")


@functools.cache
def study_on_disk() -> Path:
    """Return a folder with ``study`` (DICOM) and ``labels.nii.gz``, read by many tests and changed by none."""
    folder = Path(_folder().name) / "made_up"
    folder.mkdir()
    write_study(folder / "study")
    write_label_map(folder / "labels.nii.gz")
    return folder


def liver_centre() -> str:
    """Return the centre of the true liver in the notation of a cut."""
    import numpy as np

    layer = small_phantom().layers[LayerName.ORGANS]
    centre_kji = np.argwhere(layer.mask("liver")).mean(axis=0)
    return ",".join(f"{v:.1f}" for v in layer.grid.lps_from_ijk(centre_kji[::-1]))


def write_labelled_case(path: Path) -> Path:
    """Make a case of the small phantom whose liver, vessels and lesions are the truth."""
    from app.services.case_file import new_case
    from twin.edit import FactsEdit, GroupEdit, IdentityEdit, LayersEdit, VolumesEdit

    phantom = small_phantom()
    names = (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS)
    layers = LayersEdit({name: phantom.layers[name] for name in names})
    patient = (IdentityEdit(phantom.identity), FactsEdit(phantom.facts))
    with new_case(path) as session:
        session.do(GroupEdit("edit.import", (VolumesEdit.adding(phantom.volume), *patient, layers)))
    return path


@functools.cache
def labelled_case_on_disk() -> Path:
    """Return a case that tests copy before they change it."""
    return write_labelled_case(Path(_folder().name) / "A.twinsight")
