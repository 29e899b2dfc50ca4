"""Candidates of the search: what each removes, counted exactly, and which constraints it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulation.proposals.constraints import LARGEST_MARGIN_MM, CutKind, PlanConstraints
from simulation.proposals.kernels.candidates import evaluate_planes, judge_trees
from simulation.proposals.search_space import NearLesions, SearchSpace
from simulation.run_table import RunTable
from twin.resection import PlaneCut, Resection, SheetCut, TerritorySet, WedgeCut

__all__ = ["Candidate", "Counted", "Found", "PlaneBatch", "Question", "cut_kind"]

_ALL_GONE = 0.5  # voxels: nothing of a lesion may stay


@dataclass(frozen=True)
class Candidate:
    """A set of cuts with its central figures, as the search knows them.

    Volumes are those of :func:`simulation.simulate.simulate` to the voxel. ``margin_mm`` is the distance to the whole
    plane or sheet, so never more than the settled one but for hundredths of a millimetre; for a territory it is read
    between voxels and good to about a voxel. ``broken`` names the constraints that it does not keep.
    """

    resections: tuple[Resection, ...]
    margin_mm: float
    flr_ml: float
    flr_percent: float
    functional_ml: float | None
    functional_percent: float | None
    n_crossed: int
    broken: tuple[str, ...] = field(default=(), compare=False)
    cut_branch: str = field(default="", compare=False)

    @property
    def remnant_ml(self) -> float:
        """What is weighed against the margin: perfused and drained remnant, plain FLR where trees are lacking."""
        return self.flr_ml if self.functional_ml is None else self.functional_ml

    @property
    def weighed_margin_mm(self) -> float:
        """Margin as it is weighed: above 20 mm more is no advantage."""
        return min(self.margin_mm, LARGEST_MARGIN_MM)

    @property
    def kinds(self) -> tuple[CutKind, ...]:
        """Kinds of its cuts, each once, in their order."""
        return tuple(dict.fromkeys(cut_kind(resection) for resection in self.resections))


def cut_kind(resection: Resection) -> CutKind:
    """Return the kind of a cut that a proposal may hold.

    Raises
    ------
    ValueError
        For a kind of cut that no proposal holds.
    """
    match resection:
        case PlaneCut():
            return CutKind.PLANE
        case SheetCut():
            return CutKind.SHEET
        case TerritorySet():
            return CutKind.TERRITORY
        case WedgeCut():
            return CutKind.WEDGE
        case _:
            raise ValueError(f"no proposal holds {resection}")


@dataclass(frozen=True, eq=False)
class Counted:
    """Removed voxels of each group, int64 (n, groups); lost branches, bool (n, slots); crossed vessels, and the number
    of the first kept branch that is cut off or 0, int64 (n, 2)."""

    removed: NDArray[np.int64]
    is_lost: NDArray[np.bool_]
    found: NDArray[np.int64]
    voxels_per_count: int = 1

    @classmethod
    def joined(cls, parts: Sequence[Counted]) -> Counted:
        """Return what several hold that were counted to the voxel."""
        return cls(
            np.concatenate([part.removed for part in parts]),
            np.concatenate([part.is_lost for part in parts]),
            np.concatenate([part.found for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class PlaneBatch:
    """Planes to be looked at together, with the wedges beside each.

    ``normals_lps`` and ``origins_lps_mm`` float64 (n, 3); ``wedged`` bool (n, lesions); ``margins_mm`` float64 (n,);
    ``anchors`` int64 (n,), the lesion that the plane passes at its margin.
    """

    normals_lps: NDArray[np.float64]
    origins_lps_mm: NDArray[np.float64]
    wedged: NDArray[np.bool_]
    margins_mm: NDArray[np.float64]
    anchors: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.margins_mm)

    def chosen(self, wanted: NDArray[np.int64] | NDArray[np.bool_]) -> PlaneBatch:
        """Return some of them."""
        return PlaneBatch(*(column[wanted] for column in self._columns))

    @classmethod
    def joined(cls, batches: Sequence[PlaneBatch]) -> PlaneBatch:
        """Return all planes of several batches."""
        return cls(*(np.concatenate(parts) for parts in zip(*(batch._columns for batch in batches), strict=True)))

    @property
    def _columns(self):  # type: ignore[no-untyped-def]
        return self.normals_lps, self.origins_lps_mm, self.wedged, self.margins_mm, self.anchors

    def resections(self, at: int, lesion_ids: Sequence[str]) -> tuple[Resection, ...]:
        """Return the cuts of one of them."""
        origin, normal = (tuple(float(v) for v in rows[at]) for rows in (self.origins_lps_mm, self.normals_lps))
        wedges = wedges_of(self.wedged[at], float(self.margins_mm[at]), lesion_ids)
        return (PlaneCut(origin, normal), *wedges)  # type: ignore[arg-type]


def wedges_of(wedged: NDArray[np.bool_], margin_mm: float, lesion_ids: Sequence[str]) -> tuple[WedgeCut, ...]:
    """Return a wedge around each of some lesions."""
    return tuple(WedgeCut(name, margin_mm) for name, is_in in zip(lesion_ids, wedged, strict=True) if is_in)


class Question:
    """A search space with the constraints that candidates are held against.

    Parameters
    ----------
    space
        The organ.
    constraints
        With branches and lesions that exist.
    """

    def __init__(self, space: SearchSpace, constraints: PlanConstraints) -> None:
        self.space = space
        self.constraints = constraints
        wanted = set(constraints.lesion_ids) or set(space.lesion_ids)
        self.is_required = np.array([name in wanted for name in space.lesion_ids], np.bool_)
        of_lesion = [space.lesion_of_group == value for value in space.model.lesion_values]
        self._lesion_voxels = np.array([space.counts[groups].sum() for groups in of_lesion], np.float64)
        self._kept = np.zeros(len(space.trees.parents), np.int64)
        for number, branch in enumerate(constraints.kept_branches, start=1):
            nodes = space.trees.nodes_of(branch)
            self._kept[nodes & (self._kept == 0)] = number

    def count_planes(self, batch: PlaneBatch, *, is_coarse: bool = False) -> Counted:
        """Count what planes remove, to the voxel; for a first look on one row in sixteen, wedges on one voxel in 64."""
        space = self.space
        table, near = (space.coarse_runs, space.coarse_near) if is_coarse else (space.runs, space.near)
        step = space.coarse_step if is_coarse else 1
        n, trees = len(batch), space.trees
        counted = Counted(
            np.zeros((n, space.n_groups), np.int64),
            np.zeros((n, trees.n_slots), np.bool_),
            np.zeros((n, 2), np.int64),
            step * step,
        )
        evaluate_planes(
            _arrays(table), table.row_length, _near_arrays(near),
            (trees.nodes_ijk, trees.in_organ, space.node_distance_mm), self._tree_arrays,
            _coefficients(batch, space, is_exact=not is_coarse), (step, step), np.ascontiguousarray(batch.wedged),
            batch.margins_mm, near.within(batch.margins_mm), step, counted.removed, counted.is_lost, counted.found,
        )  # fmt: skip
        return counted

    def count_removal(self, removed: NDArray[np.int64], depths_mm: NDArray[np.float64]) -> Counted:
        """Cut the trees by any removal.

        Parameters
        ----------
        removed
            Removed voxels of each group, int64 (n_groups,).
        depths_mm
            Depth of each node in the removed part; nodes outside of the organ are left alone.
        """
        trees = self.space.trees
        depths = np.where(trees.in_organ, depths_mm, -1e6)
        is_lost = np.zeros(trees.n_slots, np.bool_)
        workspace = np.empty((3, depths.size), np.bool_)
        limits, parents, order, begins, slots, kept = self._tree_arrays
        found = judge_trees(depths, limits, parents, order, begins, slots, kept, is_lost, workspace)
        return Counted(removed[None], is_lost[None], np.array([found], np.int64))

    def remnant_ml(self, counted: Counted) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the remnant without lesions, and what of it is perfused and drained, in ml, each (n,)."""
        space = self.space
        is_served = ~(counted.is_lost[:, space.portal_slot] | counted.is_lost[:, space.venous_slot])
        kept = (space.counts - counted.removed * counted.voxels_per_count) * space.net_ml
        return kept.sum(axis=1), (kept * is_served).sum(axis=1)

    def lesions_left(self, counted: Counted) -> NDArray[np.float64]:
        """Return the voxels of each lesion that stay, (n, lesions)."""
        space = self.space
        left = space.counts - counted.removed * counted.voxels_per_count
        values = space.model.lesion_values
        columns = [left[:, space.lesion_of_group == value].sum(axis=1) for value in values]
        return np.stack(columns, axis=1).astype(np.float64)

    def candidates(
        self, counted: Counted, cuts: Sequence[tuple[Resection, ...]], margins_mm: NDArray[np.float64]
    ) -> list[Candidate]:
        """Return the candidates of counted removals.

        Left out are those that leave part of a required lesion, cut through another one, or take all of the organ.
        """
        flr_ml, functional_ml = self.remnant_ml(counted)
        left = self.lesions_left(counted)
        is_clean = (left < _ALL_GONE) | (~self.is_required & (left > self._lesion_voxels - _ALL_GONE))
        total_ml = self.space.net_total_ml
        found = []
        for n in np.flatnonzero(is_clean.all(axis=1) & (flr_ml > 0)).tolist():
            functional = float(functional_ml[n]) if self.space.has_perfusion else None
            kept = int(counted.found[n, 1])
            candidate = Candidate(
                cuts[n],
                float(margins_mm[n]),
                float(flr_ml[n]),
                100.0 * float(flr_ml[n]) / total_ml,
                functional,
                None if functional is None else 100.0 * functional / total_ml,
                int(counted.found[n, 0]),
                cut_branch=self.constraints.kept_branches[kept - 1] if kept else "",
            )
            found.append(self.judged(candidate))
        return found

    def judged(self, candidate: Candidate) -> Candidate:
        """Return the candidate with the constraints that it breaks."""
        asked, functional = self.constraints, candidate.functional_percent
        breaks = {
            "margin": candidate.margin_mm < asked.least_margin_mm - 1e-6,
            "flr": candidate.flr_percent < asked.least_flr_percent,
            "functional": functional is not None and functional < asked.least_functional_percent,
            "vessels": asked.most_vessels is not None and candidate.n_crossed > asked.most_vessels,
            "keep": bool(candidate.cut_branch),
            "kinds": not asked.kinds.issuperset(candidate.kinds),
        }
        return replace(candidate, broken=tuple(name for name, is_broken in breaks.items() if is_broken))

    @property
    def _tree_arrays(self):  # type: ignore[no-untyped-def]
        trees = self.space.trees
        return trees.limits_mm, trees.parents, trees.order, trees.begins, trees.slots, self._kept


