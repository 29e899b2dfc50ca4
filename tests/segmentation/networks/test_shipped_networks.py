"""The networks that come with TwinSight: what is there is found, and nothing is invented."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from resources import resource_path
from segmentation.networks.model import shipped_models
from segmentation.networks.network_segmenter import NetworkSegmenter
from segmentation.segmenter import SegmentationResult
from tests.benchmarks.score_classical import dice
from tests.phantoms import coarse_phantom
from tests.segmentation.real_scans import btcv_scan, dicom_scan
from tests.segmentation.shapes import chest, limb, noise
from twin.anatomy import LayerName
from twin.box import Box
from twin.volume import Modality, Quantity, Volume

pytestmark = pytest.mark.skipif(
    not NetworkSegmenter().availability().is_available, reason="the weights of the networks are not in resources/models"
)
# What is believed only beside other organs of the abdomen, or is large enough to be mistaken.
ORGANS = ("liver", "pancreas", "portal_vein", "bile_duct", "spleen", "stomach", "kidney")


def _as_mr(volume: Volume) -> Volume:
    signal = np.clip(volume.voxels.astype(np.float32) + 200.0, 0.0, 500.0)
    return Volume(volume.id, volume.grid, signal, Quantity.SIGNAL, Modality.MR)


def _slices(volume: Volume, first: int, last: int) -> Volume:
    box = Box((first, 0, 0), (last, *volume.grid.shape_kji[1:]))
    voxels = np.ascontiguousarray(volume.voxels[box.slices])
    return Volume(volume.id, volume.grid.cropped(box), voxels, volume.quantity, volume.modality)


@cache
def _result() -> SegmentationResult:
    return NetworkSegmenter().segment(coarse_phantom().volume)


def test_that_all_weights_together_stay_small_and_whole() -> None:
    models = shipped_models()
    for model in models:
        model.check_files()
    assert sum(path.stat().st_size for path in resource_path("models").iterdir()) <= 20e6


# Air, noise and a phantom of a thigh: tests/segmentation/test_never_invented.py, for every segmenter.
@pytest.mark.parametrize("scan", [limb, chest])
def test_that_no_organ_is_invented_in_a_scan_of_something_else(scan: Callable[[], Volume]) -> None:
    found = NetworkSegmenter().segment(scan())
    assert [name for name in ORGANS if found.has(name)] == []


@pytest.mark.parametrize("scan", [noise, limb, chest])
def test_that_no_organ_is_invented_in_an_mr_of_something_else(scan: Callable[[], Volume]) -> None:
    found = NetworkSegmenter().segment(_as_mr(scan()))
    assert found.layers == {}


# On voxels of 4 mm: floors well under what is reached, so that only a real fault fails.
@pytest.mark.parametrize(
    ("layer", "structure_id", "least_dice"),
    [(LayerName.ORGANS, "liver", 0.85), (LayerName.ORGANS, "spleen", 0.7), (LayerName.VESSELS, "aorta", 0.6)],
)
def test_that_a_structure_of_the_phantom_is_found_where_it_is(
    layer: LayerName, structure_id: str, least_dice: float
) -> None:
    drawn = _result().layers[layer].mask(structure_id)
    assert dice(drawn, coarse_phantom().layers[layer].mask(structure_id)) >= least_dice


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("case", "least_dice"), [("ircadb17", 0.9), ("chaos_ct3", 0.9)])
def test_that_the_whole_liver_of_a_patient_is_found(case: str, least_dice: float, shared_data: Path) -> None:
    scan = dicom_scan(shared_data / case)
    result = NetworkSegmenter().segment(scan.volume)
    assert dice(result.layers[LayerName.ORGANS].mask("liver"), scan.truth["liver"]) >= least_dice


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("case", ["btcv_15", "btcv_08", "btcv_02"])
def test_that_a_pelvis_and_a_chest_hold_no_liver(case: str, shared_data: Path) -> None:
    scan = btcv_scan(shared_data / "btcv" / f"{case}_ct.nii.gz")
    with_liver = np.flatnonzero(scan.truth["liver"].any(axis=(1, 2)))
    for first, last in ((0, with_liver[0] - 3), (with_liver[-1] + 2, scan.volume.grid.shape_kji[0])):
        if last - first >= 8:
            found = NetworkSegmenter().segment(_slices(scan.volume, first, last))
            assert "liver" in found.not_found, (first, last)
            assert "pancreas" in found.not_found, (first, last)
