"""Runs of equal states along the rows of an organ: exact volumes on the sides of a cut in a few milliseconds.

A half-space meets a row in one interval and a sheet in a few, so a volume is a sum over clipped runs instead of
voxels. Rows are gathered in bricks that know their sums: only the bricks that the cut goes through are looked into.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.run_table import clip_runs, count_runs, fill_runs
from simulation.kernels.sheet_rows import clip_runs_by_sheet
from simulation.sheet_map import SheetMap

__all__ = ["RunTable"]

_LONGEST_ROW = 32767
_BRICK_KJI = (12, 12, 24)  # found by trial: smaller ones are more often whole, larger ones are fewer


@dataclass(frozen=True, eq=False)
class RunTable:
    """Runs of states, by brick and row.

    Parameters
    ----------
    boxes
        int32 (n_bricks, 6): first and last k, j, i of the states in each brick.
    first_row
        int64 (n_bricks + 1,): index of the first row of each brick.
    first_sum
        int64 (n_bricks + 1,): index of the first sum of each brick.
    sum_states, sum_counts
        uint32, int64 (n_sums,): a state of the brick and the number of its voxels there.
    rows_kj
        int32 (n_rows, 2): k and j of each row of a brick that holds a run.
    first_run
        int64 (n_rows + 1,): index of the first run of each row.
    starts, stops
        int16 (n_runs,): half-open interval of i.
    states
        uint32 (n_runs,): state of the run; 0 is never stored.
    row_length
        Voxels in a row of the volume.
    n_states
        States are below it.
    """

    boxes: NDArray[np.int32]
    first_row: NDArray[np.int64]
    first_sum: NDArray[np.int64]
    sum_states: NDArray[np.uint32]
    sum_counts: NDArray[np.int64]
    rows_kj: NDArray[np.int32]
    first_run: NDArray[np.int64]
    starts: NDArray[np.int16]
    stops: NDArray[np.int16]
    states: NDArray[np.uint32]
    row_length: int
    n_states: int

    @classmethod
    def of_states(
        cls, states: NDArray[np.uint32], n_states: int, *, brick_kji: tuple[int, int, int] = _BRICK_KJI
    ) -> RunTable:
        """Build the table of ``states[k, j, i]`` (uint32, 0 is background).

        Raises
        ------
        ValueError
            When a row is longer than 32 767 voxels or a state is not below ``n_states``.
        """
        if states.shape[2] > _LONGEST_ROW:
            raise ValueError(f"rows of {states.shape[2]} voxels are too long")
        if states.size and int(states.max()) >= n_states:
            raise ValueError("a state is not below n_states")
        states = np.ascontiguousarray(states)
        found = count_runs(states, brick_kji, n_states)
        filled = np.flatnonzero(found[:, 1])
        first_row, _, first_sum = (np.concatenate([[0], np.cumsum(found[filled, n])]) for n in range(3))
        n_rows, n_runs, n_sums = (int(found[:, n].sum()) for n in range(3))
        boxes, rows_kj = np.empty((filled.size, 6), np.int32), np.empty((n_rows, 2), np.int32)
        first_run = np.zeros(n_rows + 1, np.int64)
        starts, stops = np.empty(n_runs, np.int16), np.empty(n_runs, np.int16)
        run_states, sum_states = np.empty(n_runs, np.uint32), np.zeros(n_sums, np.uint32)
        sum_counts = np.zeros(n_sums, np.int64)
        fill_runs(
            states, brick_kji, filled, first_row, first_sum, boxes, rows_kj, first_run, starts, stops, run_states,
            sum_states, sum_counts, n_states,
        )  # fmt: skip
        return cls(
            boxes, first_row, first_sum, sum_states, sum_counts, rows_kj, first_run, starts, stops, run_states,
            states.shape[2], n_states,
        )  # fmt: skip

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return int(self.starts.size)

    def counts(self) -> NDArray[np.int64]:
        """Return the number of voxels of each state, int64 (n_states,)."""
        return np.bincount(self.sum_states, self.sum_counts, self.n_states).astype(np.int64)

    def half_space_counts(self, coefficients: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the number of voxels of each state on the positive side of a plane, int64 (n_states,).

        Parameters
        ----------
        coefficients
            float64 (4,): ci, cj, ck, c0 in voxel indices; a voxel counts when
            ``ci * i + (cj * j + (ck * k + c0)) > 0``.
        """
        counts = np.zeros(self.n_states, np.int64)
        ci, cj, ck, c0 = (float(c) for c in coefficients)
        clip_runs(
            self.boxes, self.first_row, self.first_sum, self.sum_states, self.sum_counts, self.rows_kj, self.first_run,
            self.starts, self.stops, self.states, self.row_length, ci, cj, ck, c0, counts,
        )  # fmt: skip
        return counts

    def sheet_counts(self, sheet: SheetMap) -> NDArray[np.int64]:
        """Return the number of voxels of each state on the removed side of a sheet, int64 (n_states,).

        Equal to the voxel to :meth:`simulation.sheet_map.SheetMap.mark`.
        """
        counts = np.zeros(self.n_states, np.int64)
        clip_runs_by_sheet(
            self.boxes, self.first_row, self.first_sum, self.sum_states, self.sum_counts, self.rows_kj, self.first_run,
            self.starts, self.stops, self.states, sheet.transform, sheet.heights_mm, sheet.fall_mm, sheet.rise_mm,
            sheet.steepness, counts,
        )  # fmt: skip
        return counts
