"""Rehearse a plan on a twin: figures of a plane while it is dragged, and everything once it rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.live import LiveFigures, LivePlane, LiveSheet
from simulation.organ_model import OrganModel
from simulation.simulate import simulate
from simulation.split import split_masks, split_organ
from twin.outcome import Outcome
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, SheetCut
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["LiveFigures", "Rehearsal", "SettledPlan"]


@dataclass(frozen=True, eq=False)
class SettledPlan:
    """What a plan would do, with what is shown of it.

    Parameters
    ----------
    outcome
        Every figure.
    remnant, specimen
        Closed surfaces, LPS millimetres.
    removed
        Voxels that are removed, bool ``[k, j, i]`` on the grid of the twin.
    """

    plan: Plan
    outcome: Outcome
    remnant: Surface
    specimen: Surface
    removed: NDArray[np.bool_]


class Rehearsal:
    """The liver of a twin, prepared once (about a second) for many plans.

    Not to be used from two threads at once.

    Parameters
    ----------
    twin
        The anatomy, with its surfaces.
    facts
        Of the patient; what is missing leaves figures unknown.

    Raises
    ------
    GeometryError
        When the liver is not labelled.
    """

    def __init__(self, twin: Twin, facts: PatientFacts) -> None:
        self.twin = twin
        self.facts = facts
        self._model = OrganModel.of_twin(twin)
        self._live = LivePlane(twin, facts, model=self._model)
        self._live_sheet = LiveSheet(twin, facts, model=self._model)

    def with_facts(self, facts: PatientFacts) -> Rehearsal:
        """Return the same liver with other facts; nothing of the liver is computed again."""
        other = object.__new__(Rehearsal)
        other.twin, other.facts, other._model = self.twin, facts, self._model
        other._live = LivePlane(self.twin, facts, model=self._model)
        other._live_sheet = LiveSheet(self.twin, facts, model=self._model)
        return other

    def live_figures(self, cut: PlaneCut | SheetCut) -> LiveFigures:
        """Return the figures of a plane or a sheet, in milliseconds."""
        if isinstance(cut, SheetCut):
            return self._live_sheet.figures(cut)
        return self._live.figures(cut.origin_lps_mm, cut.normal_lps)

    def settled(self, plan: Plan, *, stop: Callable[[], None] = lambda: None) -> SettledPlan:
        """Return everything about a plan.

        Parameters
        ----------
        plan
            Its cuts.
        stop
            Called between the steps; raises when the answer is no longer wanted.

        Raises
        ------
        TwinSightError
            When the plan cannot be computed on this twin.
        """
        outcome = simulate(plan, self.twin, self.facts, model=self._model)
        stop()
        remnant, specimen = split_organ(plan, self.twin, model=self._model)
        stop()
        masks = split_masks(plan, self.twin, model=self._model)
        return SettledPlan(plan, outcome, remnant, specimen, masks.specimen)
