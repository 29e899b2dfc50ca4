"""The classical segmenter on the phantom, whose truth is known: what is there is found, what is not there is not."""

from functools import cache

import numpy as np
import pytest

from segmentation.classical.segment import ClassicalSegmenter
from segmentation.segmenter import SegmentationResult
from tests.benchmarks.score_classical import dice
from tests.phantoms import coarse_phantom
from twin.anatomy import LayerName
from twin.box import Box
from twin.volume import Volume


@cache
def _result() -> SegmentationResult:
    return ClassicalSegmenter().segment(coarse_phantom().volume)


def _slices(volume: Volume, first: int, last: int) -> Volume:
    box = Box((first, 0, 0), (last, *volume.grid.shape_kji[1:]))
    voxels = np.ascontiguousarray(volume.voxels[box.slices])
    return Volume(volume.id, volume.grid.cropped(box), voxels, volume.quantity, volume.modality)


def _slices_with_liver() -> np.ndarray:
    return np.flatnonzero(coarse_phantom().layers[LayerName.ORGANS].mask("liver").any(axis=(1, 2)))


# On voxels of 4 mm, with thin vessels: floors well under what is reached, so that only a real fault fails.
@pytest.mark.parametrize(
    ("layer", "structure_id", "least_dice"),
    [
        (LayerName.ORGANS, "liver", 0.92),
        (LayerName.VESSELS, "aorta", 0.75),
        (LayerName.VESSELS, "inferior_vena_cava", 0.65),
        (LayerName.CONTEXT, "bone", 0.70),
        (LayerName.CONTEXT, "skin", 0.97),
    ],
)
def test_that_a_structure_of_the_phantom_is_found_where_it_is(
    layer: LayerName, structure_id: str, least_dice: float
) -> None:
    drawn = _result().layers[layer].mask(structure_id)
    true = coarse_phantom().layers[layer].mask(structure_id)
    assert dice(drawn, true) >= least_dice


def test_that_the_whole_liver_holds_its_lesions() -> None:
    lesions = coarse_phantom().layers[LayerName.LESIONS].mask("lesion")
    liver = _result().layers[LayerName.ORGANS].mask("liver")
    assert np.count_nonzero(lesions & liver) >= 0.9 * np.count_nonzero(lesions)


def test_that_slices_above_and_below_the_liver_have_none() -> None:
    volume, with_liver = coarse_phantom().volume, _slices_with_liver()
    parts = [(0, int(with_liver[0])), (int(with_liver[-1]) + 1, volume.grid.shape_kji[0])]
    for first, last in parts:
        if last - first >= 3:
            assert "liver" in ClassicalSegmenter().segment(_slices(volume, first, last)).not_found


def test_that_a_liver_cut_by_the_scan_is_found_with_a_warning() -> None:
    with_liver = _slices_with_liver()
    middle = int(with_liver.mean())
    result = ClassicalSegmenter().segment(_slices(coarse_phantom().volume, middle, int(with_liver[-1]) + 5))
    assert result.has("liver")
    assert "segmentation.warning.cut_by_scan" in {warning.message_id for warning in result.warnings}
