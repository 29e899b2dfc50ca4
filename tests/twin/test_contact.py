"""Contacts in files: what earlier versions wrote, and what this one writes."""

from __future__ import annotations

from dataclasses import replace

from twin.contact import Contact, ContactNote, SuggestedRow
from twin.figure import Figure, FigureStatus
from twin.outcome import Outcome

ANGLE = Figure(120.0, 100.0, 140.0, "deg")
LENGTH = Figure(12.0, 10.0, 14.0, "mm")
WHOLE = Contact(
    "portal.right", ANGLE, ANGLE, LENGTH, "lesion-1", ANGLE, ANGLE, 0, (1.0, 2.0, 3.0), (0.0, 0.6, 0.8), is_named=False
)


def test_that_a_contact_of_an_earlier_version_is_read() -> None:
    old = {
        "vessel": "portal_vein",
        "angle_axial_deg": ANGLE.to_json(),
        "angle_normal_deg": ANGLE.to_json(),
        "length_mm": LENGTH.to_json(),
    }
    contact = Contact.from_json(old)
    assert contact == Contact("portal_vein", ANGLE, ANGLE, LENGTH)
    assert contact.to_json() == old


def test_that_a_contact_comes_back_from_a_file() -> None:
    assert Contact.from_json(WHOLE.to_json()) == WHOLE


def test_that_every_figure_of_a_stale_contact_is_stale() -> None:
    stale = WHOLE.as_stale()
    figures = (stale.angle_axial_deg, stale.angle_normal_deg, stale.length_mm, stale.maximum_axial_deg)
    assert all(figure is not None and figure.status is FigureStatus.STALE for figure in figures)
    assert stale.point_lps_mm == WHOLE.point_lps_mm


def test_that_an_outcome_keeps_contacts_and_suggested_rows() -> None:
    note = ContactNote("contacts.ground", {"structure": "aorta", "angle_deg": 20})
    row = SuggestedRow("lesion-1", "borderline", (), (note,), (note,), {"aorta": 20.0}, "a source")
    outcome = Outcome("A", "a", "b", "c", None, contacts=(WHOLE,), suggested_rows=(row,))
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert outcome.figures_hash != replace(outcome, suggested_rows=()).figures_hash
