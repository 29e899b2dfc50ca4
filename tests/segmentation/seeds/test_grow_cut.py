"""Grow from seeds: right, the same at once or in steps, and quick to stop."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.seeds import grow_cut as module
from segmentation.seeds.front import Front
from segmentation.seeds.geodesic_cost import geodesic_cost
from segmentation.seeds.grow_cut import BACKGROUND, GrowCut
from tests.naive.grow_cut import calmed, grown
from twin.errors import Cancelled, InputError
from twin.job import CancelSource

SPACING = np.array([1.0, 1.0, 3.0])
WINDOW = (-100.0, 200.0)


def noisy_image(rng: np.random.Generator, shape: tuple[int, int, int] = (5, 9, 8)) -> np.ndarray:
    return rng.integers(-150, 250, shape).astype(np.int16)


def some_seeds(rng: np.random.Generator, shape: tuple[int, int, int], n_seeds: int) -> np.ndarray:
    seeds = np.zeros(shape, np.uint8)
    places = rng.choice(seeds.size, n_seeds, replace=False)
    seeds.ravel()[places] = rng.choice([1, 2, BACKGROUND], n_seeds)
    seeds.ravel()[places[:2]] = 1, BACKGROUND
    return seeds


def two_balls() -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy image of two bright balls that touch a bright band, and the mask of the first ball."""
    k, j, i = np.indices((20, 40, 60))
    first = (k - 10) ** 2 + (j - 20) ** 2 + (i - 18) ** 2 < 81
    second = (k - 10) ** 2 + (j - 20) ** 2 + (i - 42) ** 2 < 81
    image = np.where(first | second, 100, 0) + np.random.default_rng(1).normal(0, 8, first.shape)
    return image.astype(np.int16), first


@given(seed=st.integers(0, 10_000), n_seeds=st.integers(2, 12))
def test_that_labels_are_those_of_the_plain_reference(seed: int, n_seeds: int) -> None:
    rng = np.random.default_rng(seed)
    image = noisy_image(rng)
    seeds = some_seeds(rng, image.shape, n_seeds)
    low, high = WINDOW
    levels = np.clip((calmed(image) - low) * (64 / (high - low)), 0, 63).astype(int)
    _, labels = grown(levels, seeds, SPACING, 16)
    found = GrowCut(image, SPACING, window=WINDOW).labels_from(seeds)
    assert np.array_equal(found.labels_kji, np.where(labels == BACKGROUND, 0, labels))


@given(seed=st.integers(0, 10_000), n_changes=st.integers(1, 4))
def test_that_an_update_gives_what_a_new_start_gives(seed: int, n_changes: int) -> None:
    rng = np.random.default_rng(seed)
    image = noisy_image(rng)
    grow_cut = GrowCut(image, SPACING, window=WINDOW)
    grow_cut.labels_from(some_seeds(rng, image.shape, 5))
    for _ in range(n_changes):  # scribbles are added, taken away and given another label
        seeds = some_seeds(rng, image.shape, int(rng.integers(2, 12)))
        updated = grow_cut.updated(seeds)
    anew = GrowCut(image, SPACING, window=WINDOW)
    assert np.array_equal(updated.labels_kji, anew.labels_from(seeds).labels_kji)
    assert np.array_equal(grow_cut.strength_kji(), anew.strength_kji())


def test_that_a_structure_is_found_from_three_strokes() -> None:
    image, first = two_balls()
    seeds = np.zeros(image.shape, np.uint8)
    seeds[10, 20, 14:20] = 1
    seeds[10, 20, 38:44] = BACKGROUND
    seeds[10, 3, 5:50] = BACKGROUND
    found = GrowCut(image, np.ones(3)).labels_from(seeds).labels_kji == 1
    assert 2 * (found & first).sum() / (found.sum() + first.sum()) > 0.95


def test_that_only_slices_that_changed_are_named() -> None:
    image, _ = two_balls()
    seeds = np.zeros(image.shape, np.uint8)
    seeds[10, 20, 14:20] = 1
    seeds[0], seeds[19] = BACKGROUND, BACKGROUND
    grow_cut = GrowCut(image, np.ones(3))
    grow_cut.labels_from(seeds)
    assert grow_cut.updated(seeds).changed_slices is None
    seeds[2, 20, 42] = 2
    changed = grow_cut.updated(seeds)
    assert changed.changed_slices is not None
    assert changed.changed_slices[0] <= 2 <= changed.changed_slices[1]
    assert changed.labels_kji[2, 20, 42] == 2


