"""Vesselness: bright tubes of every width answer, sheets and blobs hardly."""

import numpy as np
import pytest

from segmentation.vessels.vesselness import vesselness
from twin.errors import Cancelled
from twin.job import CancelSource

SCALES_MM = (1.2, 2.4, 4.8)
ONES = np.ones(3)


def _squared(axes: str) -> np.ndarray:
    k, j, i = np.mgrid[-16:17, -16:17, -16:17].astype(float)
    return sum({"k": k, "j": j, "i": i}[axis] ** 2 for axis in axes)


def _at_centre(shape: np.ndarray) -> float:
    found = vesselness(100.0 * shape.astype(np.float32), np.ones(shape.shape, bool), ONES, SCALES_MM)
    return float(found[16, 16, 16])


@pytest.mark.parametrize("radius", [2.0, 4.0])
def test_that_a_tube_answers_more_than_a_blob_or_a_sheet(radius: float) -> None:
    tube = _at_centre(_squared("kj") <= radius**2)
    blob, sheet = _at_centre(_squared("kji") <= radius**2), _at_centre(_squared("k") <= radius**2)
    assert tube > 20.0
    assert blob < 0.35 * tube
    assert sheet < 0.35 * tube


def test_that_spacing_is_heeded() -> None:
    j, i = np.mgrid[-12:13, -12:13].astype(float)
    fine = np.repeat((j**2 + i**2 <= 9.0)[None].astype(np.float32), 25, axis=0) * 100.0
    thick = fine[::2]
    isotropic = vesselness(fine, np.ones(fine.shape, bool), ONES, (2.0,))
    anisotropic = vesselness(thick, np.ones(thick.shape, bool), np.array([1.0, 1.0, 2.0]), (2.0,))
    assert anisotropic[6, 12, 12] == pytest.approx(isotropic[12, 12, 12], rel=0.02)


def test_that_wide_scales_on_halved_voxels_agree_with_full_resolution() -> None:
    tube = 100.0 * (_squared("kj") <= 36.0).astype(np.float32)
    halved = vesselness(tube, np.ones(tube.shape, bool), ONES, (4.0,))
    fine = vesselness(tube.repeat(2, 0).repeat(2, 1).repeat(2, 2), np.ones((66, 66, 66), bool), ONES * 0.5, (4.0,))
    assert halved[16, 16, 16] == pytest.approx(float(fine[33, 33, 33]), rel=0.08)


def test_that_dark_tubes_and_the_outside_do_not_answer() -> None:
    tube = 100.0 * (_squared("kj") <= 9.0).astype(np.float32)
    assert vesselness(-tube, np.ones(tube.shape, bool), ONES, SCALES_MM)[16, 16, 16] == 0.0
    assert not vesselness(tube, np.zeros(tube.shape, bool), ONES, SCALES_MM).any()


def test_that_it_can_be_cancelled() -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        vesselness(np.zeros((5, 5, 5), np.float32), np.ones((5, 5, 5), bool), ONES, (1.0,), cancel=source.token)
