"""Figures of an organ from counted voxels: volumes, ratios of the remnant, and their intervals.

Each figure is computed on the labels as drawn, and again with the boundary of the organ and that of the lesions at
their inward and outward shifts. The interval spans the answers of all combinations, so that a ratio is always that
of two volumes measured with the same boundary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.formulas.body import STANDARD_LIVER_VOLUMES
from simulation.formulas.remnant import flr_body_weight_percent, flr_percent, sflr_percent, specimen_weight_g
from simulation.intervals import envelope
from simulation.organ_model import OrganModel
from simulation.segment_codes import segment_name
from twin.figure import Figure, FigureStatus
from twin.outcome import FigureTree
from twin.patient import PatientFacts

__all__ = [
    "OrganVolumes",
    "Volumetry",
    "body_ratios",
    "is_under_age",
    "known_figures",
    "remnant_figures",
    "segment_figures",
]

_DRAWN = 1  # row of the boundary as drawn, between its inward and its outward shift
_LABELS = "label volume"


@dataclass(frozen=True, eq=False)
class OrganVolumes:
    """Volumes in ml, of the organ and of the organ without lesions: float64 (3, 3), by organ and lesion boundary."""

    whole_ml: NDArray[np.float64]
    net_ml: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Volumetry:
    """Counts of an organ turned into volumes; made once for an organ model."""

    model: OrganModel

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        """Share of each state in the organ (3 rows) and in the organ without lesions (9 rows), in ml."""
        table = self.model.table
        return np.concatenate([table.organ, table.net]) * self.model.grid.voxel_volume_ml

    @cached_property
    def _segment_values(self) -> NDArray[np.int64]:
        couinaud = self.model.table.couinaud
        return np.unique(couinaud[(couinaud > 0) & (self.model.counts > 0)])

    @cached_property
    def _segment_weights(self) -> NDArray[np.float64]:
        """Share of each state in each segment, by boundary of the organ, in ml: (n_segments * 3, n_states)."""
        table = self.model.table
        rows = [table.organ * (table.couinaud == value) for value in self._segment_values]
        whole = np.concatenate(rows) if rows else np.zeros((0, table.n_states))
        return whole * self.model.grid.voxel_volume_ml

    @property
    def segment_names(self) -> tuple[str, ...]:
        """Names of the Couinaud segments of the organ: ``"1"`` to ``"8"``, ``"4a"``, ``"4b"``."""
        return tuple(segment_name(int(value)) for value in self._segment_values)

    def of_segments(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the ml of counted voxels in each segment, by boundary of the organ, float64 (n_segments, 3)."""
        return (self._segment_weights @ counts).reshape(-1, 3)

    def removed_and_whole_ml(self, counts: NDArray[np.int64]) -> dict[str, tuple[float, float]]:
        """Return the ml of counted voxels, as drawn, and of all of each segment, by its name."""
        removed, whole = (self.of_segments(one)[:, _DRAWN] for one in (counts, self.model.counts))
        pairs = zip(self.segment_names, removed, whole, strict=True)
        return {name: (float(removed_ml), float(whole_ml)) for name, removed_ml, whole_ml in pairs}

    @cached_property
    def all(self) -> OrganVolumes:
        """Volumes of the whole organ."""
        return self.of(self.model.counts)

    def of(self, counts: NDArray[np.int64]) -> OrganVolumes:
        """Return the volumes of counted voxels.

        Parameters
        ----------
        counts
            Voxels of each state, int64 (n_states,); or (3, n_states) where what is removed depends on the boundary of
            the lesions: shifted inwards, as drawn, outwards.
        """
        if counts.ndim == 1:
            volumes = self._weights @ counts
            return OrganVolumes(np.repeat(volumes[:3, None], 3, axis=1), volumes[3:].reshape(3, 3))
        by_lesion = [self.of(one) for one in counts]
        return OrganVolumes(
            np.stack([volumes.whole_ml[:, n] for n, volumes in enumerate(by_lesion)], axis=1),
            np.stack([volumes.net_ml[:, n] for n, volumes in enumerate(by_lesion)], axis=1),
        )


_NO_LESION_LABELLED = Figure(0.0, None, None, "ml", FigureStatus.ASSUMED, "no lesion is labelled")