def test_that_any_number_of_structures_grows_at_once() -> None:
    image = np.repeat(np.arange(0, 1000, 10, dtype=np.int16)[None, None, :], 3, axis=1)
    seeds = np.zeros(image.shape, np.uint8)
    seeds[0, 1, ::10] = np.arange(1, 11)
    labels = GrowCut(image, np.ones(3)).labels_from(seeds).labels_kji
    assert np.unique(labels).tolist() == list(range(1, 11))


def test_that_the_answer_cannot_be_written_to() -> None:
    image, _ = two_balls()
    seeds = np.zeros(image.shape, np.uint8)
    seeds[10, 20, 18], seeds[0, 0, 0] = 1, BACKGROUND
    assert not GrowCut(image, np.ones(3)).labels_from(seeds).labels_kji.flags.writeable


def test_that_the_strength_is_full_at_scribbles_and_falls_across_borders() -> None:
    image, _ = two_balls()
    seeds = np.zeros(image.shape, np.uint8)
    seeds[10, 20, 18], seeds[0, 0, 0] = 1, BACKGROUND
    grow_cut = GrowCut(image, np.ones(3))
    assert not grow_cut.strength_kji().any()
    grow_cut.labels_from(seeds)
    strength = grow_cut.strength_kji()
    assert strength[10, 20, 18] == 255
    assert strength[10, 20, 22] > strength[10, 20, 42]


@pytest.mark.parametrize("value", [1, BACKGROUND])
def test_that_scribbles_of_one_kind_are_refused(value: int) -> None:
    seeds = np.zeros((3, 4, 5), np.uint8)
    seeds[1, 1, 1] = value
    with pytest.raises(InputError) as caught:
        GrowCut(np.zeros((3, 4, 5), np.int16), np.ones(3)).labels_from(seeds)
    assert caught.value.message_id == "error.seeds.one_side"


def test_that_a_growth_stops_when_it_is_cancelled_and_starts_anew_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_VOXELS_AT_ONCE", 1000)
    image, _ = two_balls()
    seeds = np.zeros(image.shape, np.uint8)
    seeds[10, 20, 18], seeds[0, 0, 0] = 1, BACKGROUND
    grow_cut, source = GrowCut(image, np.ones(3)), CancelSource()
    whole = grow_cut.labels_from(seeds).labels_kji
    seen: list[float] = []

    def stop(progress: object) -> None:
        seen.append(threading.get_ident())
        source.cancel()

    with pytest.raises(Cancelled):
        grow_cut.labels_from(seeds, progress=stop, cancel=source.token)
    assert len(seen) == 1
    assert np.array_equal(grow_cut.updated(seeds).labels_kji, whole)


def test_that_room_for_the_front_is_made_as_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(-100, 200, (30, 60, 60)).astype(np.int16)
    seeds = some_seeds(rng, image.shape, 40)
    usual = GrowCut(image, SPACING, window=WINDOW).labels_from(seeds).labels_kji

    class NarrowFront(Front):
        def __init__(self, cells: np.ndarray, waiting: np.ndarray) -> None:
            super().__init__(cells, waiting)
            n_blocks = int(self._state[1]) + 9
            self.blocks, self._following = self.blocks[:n_blocks].copy(), self._following[:n_blocks].copy()

    monkeypatch.setattr(module, "Front", NarrowFront)
    assert np.array_equal(GrowCut(image, SPACING, window=WINDOW).labels_from(seeds).labels_kji, usual)


def test_that_the_cost_of_a_way_is_that_of_the_plain_reference() -> None:
    rng = np.random.default_rng(5)
    brightness = rng.uniform(0, 255, (6, 7, 8)).astype(np.float32)
    starts = rng.random(brightness.shape) < 0.02
    costs, _ = grown(brightness.astype(int), starts.astype(np.uint8), (2, 2, 2), 1)
    assert np.array_equal(geodesic_cost(brightness, starts, length_cost=2), costs)
