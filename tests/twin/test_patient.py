"""Clinical facts and identity."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.patient import FactOrigin, PatientFacts, PatientIdentity

TODAY = "2026-01-02"
ALLOWED: dict[str, tuple[str | float | int, ...]] = {
    "height_cm": (100, 170.5, 230),
    "weight_kg": (25, 70, 250),
    "sex": ("f", "m"),
    "birth_year": (date.today().year, 1950, "1950"),
    "parenchyma": ("normal", "steatosis", "chemotherapy", "fibrosis", "cirrhosis"),
    "pancreas_texture": ("soft", "firm"),
    "approach": ("open", "minimally-invasive"),
    "neoadjuvant": ("yes", "no"),
    "pve_date": ("2026-01-31",),
}
REFUSED: dict[str, tuple[str | float | int, ...]] = {
    "height_cm": (99.9, 230.1, 1.75, "tall", "nan"),
    "weight_kg": (24.9, 251, 175000, ""),
    "sex": ("F", "female", ""),
    "birth_year": (1850, date.today().year + 1, "19xx", 1950.5),
    "parenchyma": ("fatty",),
    "pancreas_texture": ("hard",),
    "approach": ("robotic",),
    "neoadjuvant": ("maybe",),
    "pve_date": ("31.01.2026", "2026-02-30"),
    "shoe_size": (42,),
}


def _cases(table: dict[str, tuple[str | float | int, ...]]) -> list[tuple[str, str | float | int]]:
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), _cases(ALLOWED))
def test_that_a_value_within_its_limits_is_taken(name: str, value: str | float) -> None:
    facts = PatientFacts().with_fact(name, value, FactOrigin.ENTERED, TODAY)
    assert facts.word(name) == str(value)
    assert PatientFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@pytest.mark.parametrize(("name", "value"), _cases(REFUSED))
def test_that_a_value_outside_its_limits_is_one_clear_error(name: str, value: str | float) -> None:
    with pytest.raises(InputError) as caught:
        PatientFacts().with_fact(name, value, FactOrigin.ENTERED, TODAY)
    assert caught.value.message_id.startswith("error.patient.")
    assert caught.value.parameters["field"] == name


def test_that_a_value_of_the_scan_is_a_proposal_that_no_figure_uses() -> None:
    facts = PatientFacts().with_fact("weight_kg", 70, FactOrigin.DICOM, TODAY)
    assert facts.weight_kg is not None
    assert facts.weight_kg.is_proposal
    assert facts.number("weight_kg") is None
    assert facts.word("weight_kg") is None
    assert facts.with_fact("weight_kg", 70, FactOrigin.ENTERED, TODAY).number("weight_kg") == 70


def test_that_a_missing_fact_is_unknown_and_no_default() -> None:
    facts = PatientFacts()
    assert facts.to_json() == {}
    assert facts.number("height_cm") is None
    assert facts.word("parenchyma") is None


@given(st.builds(PatientIdentity, *[st.text()] * 4, st.lists(st.text()).map(tuple)))
def test_that_an_identity_comes_back_from_a_file(identity: PatientIdentity) -> None:
    assert PatientIdentity.from_json(json.loads(json.dumps(identity.to_json()))) == identity


def test_that_two_patients_are_told_apart_by_what_both_say() -> None:
    one = PatientIdentity("1", "DOE^JANE", "19600131", "F")
    assert one.conflicts(PatientIdentity("1", "Doe  Jane", "19600131", "f")) == ()
    assert one.conflicts(PatientIdentity("", "", "", "")) == ()
    assert one.conflicts(PatientIdentity("2", "DOE^JOHN", "", "M")) == ("patient_id", "name", "sex")