def remnant_figures(volumetry: Volumetry, removed: OrganVolumes) -> dict[str, Figure]:
    """Return the volumes of organ, lesions, removed part and remnant, and the FLR %.

    ``resected_ml + remnant_ml = total_ml`` to the voxel. ``flr_ml`` is the remnant without the lesions left in it.
    Where no lesion is labelled, that there is none is an assumption: nobody has measured it.
    """
    everything = volumetry.all
    lesion_ml = everything.whole_ml - everything.net_ml
    remnant_ml = everything.whole_ml - removed.whole_ml
    flr_ml = np.maximum(everything.net_ml - removed.net_ml, 0.0)  # a rounding error is no volume below zero
    ratio = flr_percent(1.0, 1.0)
    share = 100.0 * flr_ml / np.maximum(everything.net_ml, 1e-12)
    return {
        "total_ml": _by_both(everything.whole_ml),
        "lesion_ml": _by_both(lesion_ml) if volumetry.model.twin.lesion_ids else _NO_LESION_LABELLED,
        "net_ml": _by_both(everything.net_ml),
        "resected_ml": _by_both(removed.whole_ml),
        "remnant_ml": _by_both(remnant_ml),
        "flr_ml": _by_both(flr_ml),
        "flr_percent": _by_both(share, unit="%", source=ratio.source),
    }


def body_ratios(flr_ml: Figure, taken_ml: Figure, facts: PatientFacts) -> dict[str, Figure | FigureTree]:
    """Return the figures that need the patient's body: sFLR, FLR to body weight, weight of the specimen.

    A fact that was not entered is named in ``needs``; under 18 years there is no standard liver volume.
    """
    weight_kg = facts.number("weight_kg")
    by_weight = (
        Figure.unknown("%", needs=("weight_kg",))
        if weight_kg is None
        else _scaled(
            flr_ml, flr_body_weight_percent(1.0, weight_kg).value, "%", flr_body_weight_percent(1, weight_kg).source
        )
    )
    specimen = specimen_weight_g(1.0)
    return {
        "sflr_percent": {name: _sflr(name, flr_ml, facts) for name in STANDARD_LIVER_VOLUMES},
        "flr_body_weight_percent": by_weight,
        "specimen_weight_g": _scaled(taken_ml, specimen.value, "g", specimen.source),
    }


def is_under_age(facts: PatientFacts) -> bool:
    """Tell whether the patient may be under 18 on the day the year of birth was entered."""
    fact = facts.birth_year
    if fact is None or fact.is_proposal:
        return False
    return int(fact.date[:4]) - int(fact.value) - 1 < 18


def segment_figures(volumetry: Volumetry, removed_counts: NDArray[np.int64]) -> dict[str, FigureTree]:
    """Return total, removed and remaining ml of each Couinaud segment; nothing without that layer."""
    everything, removed = volumetry.of_segments(volumetry.model.counts), volumetry.of_segments(removed_counts)
    return {
        name: {
            "total_ml": _by_organ(total_ml),
            "resected_ml": _by_organ(removed_ml),
            "remnant_ml": _by_organ(total_ml - removed_ml),
        }
        for name, total_ml, removed_ml in zip(volumetry.segment_names, everything, removed, strict=True)
    }


def _sflr(name: str, flr_ml: Figure, facts: PatientFacts) -> Figure:
    height_cm, weight_kg = facts.number("height_cm"), facts.number("weight_kg")
    if height_cm is None or weight_kg is None:
        needs = [fact for fact, value in (("height_cm", height_cm), ("weight_kg", weight_kg)) if value is None]
        return Figure.unknown("%", needs=tuple(needs))
    if is_under_age(facts):
        return Figure.unknown("%", source="no standard liver volume under 18 years")
    ratio = sflr_percent(1.0, STANDARD_LIVER_VOLUMES[name](height_cm, weight_kg))
    return _scaled(flr_ml, ratio.value, "%", ratio.source)


def _scaled(figure: Figure, factor: float, unit: str, source: str) -> Figure:
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor, unit, FigureStatus.COMPUTED, source)


def _by_organ(values: NDArray[np.float64]) -> Figure:
    return _figure(float(values[_DRAWN]), values, "ml", _LABELS)


def _by_both(values: NDArray[np.float64], unit: str = "ml", source: str = _LABELS) -> Figure:
    return _figure(float(values[_DRAWN, _DRAWN]), values.ravel(), unit, source)


def _figure(value: float, values: NDArray[np.float64], unit: str, source: str) -> Figure:
    low, high = envelope(float(v) for v in values)
    status = FigureStatus.MEASURED if unit == "ml" else FigureStatus.COMPUTED
    return Figure(value, low, high, unit, status, source)


def known_figures(tree: Mapping[str, Figure | FigureTree], prefix: str = "") -> dict[str, Figure]:
    """Return the figures of a tree by their dotted names, e.g. ``sflr_percent.vauthey``."""
    flat: dict[str, Figure] = {}
    for name, value in tree.items():
        if isinstance(value, Figure):
            flat[prefix + name] = value
        else:
            flat |= known_figures(value, f"{prefix}{name}.")
    return flat
