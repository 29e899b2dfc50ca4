"""Twin and plans on a real scan with manual labels, against plain computations with SciPy."""

import cc3d
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from simulation.organ_model import OrganModel
from simulation.simulate import simulate
from simulation.split import split_organ
from twin.anatomy import LayerName
from twin.case import Case
from twin.grid import Grid
from twin.label_layer import LabelLayer, lesion_layer
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, parse_cut
from twin.twin import build_twin

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def twin(shared_data):
    folder = shared_data / "ircadb17"
    if not (folder / "labels.nii.gz").is_file():
        pytest.skip("the labelled scan ircadb17 is absent")
    image = sitk.ReadImage(str(folder / "labels.nii.gz"))
    labels = sitk.GetArrayFromImage(image)
    liver = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "liver_whole.nii.gz"))) > 0
    direction = np.array(image.GetDirection()).reshape(3, 3)
    grid = Grid.from_spacing(image.GetSize(), image.GetSpacing(), origin_lps_mm=image.GetOrigin(), direction=direction)
    pieces = cc3d.connected_components(labels == 8)
    lesions = [pieces == n for n in range(1, pieces.max() + 1) if np.count_nonzero(pieces == n) > 50]
    vessels = np.where(np.isin(labels, (3, 4, 5)), labels, 0).astype(np.uint8)
    context = np.where(np.isin(labels, (15, 16)), labels, 0).astype(np.uint8)
    case = Case("real").with_layer(LabelLayer(LayerName.ORGANS, grid, liver.astype(np.uint8)))
    for layer in (
        LabelLayer(LayerName.VESSELS, grid, vessels),
        lesion_layer(grid, lesions),
        LabelLayer(LayerName.CONTEXT, grid, context),
    ):
        case = case.with_layer(layer)
    return build_twin(case)


@pytest.fixture(scope="module")
def model(twin):
    return OrganModel.of_twin(twin)


def test_that_every_structure_is_closed_and_within_one_per_cent_of_its_labels(twin):
    assert [quality for quality in twin.quality.values() if not quality.is_good] == []


def test_that_a_plane_removes_what_evaluating_every_voxel_removes(twin, model):
    k, j, i = np.nonzero(twin.mask("liver"))
    points = twin.grid.lps_from_ijk(np.stack([i, j, k], axis=1))
    cut = PlaneCut(tuple(points.mean(axis=0) + 0.123), (-1.0, 0.3, 0.2))
    height = (points - np.array(cut.origin_lps_mm)) @ np.array(cut.normal_lps)
    outcome = simulate(Plan("A", (cut,)), twin, PatientFacts(), model=model)
    assert outcome.liver["resected_ml"].value == pytest.approx(np.count_nonzero(height > 0) * twin.grid.voxel_volume_ml)
    remnant, specimen = split_organ(Plan("A", (cut,)), twin, model=model)
    assert remnant.is_closed
    assert specimen.is_closed
    assert specimen.volume_ml == pytest.approx(outcome.liver["resected_ml"].value, rel=0.01)


def test_that_a_wedge_removes_what_a_distance_map_says_and_keeps_its_margin(twin, model):
    liver, lesion = twin.mask("liver"), twin.mask("lesion-2")
    outcome = simulate(Plan("A", (parse_cut("wedge:lesion-2:10"),)), twin, PatientFacts(), model=model)
    within = ndimage.distance_transform_edt(~lesion, sampling=twin.grid.spacing_ijk_mm[::-1]) <= 10
    expected_ml = np.count_nonzero(within & liver) * twin.grid.voxel_volume_ml
    assert outcome.liver["resected_ml"].value == pytest.approx(expected_ml, rel=1e-4)
    assert outcome.liver["margin_mm"].value == pytest.approx(10)
