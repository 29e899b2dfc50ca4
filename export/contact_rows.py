"""Contacts of lesions with vessels as rows of a table, worded; and what table row they would suggest."""

from __future__ import annotations

from dataclasses import dataclass

from twin.anatomy import structure
from twin.contact import Contact, ContactNote, SuggestedRow
from twin.errors import InputError
from twin.figure import Figure
from twin.outcome import Outcome
from twin.wording import Wording

__all__ = ["ContactRow", "contact_rows", "suggestion_lines", "vessel_in_words"]


_SIDE_BRANCH = ".side_branch"


@dataclass(frozen=True)
class ContactRow:
    """A contact in words: lesion, vessel, both angles with their intervals, length, and the plane they were read in."""

    lesion: str
    vessel: str
    axial: str
    normal: str
    maximum: str
    length: str
    plane: str


def contact_rows(outcome: Outcome, wording: Wording) -> tuple[ContactRow, ...]:
    """Return the contacts of an outcome, the largest of each lesion first.

    Parameters
    ----------
    outcome
        Current or stale.
    wording
        The language.
    """
    ordered = sorted(outcome.contacts, key=lambda c: (c.lesion, -(c.angle_normal_deg.value or 0.0), c.vessel))
    return tuple(_row(contact, wording) for contact in ordered)


def suggestion_lines(outcome: Outcome, wording: Wording) -> tuple[str, ...]:
    """Return what the contacts of each lesion would suggest: row, grounds, remarks, source; or why no row."""
    return tuple(line for row in outcome.suggested_rows for line in _suggestion(row, wording))


def vessel_in_words(vessel: str, wording: Wording) -> str:
    """Return the name of a vessel: of its label, or of the branch of a tree.

    Examples
    --------
    >>> vessel_in_words("superior_mesenteric_artery", Wording("en"))
    'Superior mesenteric artery'
    """
    if vessel.endswith(_SIDE_BRANCH):
        return wording.text("contacts.side_branch", vessel=vessel_in_words(vessel.removesuffix(_SIDE_BRANCH), wording))
    try:
        return structure(vessel).name(wording.language)
    except InputError:
        tree, *parts = vessel.split(".")
        words = [wording.text(f"export.tree.{tree}")]
        for part in parts:
            worded = wording.text(f"export.branch.{part}")
            words.append(part.replace("_", " ") if worded.startswith("export.") else worded)
        return " ".join(words)


def _row(contact: Contact, wording: Wording) -> ContactRow:
    name = vessel_in_words(contact.vessel, wording)
    return ContactRow(
        structure(contact.lesion).name(wording.language) if contact.lesion else "",
        name if contact.is_named else wording.text("contacts.proposed_name", vessel=name),
        _angle(contact.angle_axial_deg, wording),
        _with_arcs(contact, wording),
        "" if contact.maximum_normal_deg is None else _angle(contact.maximum_normal_deg, wording),
        wording.figure(contact.length_mm, decimals=0),
        _plane(contact, wording),
    )


def _angle(figure: Figure, wording: Wording) -> str:
    return wording.figure(figure, decimals=0) if figure.value is not None else wording.text("contacts.flat")


def _with_arcs(contact: Contact, wording: Wording) -> str:
    angle = _angle(contact.angle_normal_deg, wording)
    if contact.n_arcs is None or contact.n_arcs < 2:
        return angle
    return wording.text("contacts.in_arcs", angle=angle, count=contact.n_arcs)


def _plane(contact: Contact, wording: Wording) -> str:
    if contact.point_lps_mm is None or contact.normal_lps is None:
        return ""
    point = " ".join(wording.number(value) for value in contact.point_lps_mm)
    normal = " ".join(wording.number(value, decimals=2) for value in contact.normal_lps)
    return wording.text("contacts.plane", point=point, normal=normal)


def _suggestion(row: SuggestedRow, wording: Wording) -> list[str]:
    if row.row is None:
        why = wording.text("contacts.separator").join(_note(note, wording) for note in row.why_not)
        return [wording.text("contacts.no_row", lesion=row.lesion, why=why)]
    grounds = ", ".join(_note(note, wording) for note in row.grounds)
    message_id = "contacts.suggestion" if grounds else "contacts.suggestion_without_contact"
    lines = [wording.text(message_id, lesion=row.lesion, row=f"contacts.row.{row.row}", grounds=grounds)]
    lines += [_note(note, wording) for note in row.remarks]
    return [*lines, wording.text("contacts.caption", source=row.citation)]


def _note(note: ContactNote, wording: Wording) -> str:
    return wording.text(note.message_id, **{name: _parameter(value) for name, value in note.parameters.items()})


def _parameter(value: object) -> object:
    """Return a list, as a file gives it back, as the tuple that is worded part by part."""
    return tuple(value) if isinstance(value, list) else value
