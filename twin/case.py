"""The case of a patient: volumes, labels, facts, confirmations, plans and outcomes, as one immutable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from twin.account import system_account, utc_now
from twin.anatomy import LayerName, structure
from twin.checklist import ChecklistAnswer
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.naming.branch_name import BranchName
from twin.outcome import Outcome
from twin.patient import PatientFacts, PatientIdentity
from twin.plan import Confirmation, Plan
from twin.registration import Registration
from twin.volume import Volume

__all__ = ["Case"]


@dataclass(frozen=True, eq=False)
class Case:
    """All that is known of one patient. Every change makes a new case.

    Parameters
    ----------
    id
        Random id of the case.
    identity
        Who the patient is.
    facts
        Clinical facts.
    volumes
        Scans by id.
    planning_volume_id
        The volume the surgeon plans on: its grid is the reference grid of the twin.
    layers
        Label layers by name, all on the reference grid.
    registrations, confirmations, plans, outcomes
        By meaning; plans and outcomes by plan name, confirmations by structure id.
    not_found
        Structure id to reason (message id), for structures that were searched and not found.
    revisions
        How often each layer was changed, undone changes included: it only grows, so that the result of a job can
        tell whether the layer it was made from is still current.
    branch_names
        Names that persons gave to branches of vessels, by place.
    segment_barriers
        Hepatic veins whose planes no segment crosses: of ``"right"``, ``"middle"``, ``"left"``.
    scan_layers
        Labels of scans of other dates, by volume id and layer, each on the grid of its own scan.
    checklist_answers
        What persons answered to the first questions of the anatomy, by question.
    """

    id: str
    identity: PatientIdentity = field(default_factory=PatientIdentity)
    facts: PatientFacts = field(default_factory=PatientFacts)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    planning_volume_id: str | None = None
    layers: Mapping[LayerName, LabelLayer] = field(default_factory=dict)
    registrations: tuple[Registration, ...] = ()
    confirmations: Mapping[str, Confirmation] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    not_found: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[LayerName, int] = field(default_factory=dict)
    branch_names: tuple[BranchName, ...] = ()
    segment_barriers: tuple[str, ...] = ()
    scan_layers: Mapping[str, Mapping[LayerName, LabelLayer]] = field(default_factory=dict)
    checklist_answers: Mapping[str, ChecklistAnswer] = field(default_factory=dict)

    @property
    def planning_volume(self) -> Volume:
        """The volume the surgeon plans on.

        Raises
        ------
        InputError
            When the case holds no volume yet.
        """
        if self.planning_volume_id is None:
            raise InputError("error.case.no_volume")
        return self.volumes[self.planning_volume_id]

    @property
    def reference_grid(self) -> Grid:
        """Grid of the labels: that of the planning volume, or of the labels when they came without a volume."""
        if self.planning_volume_id is not None:
            return self.planning_volume.grid
        for layer in self.layers.values():
            return layer.grid
        raise InputError("error.case.no_volume")

    @property
    def labels_hash(self) -> str:
        """SHA-256 over all label layers that are primary (derived ones follow from them).

        Boundary uncertainties are part of it: intervals are computed from them. So are names that persons gave to
        branches and the barriers of the segments: segments and territories go by them. Labels of scans of other dates
        are part of it with how they were registered: growth is measured on them.
        """
        parts: Sequence[object] = _hashed(self.layers)
        names = [list(name.to_json().values()) for name in self.branch_names]
        content: Sequence[object] = [parts, names] if names else parts
        if self.segment_barriers:
            content = [parts, names, sorted(self.segment_barriers)]
        if self.scan_layers:
            scans = sorted((volume_id, _hashed(layers)) for volume_id, layers in self.scan_layers.items())
            content = [parts, names, sorted(self.segment_barriers), scans, [r.to_json() for r in self.registrations]]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def facts_hash(self) -> str:
        """SHA-256 of the patient facts."""
        return self.facts.hash

    def layer(self, name: LayerName) -> LabelLayer:
        """Return a layer, empty when nothing was labelled in it yet."""
        return self.layers.get(name) or LabelLayer.empty(name, self.reference_grid)

    def revision(self, name: LayerName) -> int:
        """How often a layer was changed; 0 when it never was."""
        return self.revisions.get(name, 0)

    def layer_of(self, structure_id: str) -> LabelLayer:
        """Return the layer that holds a structure."""
        return self.layer(structure(structure_id).layer)

    def structure_ids(self) -> tuple[str, ...]:
        """Ids of all structures that are labelled, primary layers only."""
        primary = (self.layers[name] for name in LayerName if name in self.layers and not name.is_derived)
        return tuple(structure_id for layer in primary for structure_id in layer.structure_ids())

    def with_volume(self, volume: Volume) -> Case:
        """Return the case with a scan added or replaced; the first one becomes the planning volume.

        Raises
        ------
        GeometryError
            When it would become the planning volume and the labels are on another grid.
        """
        if self.planning_volume_id in (None, volume.id):
            for layer in self.layers.values():
                layer.grid.require_same_space(volume.grid, this=layer.name.value, that=volume.id)
        return replace(
            self,
            volumes={**self.volumes, volume.id: volume},
            planning_volume_id=self.planning_volume_id or volume.id,
        )

    def with_planning_volume(self, volume_id: str) -> Case:
        """Return the case planned on another volume; refused once labels exist on another grid."""
        if volume_id not in self.volumes:
            raise InputError("error.case.no_such_volume", volume=volume_id)
        for layer in self.layers.values():
            layer.grid.require_same_space(self.volumes[volume_id].grid, this=layer.name.value, that=volume_id)
        return replace(self, planning_volume_id=volume_id)

    def with_layer(self, layer: LabelLayer) -> Case:
        """Return the case with a layer added or replaced; results that depended on it become stale.

        Raises
        ------
        GeometryError
            When the layer is not on the reference grid.
        """
        if self.volumes or self.layers:
            self.reference_grid.require_same_space(layer.grid, this="case", that=layer.name.value)
        return replace(
            self, layers={**self.layers, layer.name: layer}, revisions=self._next_revisions(layer.name)
        )._with_stale_results()

    def without_layer(self, name: LayerName) -> Case:
        """Return the case without a layer; results that depended on it become stale."""
        layers = {n: layer for n, layer in self.layers.items() if n is not name}
        return replace(self, layers=layers, revisions=self._next_revisions(name))._with_stale_results()

    def with_facts(self, facts: PatientFacts) -> Case:
        """Return the case with other patient facts; outcomes become stale, approvals are withdrawn."""
        return replace(self, facts=facts)._with_stale_results()

    def with_branch_names(self, names: tuple[BranchName, ...]) -> Case:
        """Return the case with these names of branches in place of its own; outcomes become stale."""
        return replace(self, branch_names=names)._with_stale_results()

    def with_segment_barriers(self, barriers: tuple[str, ...]) -> Case:
        """Return the case with these barriers between segments; outcomes become stale."""
        return replace(self, segment_barriers=barriers)._with_stale_results()

    def with_scan_layers(self, volume_id: str, layers: Mapping[LayerName, LabelLayer]) -> Case:
        """Return the case with the labels of a scan of another date; without any they are taken away.

        Raises
        ------
        InputError
            When there is no such scan, or it is the one that is planned on.
        GeometryError
            When a layer is not on the grid of the scan.
        """
        if volume_id not in self.volumes:
            raise InputError("error.case.no_such_volume", volume=volume_id)
        if volume_id == self.planning_volume_id:
            raise InputError("error.registration.same_volume", volume=volume_id)
        for layer in layers.values():
            self.volumes[volume_id].grid.require_same_space(layer.grid, this=volume_id, that=layer.name.value)
        others = {name: known for name, known in self.scan_layers.items() if name != volume_id}
        scan_layers = {**others, volume_id: dict(layers)} if layers else others
        return replace(self, scan_layers=scan_layers)._with_stale_results()

    def with_registrations(self, registrations: tuple[Registration, ...]) -> Case:
        """Return the case with these registrations in place of its own; outcomes that measured with them are stale.

        Raises
        ------
        InputError
            When one of them names a scan that the case does not hold.
        """
        for registration in registrations:
            for volume_id in (registration.from_volume_id, registration.to_volume_id):
                if volume_id not in self.volumes:
                    raise InputError("error.case.no_such_volume", volume=volume_id)
        return replace(self, registrations=registrations)._with_stale_results()

    def registration_of(self, volume_id: str) -> Registration | None:
        """Return how a scan was brought into the space of the planning volume, or None."""
        pair = (volume_id, self.planning_volume_id)
        return next((r for r in self.registrations if (r.from_volume_id, r.to_volume_id) == pair), None)

    def with_checklist_answer(self, item_id: str, answer: ChecklistAnswer | None) -> Case:
        """Return the case with a person's answer to a question of the anatomy checklist, or without one (None)."""
        others = {name: known for name, known in self.checklist_answers.items() if name != item_id}
        return replace(self, checklist_answers=others if answer is None else {**others, item_id: answer})

    def with_plan(self, plan: Plan) -> Case:
        """Return the case with a plan added or replaced; an outcome of an earlier plan of that name becomes stale."""
        return replace(self, plans={**self.plans, plan.name: plan})._with_stale_results()

    def without_plan(self, name: str) -> Case:
        """Return the case without a plan and its outcome."""
        plans = {n: p for n, p in self.plans.items() if n != name}
        return replace(self, plans=plans, outcomes={n: o for n, o in self.outcomes.items() if n != name})

    def with_outcome(self, outcome: Outcome) -> Case:
        """Return the case with the outcome of a plan.

        Raises
        ------
        InputError
            When the plan is not in the case.
        """
        self.plan(outcome.plan_name)
        return replace(self, outcomes={**self.outcomes, outcome.plan_name: outcome})._with_stale_results()

    def with_results(self, plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome]) -> Case:
        """Return the case with these plans and outcomes in place of its own.

        An outcome or approval that does not belong to the present labels, facts and plans is stale or withdrawn all
        the same.
        """
        return replace(self, plans=dict(plans), outcomes=dict(outcomes))._with_stale_results()

    def with_confirmation(self, structure_id: str, by: str) -> Case:
        """Return the case with a structure declared right by a person.

        Raises
        ------
        GeometryError
            When the structure is not in the case.
        """
        layer = self.layer_of(structure_id)
        if structure_id not in layer.structure_ids():
            raise GeometryError("error.case.structure_absent", structure=structure_id)
        confirmation = Confirmation(structure_id, by, system_account(), utc_now(), layer.hash)
        return replace(self, confirmations={**self.confirmations, structure_id: confirmation})

    def with_confirmations(self, confirmations: Mapping[str, Confirmation]) -> Case:
        """Return the case with these confirmations in place of its own."""
        return replace(self, confirmations=dict(confirmations))

    def without_confirmation(self, structure_id: str) -> Case:
        """Return the case with a confirmation taken back; every approved plan is a draft again."""
        left = {i: confirmation for i, confirmation in self.confirmations.items() if i != structure_id}
        drafts = {name: plan.with_approval(None) for name, plan in self.plans.items()}
        return replace(self, confirmations=left, plans=drafts)

    def with_not_found(self, not_found: Mapping[str, str]) -> Case:
        """Return the case with this list of structures that were searched and not found."""
        return replace(self, not_found=dict(not_found))

    def is_confirmed(self, structure_id: str) -> bool:
        """True when a person confirmed the structure and its layer has not changed since."""
        confirmation = self.confirmations.get(structure_id)
        return confirmation is not None and confirmation.labels_hash == self.layer_of(structure_id).hash

    def plan(self, name: str) -> Plan:
        """Return a plan by name.

        Raises
        ------
        InputError
            When there is none; it lists the names there are.
        """
        if name not in self.plans:
            raise InputError("error.case.no_such_plan", plan=name, known=", ".join(self.plans) or "-")
        return self.plans[name]

    def require_approvable(self, name: str, structure_ids: tuple[str, ...]) -> Outcome:
        """Return the current outcome of a plan that may be approved.

        Raises
        ------
        SafetyRefusal
            When the outcome is missing or stale, or a structure its figures use is not confirmed.
        """
        self.plan(name)
        outcome = self.outcomes.get(name)
        if outcome is None or outcome.is_stale:
            raise SafetyRefusal("error.approve.no_current_outcome", plan=name)
        unconfirmed = [i for i in structure_ids if not self.is_confirmed(i)]
        if unconfirmed:
            raise SafetyRefusal("error.approve.unconfirmed", plan=name, structures=", ".join(unconfirmed))
        return outcome

    def _next_revisions(self, name: LayerName) -> dict[LayerName, int]:
        return {**self.revisions, name: self.revision(name) + 1}

    def _with_stale_results(self) -> Case:
        """Mark outcomes stale whose plan, labels or facts changed, and take their approvals back."""
        if all(o.is_stale for o in self.outcomes.values()) and not any(p.is_approved for p in self.plans.values()):
            return self  # spares hashing every layer after every stroke
        labels_hash, facts_hash = self.labels_hash, self.facts_hash

        def is_current(outcome: Outcome) -> bool:
            plan = self.plans.get(outcome.plan_name)
            mine = (outcome.plan_hash, outcome.labels_hash, outcome.facts_hash)
            return plan is not None and mine == (plan.hash, labels_hash, facts_hash)

        outcomes = {n: o if o.is_stale or is_current(o) else o.as_stale() for n, o in self.outcomes.items()}
        plans = {}
        for name, plan in self.plans.items():
            approval, outcome = plan.approval, outcomes.get(name)
            holds = (
                approval is not None
                and outcome is not None
                and not outcome.is_stale
                and (approval.plan_hash, approval.labels_hash, approval.figures_hash)
                == (plan.hash, labels_hash, outcome.figures_hash)
            )
            plans[name] = plan if holds or approval is None else plan.with_approval(None)
        return replace(self, outcomes=outcomes, plans=plans)


def _hashed(layers: Mapping[LayerName, LabelLayer]) -> Sequence[object]:
    """Return what of primary layers figures depend on: voxels and boundary uncertainties."""
    return sorted(
        (name.value, layer.hash, sorted((i, u.to_json()) for i, u in layer.uncertainties.items()))
        for name, layer in layers.items()
        if not name.is_derived
    )
