"""Contacts in words, for the surgeon's report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from export.contact_rows import contact_rows, suggestion_lines, vessel_in_words
from export.contact_section import contacts_section
from simulation.formulas.nccn import NEEDED_VESSELS, GlandPart, NccnConditions, VesselContact, suggested_row
from twin.contact import Contact
from twin.figure import Figure
from twin.outcome import Outcome
from twin.wording import LANGUAGES, Wording

ANGLE = Figure(121.4, 100.0, 140.0, "deg")
CONTACT = Contact(
    "superior_mesenteric_artery", ANGLE, Figure(172.0, 150.0, 200.0, "deg"), Figure(12.0, 10.0, 14.0, "mm"), "lesion-1",
    ANGLE, ANGLE, 2, (1.0, -20.0, 31.0), (0.0, 0.6, 0.8),
)  # fmt: skip


def outcome_of(**conditions: object) -> Outcome:
    free = Figure(0.0, 0.0, 0.0, "deg")
    contacts = {vessel: VesselContact(free, free) for vessel in NEEDED_VESSELS}
    contacts["superior_mesenteric_artery"] = VesselContact(ANGLE, Figure(190.0, 170.0, 200.0, "deg"))
    met = replace(NccnConditions("no", "no", "portal", 1.0, 5), **conditions)  # type: ignore[arg-type]
    row = suggested_row("lesion-1", contacts, met, part=GlandPart.HEAD)
    return Outcome("A", "a", "b", "c", None, contacts=(CONTACT,), suggested_rows=(row,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_a_contact_shows_both_angles_and_the_plane(language: str) -> None:
    (row,) = contact_rows(outcome_of(), Wording(language))
    assert "121°" in row.axial
    assert "172°" in row.normal
    assert "2 arcs" in row.normal
    assert "-20" in row.plane


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_a_suggested_row_says_who_confirms_and_which_version(language: str) -> None:
    text = " ".join(suggestion_lines(outcome_of(), Wording(language)))
    assert "borderline" in text
    assert "NCCN v1.2022" in text
    assert {"en": "the surgeon confirms", "fr": "le chirurgien confirme"}[language] in text
    assert "contacts." not in text
    assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_a_row_that_may_not_be_suggested_says_why(language: str) -> None:
    (line,) = suggestion_lines(outcome_of(neoadjuvant=None, slice_mm=5.0), Wording(language))
    assert "borderline" not in line
    assert "5" in line


def test_that_the_section_is_empty_without_contacts() -> None:
    assert contacts_section(Outcome("A", "a", "b", "c", None), Wording("en")) == ""


def test_that_the_section_tells_how_many_contacts_it_leaves_out() -> None:
    outcome = replace(outcome_of(), contacts=tuple(replace(CONTACT, vessel=name) for name in NEEDED_VESSELS))
    assert "3 more" in contacts_section(outcome, Wording("en"), at_most=2)


def test_that_branches_have_words() -> None:
    assert vessel_in_words("portal.right", Wording("en")).endswith("right")
    assert "branch" in vessel_in_words("superior_mesenteric_vein.side_branch", Wording("en"))
