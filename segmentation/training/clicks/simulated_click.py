"""Clicks on simulated errors, and what each should have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.seeds.click import Click
from segmentation.seeds.click_evidence import click_evidence
from segmentation.seeds.correction import ClickModel, corrected
from segmentation.seeds.neighbours import Neighbours
from segmentation.training.clicks.simulated_error import shifted_labels, wandering, wrong_label
from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import distance_to_mm
from twin.grid import Grid

__all__ = ["VALUES", "ClickRows", "ClickScan", "largest_error", "rows_of_scan"]

# Values of the neighbours in the labels of the training set.
VALUES = {
    "liver": 1, "pancreas": 2, "portal_vein": 3, "inferior_vena_cava": 5, "aorta": 6, "bile_duct": 9, "spleen": 11,
    "stomach": 12, "kidney": 14,
}  # fmt: skip
_FOUND = 0.85

Mask = NDArray[np.bool_]

_ROOM_MM = 35.0
_N_CLICKS = 5
_ROWS_A_CLICK = 1000
# Pancreas often, since it needs correction most; of the others three a scan.
_PANCREAS, _N_PANCREAS, _PANCREAS_DICE = 2, 6, (0.3, 0.85)
_N_AUTOMATIC = 8
_OTHERS, _N_OTHERS, _OTHER_DICE = (1, 11, 12, 14, 3, 9), 3, (0.6, 0.95)
_LEAST_VOXELS = 200
_ANSWER_IN_DEPTHS, _LEAST_ANSWER_MM = (1.2, 4.0), 6.0


@dataclass(frozen=True, eq=False)
class ClickScan:
    """A scan to click on.

    Parameters
    ----------
    image_kji, labels, grid
        The scan, its true labels and its grid.
    automatic
        Labels that a network gave which had not learned from this scan, or None.
    """

    image_kji: NDArray[np.generic]
    labels: NDArray[np.uint8]
    grid: Grid
    automatic: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class _Part:
    image: NDArray[np.generic]
    truth: Mask
    labels: NDArray[np.uint8]
    automatic: NDArray[np.uint8] | None
    grid: Grid


@dataclass(frozen=True, eq=False)
class ClickRows:
    """Rows of one click and whether each voxel should have changed sides."""

    is_inside: bool
    rows: NDArray[np.float32]
    changes: NDArray[np.bool_]


def rows_of_scan(scan: ClickScan, rng: np.random.Generator, *, model: ClickModel | None = None) -> Iterator[ClickRows]:
    """Yield the rows of clicks on wrong labels of some structures of a scan.

    Parameters
    ----------
    scan
        The scan with its labels.
    rng
        Chance.
    model
        Answers the clicks, so that later clicks find labels as they will be; None answers with part of the truth.
    """
    chosen = [int(value) for value in rng.permutation(_OTHERS)[:_N_OTHERS]]
    for value in [_PANCREAS] * _N_PANCREAS + chosen:
        if np.count_nonzero(scan.labels == value) < _LEAST_VOXELS:
            continue
        part = _part_of(scan, value)
        others = shifted_labels(np.where(part.truth, 0, part.labels).astype(np.uint8), part.grid.spacing_ijk_mm, rng)
        wanted = rng.uniform(*(_PANCREAS_DICE if value == _PANCREAS else _OTHER_DICE))
        drawn = wrong_label(part.image, part.truth, part.grid.spacing_ijk_mm, wanted, rng) & (others == 0)
        yield from _clicks(part, drawn, _neighbours(others, value, rng), rng, model)
    if scan.automatic is not None:
        for _ in range(_N_AUTOMATIC):
            part = _part_of(scan, _PANCREAS)
            assert part.automatic is not None
            drawn = wandering(part.automatic == _PANCREAS, part.grid.spacing_ijk_mm, rng)
            others = np.where(part.automatic == _PANCREAS, 0, part.automatic).astype(np.uint8)
            yield from _clicks(part, drawn, _neighbours(others, _PANCREAS, rng), rng, model)


def _part_of(scan: ClickScan, value: int) -> _Part:
    """The surroundings of a structure, and of what was taken for it."""
    truth = scan.labels == value
    box = Box.around(truth if scan.automatic is None else truth | (scan.automatic == value))
    assert box is not None
    by = [int(np.ceil(_ROOM_MM / s)) for s in scan.grid.spacing_ijk_mm[::-1]]
    box = box.grown((by[0], by[1], by[2]), truth.shape)
    image, labels = np.ascontiguousarray(scan.image_kji[box.slices]), scan.labels[box.slices]
    automatic = None if scan.automatic is None else scan.automatic[box.slices]
    return _Part(image, truth[box.slices].copy(), labels, automatic, scan.grid.cropped(box))


def largest_error(drawn: Mask, truth: Mask, grid: Grid) -> Click | None:
    """Return a click on the deepest voxel of the largest piece that is missing or has leaked, or None."""
    best: tuple[int, Mask, bool] | None = None
    for error, is_inside in ((truth & ~drawn, True), (drawn & ~truth, False)):
        pieces, n_voxels = components(error, connectivity=6)
        if n_voxels.size and (best is None or n_voxels[0] > best[0]):
            best = (int(n_voxels[0]), pieces == 1, is_inside)
    if best is None:
        return None
    depth_mm = distance_to_mm(np.pad(~best[1], 1, constant_values=True), grid.spacing_ijk_mm)[1:-1, 1:-1, 1:-1]
    k, j, i = np.unravel_index(int(depth_mm.argmax()), depth_mm.shape)
    return Click.at(grid.lps_from_ijk((i, j, k)), is_inside=best[2])


def _neighbours(labels: NDArray[np.uint8], value: int, rng: np.random.Generator) -> Neighbours:
    """Return neighbours of which some were not found."""
    found = {name: own for name, own in VALUES.items() if rng.random() < _FOUND and own != value}
    return Neighbours(((labels, found),))


def _clicks(
    part: _Part, drawn: Mask, neighbours: Neighbours, rng: np.random.Generator, model: ClickModel | None
) -> Iterator[ClickRows]:
    clicks: list[Click] = []
    for _ in range(_N_CLICKS):
        click = largest_error(drawn, part.truth, part.grid)
        if click is None:
            return
        seen = click_evidence(part.image, part.grid, drawn, click, clicks, neighbours)
        changes = seen.local.mask(part.truth)[seen.candidates] == click.is_inside
        some = rng.permutation(len(seen.rows))[:_ROWS_A_CLICK]
        yield ClickRows(click.is_inside, seen.rows[some], changes[some])
        clicks.append(click)
        if model is not None:
            answer = corrected(part.image, part.grid, drawn, clicks, neighbours=neighbours, model=model)
            drawn = answer.applied_to(drawn)
        else:  # as good as it gets near the click, and it stops somewhere
            reach_mm = max(seen.depth_mm * rng.uniform(*_ANSWER_IN_DEPTHS), _LEAST_ANSWER_MM)
            is_near = _gap_mm(part.grid, click) < reach_mm
            drawn = np.where(is_near & (part.truth == click.is_inside), part.truth, drawn)


def _gap_mm(grid: Grid, click: Click) -> NDArray[np.float64]:
    centre = grid.ijk_from_lps(click.middle_lps_mm)[::-1]
    k, j, i = (
        ((np.arange(n) - c) * s) ** 2 for n, c, s in zip(grid.shape_kji, centre, grid.spacing_ijk_mm[::-1], strict=True)
    )
    return np.asarray(np.sqrt(k[:, None, None] + j[None, :, None] + i[None, None, :]))
