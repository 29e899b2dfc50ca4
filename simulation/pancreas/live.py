"""Figures of an operation on the pancreas while its cut is dragged along the axis, on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.margin import LesionFate, half_width_mm, lesion_fates
from simulation.pancreas.cuts import CutPlane, cut_planes
from simulation.pancreas.gland import Gland
from simulation.pancreas.outcome import gland_volumes, part_figures, section_figures
from simulation.pancreas.section import GlandSection, section_at
from simulation.volumetry import Volumetry
from twin.figure import Figure
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts
from twin.resection import PancreasCut, PancreasOperation

__all__ = ["LivePancreas", "LivePancreasFigures"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class LivePancreasFigures:
    """What an operation would do, for one frame.

    Parameters
    ----------
    pancreas
        Keys of a settled outcome, intervals included; volumes, duct and thickness equal those of
        :func:`simulation.simulate.simulate`. ``margin_mm`` is the distance to the gland on the plane of the cut.
    planes
        The cuts, to be drawn.
    margin_points_lps_mm
        Nearest points of lesion and cut, or None.
    lesions
        What becomes of each lesion of the gland.
    notes
        What is to be said of the risk of a fistula.
    """

    pancreas: Mapping[str, Figure | FigureTree]
    planes: tuple[CutPlane, ...]
    margin_points_lps_mm: tuple[Point, Point] | None
    lesions: tuple[LesionFate, ...]
    notes: tuple[OutcomeWarning, ...] = ()


class LivePancreas:
    """A pancreas asked for its figures at every frame of a drag along its axis.

    The voxels are sorted once by their position; sums over all before each millimetre are kept.

    Parameters
    ----------
    gland
        The pancreas, prepared.
    facts
        Of the patient; what is missing leaves figures unknown.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> from twin.resection import parse_cut
    >>> from twin.twin import Twin
    >>> grid = Grid.from_spacing((70, 20, 20), (2, 2, 2))
    >>> voxels = np.zeros(grid.shape_kji, np.uint8)
    >>> voxels[6:14, 6:14, 5:65] = 2
    >>> live = LivePancreas(Gland.of_twin(Twin(grid, {LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, voxels)})))
    >>> round(live.figures(parse_cut("pancreas:distal@0.5")).pancreas["remnant_percent"].value)
    50
    """

    def __init__(self, gland: Gland, facts: PatientFacts | None = None) -> None:
        self.gland = gland
        self._facts = facts or PatientFacts()
        self._volumetry = Volumetry(gland.model)
        self._prefix = _Prefix(gland)
        self._lesion_trees = {name: cKDTree(points) for name, points in gland.model.lesion_points_lps_mm.items()}
        for operation, fractions in ((PancreasOperation.DISTAL, (0.5,)), (PancreasOperation.TOTAL, ())):
            self.figures(PancreasCut(operation, fractions))  # fills caches

    def with_facts(self, facts: PatientFacts) -> LivePancreas:
        """Return the same gland with other facts; nothing of it is computed again."""
        other = object.__new__(LivePancreas)
        other.gland, other._volumetry, other._prefix = self.gland, self._volumetry, self._prefix
        other._lesion_trees = self._lesion_trees
        other._facts = facts
        return other

    def figures(self, cut: PancreasCut) -> LivePancreasFigures:
        """Return the figures of a cut along the axis.

        A cut that removes nothing, or all, is no error here: while it is dragged it may.

        Raises
        ------
        ValueError
            For an enucleation, which has no place along the axis.
        """
        removed = self._removed(cut)
        counts = np.asarray(removed.sum(axis=0))
        figures: dict[str, Figure | FigureTree] = dict(gland_volumes(self._volumetry, self._volumetry.of(counts)))
        figures |= part_figures(self.gland, removed)
        sections = {fraction: section_at(self.gland, fraction) for fraction in cut.fractions}
        of_sections, risk = section_figures((cut,), sections, self._facts)
        figures |= of_sections
        fates = lesion_fates(self.gland.model, counts)
        figures["margin_mm"], points = self._margin(fates, list(sections.values()))
        return LivePancreasFigures(figures, cut_planes(cut, self.gland.axis), points, fates, risk.warnings)

    def _removed(self, cut: PancreasCut) -> NDArray[np.int64]:
        """Return the removed voxels of each part and state, int64 (6, n_states)."""
        at = [np.float32(fraction * self.gland.axis.length_mm) for fraction in cut.fractions]
        match cut.operation:
            case PancreasOperation.WHIPPLE:
                return self._prefix.before(at[0], "left")
            case PancreasOperation.DISTAL:
                return np.asarray(self._prefix.all - self._prefix.before(at[0], "right"))
            case PancreasOperation.CENTRAL:
                between = self._prefix.before(at[1], "left") - self._prefix.before(at[0], "right")
                return np.asarray(np.maximum(between, 0))
            case PancreasOperation.TOTAL:
                return self._prefix.all.copy()
            case _:
                raise ValueError("an enucleation has no place along the axis")

    def _margin(
        self, fates: tuple[LesionFate, ...], sections: list[GlandSection]
    ) -> tuple[Figure, tuple[Point, Point] | None]:
        concerned = [fate for fate in fates if not fate.is_left_behind]
        cut_points = [section.tissue_points_lps_mm for section in sections if len(section.tissue_points_lps_mm)]
        if not concerned or not cut_points:
            return Figure.unknown("mm", needs=() if fates else ("lesion",)), None
        places = np.concatenate(cut_points)
        found = []
        for fate in concerned:
            tree = self._lesion_trees[fate.lesion_id]
            distances, nearest = tree.query(places)
            at = int(distances.argmin())
            distance_mm = float(distances[at]) if fate.is_removed else 0.0
            found.append((distance_mm, fate.lesion_id, tree.data[nearest[at]], places[at]))
        distance_mm, name, at_lesion, at_cut = min(found, key=lambda one: one[0])
        half_mm = half_width_mm(self.gland.model.twin, name)
        source = "distance to the gland on the plane of the cut"
        figure = Figure(distance_mm, max(distance_mm - half_mm, 0.0), distance_mm + half_mm, "mm", source=source)
        return figure, (_point(at_lesion if distance_mm > 0 else at_cut), _point(at_cut))


class _Prefix:
    """Voxels of each part and state before a position: whole millimetres are summed up, the rest is counted."""

    def __init__(self, gland: Gland) -> None:
        states, labels = gland.model.states.ravel(), gland.parts.labels.ravel()
        places = np.flatnonzero(states)
        position = gland.axis.position_mm.ravel()[places]
        order = np.argsort(position, kind="stable")
        self._n_states = gland.model.table.n_states
        self._position = position[order]
        joint = labels[places].astype(np.int64) * self._n_states + states[places]
        self._joint = joint[order]
        self._first_mm = float(np.floor(self._position[0]))
        n_bins = int(self._position[-1] - self._first_mm) + 2
        self._starts = np.searchsorted(self._position, (self._first_mm + np.arange(n_bins)).astype(np.float32))
        steps = [self._counted(start, stop) for start, stop in zip(self._starts, self._starts[1:], strict=False)]
        self._sums = np.cumsum([self._counted(0, 0), *steps], axis=0)
        self.all: NDArray[np.int64] = self._counted(0, places.size)

    def before(self, position_mm: np.float32, side: str) -> NDArray[np.int64]:
        """Return the counts before a position, int64 (6, n_states); ``side`` as for :func:`numpy.searchsorted`."""
        stop = int(np.searchsorted(self._position, position_mm, "left" if side == "left" else "right"))
        at = int(np.searchsorted(self._starts, stop, side="right")) - 1
        return np.asarray(self._sums[at] + self._counted(int(self._starts[at]), stop))

    def _counted(self, start: int, stop: int) -> NDArray[np.int64]:
        counts = np.bincount(self._joint[start:stop], minlength=6 * self._n_states)
        return counts.reshape(6, self._n_states)


def _point(values: NDArray[np.float64]) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))
