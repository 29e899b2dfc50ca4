"""Changes of what is known of the patient: identity, clinical facts, confirmed structures, names of branches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twin.case import Case
from twin.checklist import ChecklistAnswer
from twin.edit.edit import Edit
from twin.edit.results_edit import with_results_of
from twin.errors import GeometryError
from twin.naming.branch_name import BranchName
from twin.patient import PatientFacts, PatientIdentity
from twin.plan import Confirmation

__all__ = [
    "BranchNamesEdit",
    "ChecklistEdit",
    "ConfirmationEdit",
    "FactsEdit",
    "IdentityEdit",
    "SegmentBarriersEdit",
]

_N_BYTES = 2048  # a handful of short texts


@dataclass(frozen=True)
class IdentityEdit:
    """Say who the patient is."""

    identity: PatientIdentity
    label: str = "edit.identity"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case of this patient."""
        return replace(case, identity=self.identity)

    def inverted(self, case_before: Case) -> IdentityEdit:
        """Return the edit that brings back ``case_before``."""
        return IdentityEdit(case_before.identity, self.label)


@dataclass(frozen=True)
class FactsEdit:
    """Set the clinical facts; figures that used them become stale."""

    facts: PatientFacts
    label: str = "edit.facts"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with these facts."""
        return case.with_facts(self.facts)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        return with_results_of(FactsEdit(case_before.facts, self.label), case_before)


@dataclass(frozen=True)
class ConfirmationEdit:
    """Declare a structure right, or take that back (None); the latter withdraws every approval.

    Make it with :meth:`declaring`: who, when and which voxels are then part of the edit.
    """

    structure_id: str
    confirmation: Confirmation | None
    label: str = "edit.confirmation"

    @classmethod
    def declaring(cls, case: Case, structure_id: str, by: str) -> ConfirmationEdit:
        """Return the edit by which a person declares a structure right, as it is now.

        Raises
        ------
        GeometryError
            When the structure is not in the case.
        """
        return cls(structure_id, case.with_confirmation(structure_id, by).confirmations[structure_id])

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with the confirmation.

        Raises
        ------
        GeometryError
            When the structure is not in the case.
        """
        if self.confirmation is None:
            return case.without_confirmation(self.structure_id)
        if self.structure_id not in case.layer_of(self.structure_id).structure_ids():
            raise GeometryError("error.case.structure_absent", structure=self.structure_id)
        return case.with_confirmations({**case.confirmations, self.structure_id: self.confirmation})

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        before = case_before.confirmations.get(self.structure_id)
        return with_results_of(ConfirmationEdit(self.structure_id, before, self.label), case_before)


@dataclass(frozen=True)
class BranchNamesEdit:
    """Set the names that persons gave to branches of vessels; figures that go by them become stale."""

    names: tuple[BranchName, ...]
    label: str = "edit.branch_names"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES + 256 * len(self.names)

    def apply(self, case: Case) -> Case:
        """Return the case with these names."""
        return case.with_branch_names(self.names)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        return with_results_of(BranchNamesEdit(case_before.branch_names, self.label), case_before)


@dataclass(frozen=True)
class SegmentBarriersEdit:
    """Set the hepatic veins whose planes no segment crosses; figures that go by segments become stale."""

    barriers: tuple[str, ...]
    label: str = "edit.segment_barriers"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with these barriers."""
        return case.with_segment_barriers(self.barriers)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        return with_results_of(SegmentBarriersEdit(case_before.segment_barriers, self.label), case_before)


@dataclass(frozen=True)
class ChecklistEdit:
    """Answer a question of the anatomy checklist, or take the answer back (None)."""

    item_id: str
    answer: ChecklistAnswer | None
    label: str = "edit.checklist"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with the answer."""
        return case.with_checklist_answer(self.item_id, self.answer)

    def inverted(self, case_before: Case) -> ChecklistEdit:
        """Return the edit that brings back ``case_before``."""
        return ChecklistEdit(self.item_id, case_before.checklist_answers.get(self.item_id), self.label)
