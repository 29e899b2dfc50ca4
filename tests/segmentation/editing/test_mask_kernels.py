"""The tools on masks against plain references, voxel by voxel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation.editing.islands import (
    Islands,
    island_at,
    largest_islands,
    mask_runs,
    without_small_islands,
)
from segmentation.editing.margin import grown, shrunk
from segmentation.kernels.blurred_mask import blur_mask
from segmentation.kernels.mask_islands import fill_mask_runs, find_mask_runs, join_mask_runs
from segmentation.kernels.near_mask import mark_near_mask
from segmentation.kernels.paint import paint_labels
from tests.naive.editing_kernels import plain_blur, plain_distances_mm, plain_islands, plain_paint
from tests.segmentation.editing.masks import SPACINGS, masks

Mask = NDArray[np.bool_]
LABELS = st.lists(st.integers(0, 4), min_size=60, max_size=60)


def _labels(values: list[int]) -> NDArray[np.uint8]:
    return np.array(values, np.uint8).reshape(3, 4, 5)


@given(masks(), st.sampled_from([4, 6, 8, 26]), st.booleans())
def test_that_islands_are_those_of_a_flood(mask: Mask, connectivity: int, wanted: bool) -> None:
    found = Islands.of(mask, connectivity=connectivity, wanted=wanted)  # type: ignore[arg-type]
    expected = plain_islands(mask == wanted, connectivity)
    assert sorted(found.n_voxels.tolist()) == sorted(len(island) for island in expected)
    assert found.n_voxels.tolist() == sorted(found.n_voxels.tolist(), reverse=True)
    for number in range(found.n_islands):
        places = {tuple(p) for p in np.argwhere(found.mask(np.arange(found.n_islands) == number)).tolist()}
        assert places in expected
        assert found.number_at(next(iter(places))) == number  # type: ignore[arg-type]


@given(masks())
def test_that_the_kernels_of_the_islands_find_fill_and_join_runs(mask: Mask) -> None:
    flat = mask.reshape(-1)
    nk, nj, ni = mask.shape
    starts, runs = np.empty(nk * nj + 1, np.int64), np.empty((mask.size, 2), np.int32)
    n_runs = find_mask_runs(flat, flat[: flat.size // 8 * 8].view(np.uint64), ni, True, starts, runs)
    filled = np.zeros_like(mask)
    fill_mask_runs(filled, starts, runs[:n_runs], np.ones(n_runs, np.bool_))
    np.testing.assert_array_equal(filled, mask)
    assert join_mask_runs(nk, nj, starts, runs, 26, np.empty(n_runs, np.int64)) == len(plain_islands(mask, 26))


@given(masks())
def test_that_small_islands_go_and_the_largest_stay(mask: Mask) -> None:
    islands = plain_islands(mask, 26)
    kept = without_small_islands(mask, 4)
    assert int(kept.sum()) == sum(len(island) for island in islands if len(island) >= 4)
    assert not (kept & ~mask).any()
    assert int(largest_islands(mask).sum()) == max((len(island) for island in islands), default=0)
    for place in np.argwhere(mask)[:2].tolist():
        clicked = island_at(mask, tuple(place))
        assert clicked is not None
        assert {tuple(p) for p in np.argwhere(clicked).tolist()} in islands
    for place in np.argwhere(~mask)[:1].tolist():
        assert island_at(mask, tuple(place)) is None


@given(masks(), SPACINGS, st.floats(0, 6))
def test_that_margins_are_those_of_the_exact_distance(
    mask: Mask, spacing: tuple[float, float, float], margin_mm: float
) -> None:
    spacing_ijk_mm = np.array(spacing)
    for wanted, found in (
        (True, grown(mask, spacing_ijk_mm, margin_mm)),
        (False, ~shrunk(mask, spacing_ijk_mm, margin_mm)),
    ):
        distances = plain_distances_mm(mask == wanted, spacing_ijk_mm)
        is_sure = np.abs(distances - margin_mm) > 1e-4
        np.testing.assert_array_equal(found[is_sure], distances[is_sure] <= margin_mm)
        direct = np.empty(mask.shape, np.bool_)
        mark_near_mask(*mask_runs(mask, wanted=wanted), spacing_ijk_mm, margin_mm, direct)
        np.testing.assert_array_equal(direct, found)


@given(masks())
def test_that_the_blur_equals_its_plain_reference(mask: Mask) -> None:
    weights = [np.array(w, np.float32) for w in ([0.5, 0.25], [0.4, 0.2, 0.1], [0.6, 0.2])]
    levels, counts = np.empty(mask.shape, np.uint16), np.zeros(65536, np.int64)
    barred = np.indices(mask.shape).sum(axis=0) % 5 == 4
    blur_mask(mask, *weights, barred, levels, counts)
    expected = np.where(barred, 0, plain_blur(mask, weights) * 65535)
    assert np.abs(levels - expected).max() <= 1.0
    np.testing.assert_array_equal(counts, np.bincount(levels.reshape(-1), minlength=65536))


@given(LABELS, st.integers(0, 2**60 - 1))
def test_that_the_kernel_that_paints_equals_its_plain_reference(values: list[int], bits: int) -> None:
    labels = _labels(values)
    mask = np.array([bits >> n & 1 for n in range(60)], bool).reshape(labels.shape)
    table = np.zeros(256, bool)
    table[[0, 3]] = True
    out = labels.copy()
    n_changed = paint_labels(out.reshape(-1), mask.reshape(-1), table, 4)
    np.testing.assert_array_equal(out, plain_paint(labels, mask, table, 4))
    assert n_changed == np.count_nonzero(out != labels)
