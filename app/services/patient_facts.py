"""Enter clinical facts, or list what is known, proposed and missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from app.services.case_file import case_read, opened_case
from twin.edit import FactsEdit
from twin.patient import Fact, FactOrigin, PatientFacts
from twin.wording import Wording

__all__ = ["FactsSummary", "set_patient_facts"]


@dataclass(frozen=True)
class FactsSummary:
    """The facts of a case."""

    facts: PatientFacts

    def entries(self) -> tuple[tuple[str, Fact | None], ...]:
        """Name of each fact and the fact, or None when it is not known."""
        return tuple((field.name, getattr(self.facts, field.name)) for field in fields(self.facts))

    def to_json(self) -> dict[str, object]:
        """Each fact with value, status and origin; a missing one has no value."""
        return {"facts": {name: _entry(fact) for name, fact in self.entries()}}

    def lines(self, wording: Wording) -> list[str]:
        """One line a fact."""
        return [_line(name, fact, wording) for name, fact in self.entries()]


def set_patient_facts(case_path: Path, entered: Mapping[str, str | float | int]) -> FactsSummary:
    """Enter facts; with none, only show those there are.

    Raises
    ------
    InputError
        When a value is outside its limits; then nothing is changed.
    CaseFileError
        When the case cannot be opened or written.
    """
    if not entered:
        with case_read(case_path) as case:
            return FactsSummary(case.facts)
    with opened_case(case_path) as session:
        facts = with_entered_facts(session.case.facts, entered)
        session.do(FactsEdit(facts))
        return FactsSummary(facts)


def with_entered_facts(facts: PatientFacts, entered: Mapping[str, str | float | int]) -> PatientFacts:
    """Return the facts with values entered today by a person."""
    for name, value in entered.items():
        facts = facts.with_fact(name, value, FactOrigin.ENTERED, date.today().isoformat())
    return facts


def _entry(fact: Fact | None) -> dict[str, object]:
    if fact is None:
        return {"value": None, "status": "unknown"}
    status = "proposed" if fact.is_proposal else "entered"
    return {"value": fact.value, "status": status, "origin": fact.origin.value, "date": fact.date}


def _line(name: str, fact: Fact | None, wording: Wording) -> str:
    label = wording.text(f"fact.{name}")
    if fact is None:
        return wording.text("patient.line_missing", fact=label)
    message_id = "patient.line_proposed" if fact.is_proposal else "patient.line_entered"
    return wording.text(message_id, fact=label, value=_shown(fact, wording), date=fact.date)


def _shown(fact: Fact, wording: Wording) -> str:
    return wording.number(fact.value, decimals=1) if isinstance(fact.value, float) else str(fact.value)
