"""Runs of equal states along the rows of an organ: exact half-space volumes in a millisecond.

A half-space meets a row in one interval, so its volume is a sum over clipped runs instead of voxels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.run_table import clip_runs, count_runs, fill_runs

__all__ = ["RunTable"]

_LONGEST_ROW = 32767


@dataclass(frozen=True, eq=False)
class RunTable:
    """Runs of states, by row.

    Parameters
    ----------
    rows_kj
        int32 (n_rows, 2): k and j of each row that holds a run.
    first_run
        int64 (n_rows + 1,): index of the first run of each row.
    starts, stops
        int16 (n_runs,): half-open interval of i.
    states
        uint32 (n_runs,): state of the run; 0 is never stored.
    row_length
        Voxels in a row.
    n_states
        States are below it.
    """

    rows_kj: NDArray[np.int32]
    first_run: NDArray[np.int64]
    starts: NDArray[np.int16]
    stops: NDArray[np.int16]
    states: NDArray[np.uint32]
    row_length: int
    n_states: int

    @classmethod
    def of_states(cls, states: NDArray[np.uint32], n_states: int) -> RunTable:
        """Build the table of ``states[k, j, i]`` (uint32, 0 is background).

        Raises
        ------
        ValueError
            When a row is longer than 32 767 voxels or a state is not below ``n_states``.
        """
        nk, nj, ni = states.shape
        if ni > _LONGEST_ROW:
            raise ValueError(f"rows of {ni} voxels are too long")
        if states.size and int(states.max()) >= n_states:
            raise ValueError("a state is not below n_states")
        states = np.ascontiguousarray(states)
        runs_of_row = np.zeros(nk * nj, np.int64)
        count_runs(states.reshape(nk * nj, ni), runs_of_row)
        filled = np.flatnonzero(runs_of_row)
        first_run = np.concatenate([[0], np.cumsum(runs_of_row[filled])]).astype(np.int64)
        n_runs = int(first_run[-1])
        starts, stops = np.empty(n_runs, np.int16), np.empty(n_runs, np.int16)
        values = np.empty(n_runs, np.uint32)
        fill_runs(states.reshape(nk * nj, ni), filled, first_run, starts, stops, values)
        rows_kj = np.stack([filled // nj, filled % nj], axis=1).astype(np.int32)
        return cls(rows_kj, first_run, starts, stops, values, ni, n_states)

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return int(self.starts.size)

    def counts(self) -> NDArray[np.int64]:
        """Return the number of voxels of each state, int64 (n_states,)."""
        lengths = self.stops.astype(np.int64) - self.starts
        return np.bincount(self.states, lengths, self.n_states).astype(np.int64)

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
            self.rows_kj, self.first_run, self.starts, self.stops, self.states,
            self.row_length, ci, cj, ck, c0, counts,
        )  # fmt: skip
        return counts
