"""No segmenter invents an organ: where there is none the answer is "not found", with the reason in words."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.segmenter import SegmentationResult, Segmenter, segmenters
from tests.phantoms import thigh_phantom
from tests.segmentation.real_scans import RealScan, btcv_scan, dicom_scan
from tests.segmentation.shapes import air, noise
from twin.box import Box
from twin.volume import Modality, Volume
from twin.wording import LANGUAGES, Wording

ORGANS = {"liver", "pancreas", "spleen", "stomach", "kidney", "portal_vein", "hepatic_vein", "bile_duct", "duodenum"}


def _available() -> list[Segmenter]:
    return [segmenter for segmenter in segmenters() if segmenter.availability().is_available]


def _structures(result: SegmentationResult) -> set[str]:
    return {i for layer in result.layers.values() for i in layer.structure_ids()}


def _is_honest(result: SegmentationResult) -> None:
    """Whatever was looked for is found or said to be missing in words, never both."""
    assert not _structures(result) & set(result.not_found)
    assert "liver" in result.not_found
    for reason in result.not_found.values():
        for language in LANGUAGES:
            assert Wording(language).text(reason) != reason


@pytest.fixture(params=_available(), ids=lambda segmenter: segmenter.id)
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    """Each segmenter that can run here."""
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("scan", [air, noise])
def test_that_nothing_is_found_in_nothing(segmenter: Segmenter, scan: object) -> None:
    result = segmenter.segment(scan())  # type: ignore[operator]
    _is_honest(result)
    assert not _structures(result) & ORGANS


def test_that_a_thigh_holds_no_organ(segmenter: Segmenter) -> None:
    result = segmenter.segment(thigh_phantom().volume)
    _is_honest(result)
    assert not _structures(result) & ORGANS


def _slices(scan: RealScan, first: int, last: int) -> Volume:
    box = Box((first, 0, 0), (last, *scan.volume.grid.shape_kji[1:]))
    voxels = np.ascontiguousarray(scan.volume.voxels[box.slices])
    volume = scan.volume
    return Volume(volume.id, volume.grid.cropped(box), voxels, volume.quantity, Modality.CT)


def _scan(shared: Path, name: str) -> RealScan:
    return btcv_scan(shared / "btcv" / f"{name}_ct.nii.gz") if name.startswith("btcv") else dicom_scan(shared / name)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["btcv_02", "btcv_06", "btcv_08", "btcv_10", "btcv_12", "btcv_15", "btcv_19"])
@pytest.mark.parametrize("part", ["thorax", "pelvis"])
def test_that_a_real_thorax_and_a_real_pelvis_hold_no_liver(
    segmenter: Segmenter, name: str, part: str, shared_data: Path
) -> None:
    """Two slices beyond the last one of the liver: what is left of a series cut there by a technician."""
    scan = _scan(shared_data, name)
    with_liver = np.flatnonzero(scan.truth["liver"].any(axis=(1, 2)))
    n_slices = scan.volume.grid.shape_kji[0]
    first, last = (with_liver[-1] + 3, n_slices) if part == "thorax" else (0, with_liver[0] - 2)
    if (last - first) * scan.volume.grid.slice_thickness_mm < 15.0:
        pytest.skip(f"{name} shows next to nothing of the {part}")
    result = segmenter.segment(_slices(scan, int(first), int(last)))
    assert "liver" not in _structures(result)
    assert "liver" in result.not_found
    if "spleen" not in _structures(result):
        assert not _structures(result) & ORGANS
