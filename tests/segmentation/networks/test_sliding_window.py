"""Windows join to the probabilities of the whole scan, in bounded memory."""

import itertools
import tracemalloc

import numba
import numpy as np
import pytest

from segmentation.kernels.window_blend import add_window
from segmentation.networks.sliding_window import window_starts, windowed_fields
from tests.naive.window_blend import plain_add_window
from twin.errors import Cancelled
from twin.job import CancelSource, CancelToken

WINDOW = (8, 8, 8)


class LinearNetwork:
    """Logits that grow with the input voxel; counts its runs."""

    def __init__(self, slopes: tuple[float, ...]) -> None:
        self.slopes, self.n_runs = np.array(slopes, np.float32), 0

    def run(self, image: np.ndarray, *, cancel: CancelToken | None = None) -> np.ndarray:
        self.n_runs += 1
        if cancel is not None:
            cancel.raise_if_cancelled()
        return image * self.slopes.reshape(1, -1, 1, 1, 1)


def _levels(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)


def _probabilities(levels: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    logits = (levels / 255 * 2 - 1) * slopes.reshape(-1, 1, 1, 1)
    shifted = np.exp(logits - logits.max(axis=0))
    return shifted / shifted.sum(axis=0)


@pytest.mark.parametrize("shape", [(8, 8, 8), (17, 9, 12), (5, 20, 8), (30, 3, 11)])
def test_that_a_network_of_single_voxels_gives_its_own_probabilities_everywhere(shape: tuple[int, int, int]) -> None:
    network, levels = LinearNetwork((0.0, 3.0, -2.0)), _levels(shape)
    seen = windowed_fields(levels, np.ones(shape, np.bool_), [network], 3, WINDOW)
    expected = _probabilities(levels, network.slopes)[1:] * 255
    assert np.abs(seen.fields - expected).max() <= 0.51
    assert not seen.disagreement.any()


def test_that_members_are_averaged_and_their_disagreement_is_kept() -> None:
    members, levels = [LinearNetwork((0.0, 4.0)), LinearNetwork((0.0, -4.0))], _levels((8, 9, 10))
    seen = windowed_fields(levels, np.ones(levels.shape, np.bool_), members, 2, WINDOW)
    one, two = (_probabilities(levels, m.slopes) for m in members)
    mean = (one + two) / 2
    apart = 0.25 * (np.abs(one - mean) + np.abs(two - mean)).sum(axis=0)
    assert np.abs(seen.fields[0] - mean[1] * 255).max() <= 0.51
    assert np.abs(seen.disagreement - apart * 255).max() <= 0.51
    assert seen.disagreement.max() > 50


def test_that_windows_without_body_are_not_computed() -> None:
    where = np.zeros((8, 8, 40), np.bool_)
    where[..., :4] = True
    network = LinearNetwork((0.0, 9.0))
    seen = windowed_fields(np.full(where.shape, 255, np.uint8), where, [network], 2, WINDOW)
    assert network.n_runs == 1
    assert seen.fields[0, ..., :8].min() == 255
    assert not seen.fields[0, ..., 8:].any()


@pytest.mark.skipif(
    numba.config.DISABLE_JIT, reason="the memory is that of the compiled kernel; plain loops take minutes"
)
def test_that_memory_does_not_grow_with_the_height_of_the_scan() -> None:
    def peak_bytes(n_slices: int) -> int:
        levels = np.zeros((n_slices, 32, 32), np.uint8)
        where = np.ones(levels.shape, np.bool_)
        tracemalloc.start()
        windowed_fields(levels, where, [LinearNetwork((0.0,) * 10)], 10, (16, 16, 16))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    per_slice = (peak_bytes(400) - peak_bytes(80)) / 320
    assert per_slice < 32 * 32 * 30  # bytes of nine classes, disagreement and copies; float sums would take 44 and more


def test_that_progress_rises_to_one_and_a_cancel_is_heard() -> None:
    heard: list[float] = []
    levels = _levels((8, 8, 30))
    where = np.ones(levels.shape, np.bool_)
    windowed_fields(levels, where, [LinearNetwork((0.0, 1.0))], 2, WINDOW, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        windowed_fields(levels, where, [LinearNetwork((0.0, 1.0))], 2, WINDOW, cancel=source.token)


@pytest.mark.parametrize("n_voxels", [1, 95, 96, 97, 160, 161, 300])
def test_that_windows_cover_an_axis_and_end_with_it(n_voxels: int) -> None:
    starts = window_starts(n_voxels, 96)
    assert starts[0] == 0
    assert starts[-1] + 96 == max(n_voxels, 96)
    assert all(0 < later - earlier <= 48 for earlier, later in itertools.pairwise(starts))


@pytest.mark.kernel
def test_that_a_window_is_added_as_by_the_plain_reference() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 5, (3, 4, 5, 6, 7)).astype(np.float32)
    weights = rng.uniform(0.01, 1, (5, 6, 7)).astype(np.float32)
    start = [rng.uniform(0, 1, shape).astype(np.float32) for shape in ((4, 5, 9, 8), (5, 9, 8), (5, 9, 8))]
    fast, plain = [s.copy() for s in start], [s.astype(np.float64) for s in start]
    add_window(logits, weights, 2, 1, *fast)
    plain_add_window(logits, weights, 2, 1, *plain)
    for a, b in zip(fast, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