class Found:
    """Removals that were counted one by one, to be judged together."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._counted: list[Counted] = []
        self._cuts: list[tuple[Resection, ...]] = []
        self._margins_mm: list[float] = []

    def add(
        self,
        removed: NDArray[np.int64],
        depths_mm: NDArray[np.float64],
        cuts: tuple[Resection, ...],
        margin_mm: float,
    ) -> None:
        """Add what cuts remove of each group, int64 (n_groups,), with the depth of each node in it and the margin."""
        self._counted.append(self.question.count_removal(removed, depths_mm))
        self._cuts.append(cuts)
        self._margins_mm.append(margin_mm)

    def candidates(self) -> list[Candidate]:
        """Return the candidates, as :meth:`Question.candidates`, in the order in which they were added."""
        if not self._cuts:
            return []
        return self.question.candidates(Counted.joined(self._counted), self._cuts, np.array(self._margins_mm))


def _coefficients(batch: PlaneBatch, space: SearchSpace, *, is_exact: bool) -> NDArray[np.float64]:
    """Return the planes in voxel indices, (n, 4): to count them exactly, by the same operations as a plan's plane."""
    if not is_exact:
        grid, normals = space.model.grid, batch.normals_lps
        offsets = np.einsum("nx,nx->n", normals, grid.origin_lps_mm - batch.origins_lps_mm)
        return np.concatenate([normals @ grid.affine_lps_mm[:3, :3], offsets[:, None]], axis=1)
    rows = [
        space.model.plane_coefficients(tuple(origin), tuple(normal))
        for origin, normal in zip(batch.origins_lps_mm, batch.normals_lps, strict=True)
    ]
    return np.array(rows).reshape(-1, 4)


def _arrays(table: RunTable):  # type: ignore[no-untyped-def]
    return (
        table.boxes, table.first_row, table.first_sum, table.sum_states, table.sum_counts, table.rows_kj,
        table.first_run, table.starts, table.stops, table.states,
    )  # fmt: skip


def _near_arrays(near: NearLesions):  # type: ignore[no-untyped-def]
    return near.ijk, near.group, near.distance_mm
