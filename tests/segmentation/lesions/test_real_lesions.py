"""Real tumours and phantoms: five clicks are enough, and a healthy liver proposes next to nothing."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.lesions.candidates import find_lesion_candidates
from tests.benchmarks.score_lesions import outlined
from tests.segmentation.clicking_user import dice
from tests.segmentation.real_scans import dicom_scan, labels_on
from twin.anatomy import LayerName
from twin.geometry.components_cc3d import components
from twin.phantom import PhantomRecipe, build_phantom
from twin.phantom.recipe import LesionKind, LesionRecipe


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("is_liver_complete", [True, False])
def test_that_five_clicks_outline_each_tumour_of_a_real_liver(shared_data: Path, is_liver_complete: bool) -> None:
    scan = dicom_scan(shared_data / "ircadb17")
    labels = labels_on(scan.volume.grid, shared_data / "ircadb17" / "labels.nii.gz")
    liver = scan.truth["liver"] if is_liver_complete else scan.truth["liver"] & (labels != 8)
    pieces, _ = components(labels == 8)
    for tumour in (1, 2):
        scores, _ = outlined(scan.volume, liver, pieces == tumour)
        assert scores[-1] >= 0.8


@pytest.mark.slow
@pytest.mark.real_data
def test_that_a_healthy_donor_has_hardly_any_candidates(shared_data: Path) -> None:
    scan = dicom_scan(shared_data / "chaos_ct3")
    assert len(find_lesion_candidates(scan.volume, scan.truth["liver"])) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22])
def test_that_lesions_of_every_kind_are_found_and_outlined_in_a_phantom(seed: int) -> None:
    lesions = (
        LesionRecipe("8", 34.0),
        LesionRecipe("6", 22.0, LesionKind.CYST),
        LesionRecipe("3", 22.0, LesionKind.HYPERVASCULAR),
        LesionRecipe("pancreas.body", 28.0, LesionKind.PANCREATIC),
    )
    phantom = build_phantom(PhantomRecipe.small(seed, lesions=lesions))
    organs, truth = phantom.layers[LayerName.ORGANS], phantom.layers[LayerName.LESIONS]
    liver = organs.mask("liver")
    drawn = [c.region.whole(phantom.volume.grid) for c in find_lesion_candidates(phantom.volume, liver)]
    for structure_id in truth.structure_ids():
        mask = truth.mask(structure_id)
        is_hepatic = bool((mask & liver).any())
        organ = liver if is_hepatic else organs.mask("pancreas")
        assert outlined(phantom.volume, organ, mask)[0][-1] >= 0.8
        assert not is_hepatic or max(dice(d, mask) for d in drawn) >= 0.5
    assert len([d for d in drawn if not (d & (truth.voxels > 0)).any()]) <= 2
    assert np.count_nonzero(truth.voxels) > 0
