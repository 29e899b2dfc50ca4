"""Rehearse a plan on a twin: figures of a plane while it is dragged, and everything once it rests."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.contacts import ScanState, contacts_of
from simulation.cut_map import CutMap, cut_maps
from simulation.live import LiveFigures, LivePlane, LiveSheet
from simulation.live_plan import LivePlan
from simulation.organ_model import OrganModel
from simulation.pancreas.cuts import CutPlane
from simulation.pancreas.gland import Gland
from simulation.pancreas.live import LivePancreas, LivePancreasFigures
from simulation.resectogram import resectograms
from simulation.sheet_making import SheetFit, sheet_along_territory, sheet_of_plane
from simulation.simulate import simulate
from simulation.split import split_masks, split_organ
from twin.contact import Contact
from twin.errors import GeometryError
from twin.outcome import Outcome
from twin.pancreas.axis import PancreasAxis
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PancreasCut, PlaneCut, Resection, SheetCut
from twin.resectogram import Resectogram
from twin.second_scan import SecondScan
from twin.surface import Surface
from twin.twin import Twin

__all__ = [
    "CutFaces",
    "CutMap",
    "CutPlane",
    "LiveFigures",
    "LivePancreasFigures",
    "Rehearsal",
    "Resectogram",
    "SettledPlan",
    "SheetFit",
]


@dataclass(frozen=True, eq=False)
class SettledPlan:
    """What a plan would do, with what is shown of it.

    Parameters
    ----------
    outcome
        Every figure.
    remnant, specimen
        Closed surfaces, LPS millimetres, of the liver where the plan cuts it, else of the pancreas; no remnant after a
        total pancreatectomy.
    removed
        Voxels that are removed, bool ``[k, j, i]`` on the grid of the twin.
    """

    plan: Plan
    outcome: Outcome
    remnant: Surface | None
    specimen: Surface
    removed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CutFaces:
    """The cut of a plan through the liver, to be looked at.

    ``unfolded`` are its planes and sheets laid flat, in their order; ``faces`` the cut surface with the distance of
    each point to the nearest lesion.
    """

    plan: Plan
    unfolded: tuple[Resectogram, ...]
    faces: tuple[CutMap, ...]


@dataclass(frozen=True, eq=False)
class _Liver:
    """The liver prepared, with the two cuts that are dragged."""

    model: OrganModel
    plane: LivePlane
    sheet: LiveSheet

    @classmethod
    def prepared(cls, twin: Twin, facts: PatientFacts, model: OrganModel) -> _Liver:
        return cls(model, LivePlane(twin, facts, model=model), LiveSheet(twin, facts, model=model))


class Rehearsal:
    """The organs of a twin, prepared once (about a second) for many plans.

    A twin may have a pancreas and no liver; then what is asked of a liver is refused.

    Not to be used from two threads at once.

    Parameters
    ----------
    twin
        The anatomy, with its surfaces.
    facts
        Of the patient; what is missing leaves figures unknown.
    scan_date
        Day of the scan; the growth of the remnant needs it.
    scan
        Phase and age of the scan; the suggested resectability rows need them.
    confirmed
        Structures that a person declared right; those rows need them too.
    contacts
        Of lesions with vessels, where they were measured already.
    second
        The liver on a scan of another date, which the growth of the remnant is measured on.

    Raises
    ------
    GeometryError
        When neither liver nor pancreas is labelled.
    """

    def __init__(
        self,
        twin: Twin,
        facts: PatientFacts,
        *,
        scan_date: date | None = None,
        scan: ScanState | None = None,
        confirmed: Collection[str] = (),
        contacts: tuple[Contact, ...] | None = None,
        second: SecondScan | None = None,
    ) -> None:
        self.twin = twin
        self.facts = facts
        self.scan_date = scan_date
        self.scan = scan
        self.confirmed = tuple(confirmed)
        self.second = second
        self._contacts = contacts
        self._liver: _Liver | None = None
        if twin.has("liver") or not twin.has("pancreas"):
            self._liver = _Liver.prepared(twin, facts, OrganModel.of_twin(twin))

    def with_facts(self, facts: PatientFacts, *, confirmed: Collection[str] | None = None) -> Rehearsal:
        """Return the same organs with other facts, and other confirmed structures where they are given.

        Nothing of the organs is computed again.
        """
        other = object.__new__(Rehearsal)
        other.twin, other.facts = self.twin, facts
        other.confirmed = self.confirmed if confirmed is None else tuple(confirmed)
        other.scan_date, other.scan, other._contacts = self.scan_date, self.scan, self._contacts
        other.second = self.second
        other._liver = None if self._liver is None else _Liver.prepared(self.twin, facts, self._liver.model)
        if "_pancreas" in vars(self):
            other._pancreas = self._pancreas.with_facts(facts)
        return other

    @property
    def _prepared_liver(self) -> _Liver:
        if self._liver is None:
            raise GeometryError("error.organ.empty", structure="liver")
        return self._liver

    @property
    def _model(self) -> OrganModel:
        return self._prepared_liver.model

    @cached_property
    def _pancreas(self) -> LivePancreas:
        """The pancreas, prepared when it is first asked for."""
        return LivePancreas(Gland.of_twin(self.twin), self.facts)

    @property
    def axis(self) -> PancreasAxis:
        """The axis of the pancreas, for a slider along it and its picture.

        Raises
        ------
        GeometryError
            When the pancreas is not labelled, or no axis can be laid through its label.
        """
        return self._pancreas.gland.axis

    def live_pancreas(self, cut: PancreasCut) -> LivePancreasFigures:
        """Return the figures of a cut along the axis of the pancreas, in milliseconds; errors as :attr:`axis`."""
        return self._pancreas.figures(cut)

    def live_figures(self, cut: PlaneCut | SheetCut) -> LiveFigures:
        """Return the figures of a plane or a sheet, in milliseconds."""
        if isinstance(cut, SheetCut):
            return self._prepared_liver.sheet.figures(cut)
        return self._prepared_liver.plane.figures(cut.origin_lps_mm, cut.normal_lps)

    @cached_property
    def _live_plan(self) -> LivePlan:
        return LivePlan(self._model, self.facts)

    def live_plan(self, plan: Plan) -> LiveFigures:
        """Return the figures of a plan of any cuts of the liver, in tenths of a second.

        Raises
        ------
        TwinSightError
            When a cut misses the organ, or needs what is not labelled.
        """
        return self._live_plan.figures(plan.on_organ("liver"))

    def cut_faces(self, plan: Plan) -> CutFaces:
        """Return what the cut through the liver looks like; nothing for a plan of the pancreas."""
        if "liver" not in plan.organ_ids:
            return CutFaces(plan, (), ())
        on_liver = plan.on_organ("liver")
        unfolded = resectograms(on_liver, self.twin, model=self._model)
        return CutFaces(plan, unfolded, cut_maps(on_liver, self.twin, model=self._model))

    def bent_plane(self, cut: PlaneCut) -> SheetCut:
        """Return the flat sheet that removes what a plane does, to be bent by hand."""
        return sheet_of_plane(cut, self._model)

    def sheet_along(self, cut: Resection) -> SheetFit:
        """Return the sheet along the border of a territory, segments or a graft.

        Raises
        ------
        TwinSightError
            When it has no border with another part of the liver.
        """
        return sheet_along_territory(cut, self._model)

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
        if self._contacts is None:
            self._contacts = contacts_of(self.twin)  # they do not depend on the plan
        gland = self._pancreas.gland if "pancreas" in plan.organ_ids else None
        outcome = simulate(
            plan,
            self.twin,
            self.facts,
            model=None if self._liver is None else self._liver.model,
            gland=gland,
            scan_date=self.scan_date,
            contacts=self._contacts,
            scan=self.scan,
            confirmed=self.confirmed,
            second=self.second,
        )
        stop()
        model = gland.model if gland is not None and "liver" not in plan.organ_ids else self._model
        remnant, specimen = split_organ(plan, self.twin, model=model)
        stop()
        masks = split_masks(plan, self.twin, model=model)
        return SettledPlan(plan, outcome, remnant, specimen, masks.specimen)
