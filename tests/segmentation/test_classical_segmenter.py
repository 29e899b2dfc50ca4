"""The classical segmenter keeps its promises on made-up scans without a liver."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from segmentation.classical.segment import ClassicalSegmenter
from segmentation.segmenter import SegmentationResult, Segmenter, segmenters
from tests.segmentation.shapes import air, chest, limb, noise
from twin.anatomy import LayerName
from twin.errors import Cancelled, InputError
from twin.grid import Grid
from twin.job import CancelSource, Progress
from twin.volume import Modality, Quantity, Volume
from twin.wording import LANGUAGES, Wording


def test_that_the_classical_segmenter_is_registered_and_available() -> None:
    found = {segmenter.id: segmenter for segmenter in segmenters()}
    assert found["segmenter.classical"].availability().is_available
    assert all(isinstance(segmenter, Segmenter) for segmenter in found.values())


@cache
def _run(scan: Callable[[], Volume]) -> tuple[SegmentationResult, list[Progress]]:
    heard: list[Progress] = []
    return ClassicalSegmenter().segment(scan(), progress=heard.append), heard


def _result(scan: Callable[[], Volume]) -> SegmentationResult:
    return _run(scan)[0]


@pytest.mark.parametrize("scan", [air, noise, limb, chest])
def test_that_a_scan_without_a_liver_gets_none_and_a_reason(scan: Callable[[], Volume]) -> None:
    result = _result(scan)
    assert not result.has("liver")
    for language in LANGUAGES:
        reason = Wording(language).text(result.not_found["liver"])
        assert reason != result.not_found["liver"]


@pytest.mark.parametrize("scan", [air, noise, limb, chest])
def test_that_each_structure_is_either_found_or_said_to_be_missing(scan: Callable[[], Volume]) -> None:
    result = _result(scan)
    for structure_id in ("liver", "aorta", "inferior_vena_cava", "bone", "skin"):
        assert result.has(structure_id) != (structure_id in result.not_found), structure_id


def test_that_the_skin_of_a_limb_is_found_where_it_is() -> None:
    drawn = _result(limb).layers[LayerName.CONTEXT].mask("skin")
    true_body = limb().voxels > -500
    overlap = 2 * np.count_nonzero(drawn & true_body) / (np.count_nonzero(drawn) + np.count_nonzero(true_body))
    assert overlap > 0.97


def test_that_the_same_scan_gives_the_same_labels() -> None:
    again = ClassicalSegmenter().segment(chest())
    assert {name: layer.hash for name, layer in again.layers.items()} == {
        name: layer.hash for name, layer in _result(chest).layers.items()
    }


def test_that_labels_lie_on_the_grid_of_the_scan_and_say_who_made_them() -> None:
    layer = _result(chest).layers[LayerName.CONTEXT]
    chest().grid.require_same_space(layer.grid)
    assert layer.provenance is not None
    assert layer.provenance.producer == "segmenter.classical"
    assert layer.uncertainties["skin"].outward_mm > 0


def test_that_progress_rises_to_one_in_words() -> None:
    _, heard = _run(chest)
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(Wording("fr").text(progress.message_id) != progress.message_id for progress in heard)


def test_that_a_cancelled_segmentation_stops() -> None:
    source = CancelSource()

    def stop_when_it_looks_for_organs(progress: Progress) -> None:
        if progress.message_id.endswith("organs"):
            source.cancel()

    with pytest.raises(Cancelled):
        ClassicalSegmenter().segment(chest(), progress=stop_when_it_looks_for_organs, cancel=source.token)


def test_that_an_mr_is_refused_in_one_line() -> None:
    grid = Grid.from_spacing((8, 8, 8), (2, 2, 2))
    volume = Volume("volume-1", grid, np.zeros((8, 8, 8), np.int16), Quantity.SIGNAL, Modality.MR)
    with pytest.raises(InputError) as refused:
        ClassicalSegmenter().segment(volume)
    assert "MR" in Wording("en").error(refused.value)


def test_that_a_tiny_scan_is_answered_without_a_crash() -> None:
    grid = Grid.from_spacing((3, 2, 1), (1, 1, 1))
    volume = Volume("volume-1", grid, np.zeros((1, 2, 3), np.int16), Quantity.HOUNSFIELD, Modality.CT)
    assert "liver" in ClassicalSegmenter().segment(volume).not_found
