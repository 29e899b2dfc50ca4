"""Figures of the classical segmenter on scans that were left out of learning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import edt
import numpy as np
from numpy.typing import NDArray

from segmentation.classical.prior import ClassicalPrior
from segmentation.classical.segment import ClassicalSegmenter
from segmentation.segmenter import SegmentationResult
from twin.box import Box
from twin.grid import Grid
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Volume

__all__ = ["N_FOLDS", "fold_of", "held_out_figures", "signed_gaps_mm"]

N_FOLDS = 4
BoolVoxels = NDArray[np.bool_]
_LABELS = {"liver": 1, "aorta": 6, "inferior_vena_cava": 5}
_GAPS_A_CASE = 20_000


def fold_of(index: int) -> int:
    """Fold in which a scan, counted in the order of the names, is left out."""
    return index % N_FOLDS


def held_out_figures(
    scans: Iterable[tuple[str, Volume, NDArray[np.uint8]]], priors: Sequence[ClassicalPrior]
) -> dict[str, object]:
    """Segment each scan with the prior that did not learn from it, and score it.

    Returns
    -------
    dict
        ``dice`` (structure to case to Dice), ``volume_error_percent`` of the liver, ``boundary`` (structure to the 5 %
        and 95 % quantiles of the signed gap from the drawn to the true border, each case weighing the same).
    """
    dice: dict[str, dict[str, float]] = {structure_id: {} for structure_id in _LABELS}
    errors: dict[str, float] = {}
    gaps: dict[str, list[NDArray[np.float32]]] = {structure_id: [] for structure_id in _LABELS}
    for index, (name, volume, labels) in enumerate(scans):
        result = ClassicalSegmenter(priors[fold_of(index)]).segment(volume)
        for structure_id, value in _LABELS.items():
            true, drawn = labels == value, _mask(result, structure_id, labels.shape)
            overlap, total = int(np.count_nonzero(true & drawn)), int(np.count_nonzero(true)) + int(drawn.sum())
            dice[structure_id][name] = round(2.0 * overlap / max(total, 1), 4)
            if drawn.any() and true.any():
                gaps[structure_id].append(_some(signed_gaps_mm(drawn, true, volume.grid)))
            if structure_id == "liver":
                errors[name] = round(100.0 * (np.count_nonzero(drawn) / np.count_nonzero(true) - 1.0), 2)
        print(name, {structure_id: row[name] for structure_id, row in dice.items()}, flush=True)
    return {"dice": dice, "volume_error_percent": errors, "boundary": _boundaries(gaps)}


def signed_gaps_mm(drawn: BoolVoxels, true: BoolVoxels, grid: Grid) -> NDArray[np.float32]:
    """Return, at each border voxel of the drawn mask, how far outwards the true border lies, in mm (inwards: < 0)."""
    box = Box.around(drawn | true)
    assert box is not None
    where = box.grown(1, drawn.shape).slices
    drawn, true = drawn[where], true[where]
    spacing = tuple(grid.spacing_ijk_mm[::-1].tolist())
    # Half a voxel is taken off, since a distance runs to the centre of a voxel and not to its face.
    half = 0.5 * min(spacing)
    border = drawn & (edt.edt(drawn, anisotropy=spacing, parallel=2) <= 1.01 * max(spacing))
    out = edt.edt(true, anisotropy=spacing, parallel=2) - half
    inwards = edt.edt(~true, anisotropy=spacing, parallel=2) - half
    gaps = np.where(true, np.maximum(out, 0.0), -np.maximum(inwards, 0.0))[border]
    return np.asarray(gaps - half, dtype=np.float32)


def _boundaries(gaps: dict[str, list[NDArray[np.float32]]]) -> dict[str, object]:
    rows: dict[str, object] = {}
    for structure_id, some in gaps.items():
        if some:
            low, high = np.quantile(np.concatenate(some), [0.05, 0.95])
            shift = BoundaryUncertainty(
                min(round(float(low), 1), 0.0), max(round(float(high), 1), 0.0), LabelOrigin.AUTOMATIC, is_assumed=False
            )
            rows[structure_id] = shift.to_json()
    return rows


def _some(gaps: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same number of gaps of every case."""
    return np.random.default_rng(1).choice(gaps, _GAPS_A_CASE)


def _mask(result: SegmentationResult, structure_id: str, shape: tuple[int, ...]) -> BoolVoxels:
    for layer in result.layers.values():
        if structure_id in layer.structure_ids():
            return layer.mask(structure_id)
    return np.zeros(shape, np.bool_)
