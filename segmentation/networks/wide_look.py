"""Organs larger than what the networks see at once: a wider look at the same scan tells what the close one misses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.working_volume_sitk import resampled_onto
from segmentation.networks.sliding_window import ClassFields
from twin.grid import Grid

__all__ = ["WIDER", "with_wide_look"]

# Voxels of the wider look against those of the close one: its windows show 240 mm where the close one shows 160 mm.
WIDER = 1.5
# Measured on scans never learned from (docs/decisions/0079): a spleen of 3 l and full stomachs are mostly missed in
# their middle, by windows that show nothing else. Livers are learned in all their size, and gain nothing.
_MAY_BE_LARGE = ("spleen", "stomach")
_LARGE_ML = 250.0
_MUCH_MORE = 1.25
_HALF = 127


def with_wide_look(
    seen: ClassFields, grid: Grid, wide: ClassFields, wide_grid: Grid, structure_ids: Sequence[str]
) -> ClassFields:
    """Return a close look with what the wider one sees of large organs.

    An organ counts where the wider look sees 250 ml of it or more, and a quarter more than the close look. Nothing of
    it is taken away: where the wider look says that it is there, and is surer than the close look is of anything, all
    probabilities are its own.

    Parameters
    ----------
    seen, grid
        The close look.
    wide, wide_grid
        The wider look, of the same classes.
    structure_ids
        Structure of each field, in their order.

    Examples
    --------
    >>> grid, wide_grid = Grid.from_spacing((150, 150, 150), (2, 2, 2)), Grid.from_spacing((100, 100, 100), (3, 3, 3))
    >>> close, wider = (np.full((1, *g.shape_kji), level, np.uint8) for g, level in ((grid, 0), (wide_grid, 200)))
    >>> apart, wide_apart = (np.zeros(g.shape_kji, np.uint8) for g in (grid, wide_grid))
    >>> both = with_wide_look(ClassFields(close, apart), grid, ClassFields(wider, wide_apart), wide_grid, ["spleen"])
    >>> int(both.fields[0, 75, 75, 75])
    200
    """
    large = [
        n
        for n, name in enumerate(structure_ids)
        if name in _MAY_BE_LARGE
        and _volume_ml(wide, wide_grid, n) >= max(_LARGE_ML, _MUCH_MORE * _volume_ml(seen, grid, n))
    ]
    if not large:
        return seen

    def onto_close(field: NDArray[np.uint8]) -> NDArray[np.float32]:
        return resampled_onto(field.astype(np.float32), wide_grid, grid)

    is_taken = np.max([onto_close(wide.fields[n]) for n in large], axis=0) > np.maximum(seen.fields.max(axis=0), _HALF)
    merged, disagreement = seen.fields.copy(), seen.disagreement.copy()
    for old, new in [*zip(merged, wide.fields, strict=True), (disagreement, wide.disagreement)]:
        # Rounded down: together they stay at or below one.
        old[is_taken] = onto_close(new)[is_taken].astype(np.uint8)
    return ClassFields(merged, disagreement)


def _volume_ml(seen: ClassFields, grid: Grid, n: int) -> float:
    return float(np.count_nonzero(seen.fields[n] > _HALF)) * grid.voxel_volume_ml
