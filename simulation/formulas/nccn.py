"""Resectability of ductal adenocarcinoma of the pancreas as NCCN words it, from the contact angles alone.

Decision support: the surgeon confirms or rejects the row. The table is read literally; what it does not hold is not
classified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from twin.contact import ContactNote, SuggestedRow
from twin.figure import Figure, ThresholdPosition

__all__ = [
    "CITATION",
    "NEEDED_VESSELS",
    "PART_UNKNOWN",
    "GlandPart",
    "NccnConditions",
    "NccnRow",
    "VesselContact",
    "suggested_row",
]

CITATION = "NCCN v1.2022, notes page of the resectability criteria (PMC7603933, table 3)"
NEEDED_VESSELS = (
    "celiac_trunk",
    "superior_mesenteric_artery",
    "common_hepatic_artery",
    "superior_mesenteric_vein",
    "portal_vein",
)
PART_UNKNOWN = "contacts.no_row.part_unknown"
_VEINS = ("superior_mesenteric_vein", "portal_vein")
_HALF_DEG = 180.0
_THICKEST_SLICE_MM = 3.0
_OLDEST_SCAN_DAYS = 28  # centre setting
_ENHANCED = ("arterial", "portal")


class NccnRow(StrEnum):
    """Rows of the table, and what lies outside of it."""

    RESECTABLE = "resectable"
    BORDERLINE = "borderline"
    NOT_CLASSIFIED = "not_classified"
    LOCALLY_ADVANCED = "locally_advanced"


class GlandPart(StrEnum):
    """Part of the gland that the tumour lies in, as the table divides it."""

    HEAD = "head"  # with the uncinate process
    BODY_TAIL = "body_tail"


_RANK = tuple(NccnRow)


@dataclass(frozen=True)
class VesselContact:
    """Angles of contact with a vessel, in degrees; 0 for one that is labelled and not touched.

    ``axial_deg`` is unknown for a vessel that lies flat in the slices; then the angle normal to the centreline
    stands in, and that is said.
    """

    axial_deg: Figure
    normal_deg: Figure
    is_named: bool = True

    @property
    def compared_deg(self) -> Figure:
        """The angle that the cut-offs are compared with: they were made on axial slices."""
        return self.axial_deg if self.axial_deg.is_known else self.normal_deg


@dataclass(frozen=True)
class NccnConditions:
    """What must hold before a row may be suggested; None is unknown.

    ``neoadjuvant``, ``metastasis`` and ``biliary_stent`` are ``"yes"`` or ``"no"``; ``phase`` is that of the scan.
    """

    neoadjuvant: str | None
    metastasis: str | None
    phase: str
    slice_mm: float
    age_days: int | None
    biliary_stent: str | None = None
    is_stent_possible: bool = False


def suggested_row(
    lesion: str,
    contacts: Mapping[str, VesselContact],
    conditions: NccnConditions,
    *,
    part: GlandPart | None = None,
) -> SuggestedRow:
    """Return the row that the contacts of a lesion would suggest, or why none may be suggested.

    Parameters
    ----------
    lesion
        Its id.
    contacts
        By vessel id, for every vessel that is labelled.
    conditions
        Of the patient and of the scan.
    part
        Of the gland; None is unknown: then a row is given only where both parts lead to the same.

    References
    ----------
    NCCN v1.2022 as printed in PMC7603933, table 3. No row after neoadjuvant treatment: PMC4349683, PMC6406608.

    Examples
    --------
    >>> free, half = Figure(0.0, 0.0, 0.0, "deg"), Figure(120.0, 100.0, 140.0, "deg")
    >>> contacts = {vessel: VesselContact(free, free) for vessel in NEEDED_VESSELS}
    >>> conditions = NccnConditions("no", "no", "portal", 1.0, 10)
    >>> suggested_row("lesion-1", contacts, conditions).row
    'resectable'
    >>> contacts["superior_mesenteric_artery"] = VesselContact(half, half)
    >>> suggested_row("lesion-1", contacts, conditions, part=GlandPart.HEAD).row
    'borderline'
    """
    why_not = _obstacles(contacts, conditions)
    inputs = {vessel: contact.compared_deg.value or 0.0 for vessel, contact in contacts.items()}
    if not why_not:
        parts = (part,) if part is not None else tuple(GlandPart)
        rows = {one: _classified({v: c.compared_deg for v, c in contacts.items()}, one) for one in parts}
        if len({row for row, _ in rows.values()}) == 1:
            row, grounds = rows[parts[0]]
            remarks = _remarks(contacts, row, parts[0], conditions)
            return SuggestedRow(lesion, row.value, (), grounds, remarks, inputs, CITATION)
        why_not = (ContactNote(PART_UNKNOWN),)
    return SuggestedRow(lesion, None, why_not, inputs=inputs, citation=CITATION)


def _obstacles(contacts: Mapping[str, VesselContact], conditions: NccnConditions) -> tuple[ContactNote, ...]:
    """Return all that forbids a row."""
    found = _obstacles_of_patient(conditions) + _obstacles_of_scan(conditions)
    missing = tuple(vessel for vessel in NEEDED_VESSELS if vessel not in contacts)
    unnamed = tuple(vessel for vessel, contact in contacts.items() if not contact.is_named)
    found += [ContactNote("contacts.no_row.not_labelled", {"structure": missing})] if missing else []
    found += [ContactNote("contacts.no_row.not_named", {"structure": unnamed})] if unnamed else []
    return tuple(found)


def _obstacles_of_patient(conditions: NccnConditions) -> list[ContactNote]:
    found = []
    if conditions.neoadjuvant is None:
        found.append(ContactNote("contacts.no_row.neoadjuvant_unknown"))
    elif conditions.neoadjuvant != "no":
        found.append(ContactNote("contacts.no_row.neoadjuvant"))
    if conditions.metastasis != "no":
        found.append(ContactNote("contacts.no_row.metastasis"))
    if conditions.biliary_stent == "yes":
        found.append(ContactNote("contacts.no_row.stent"))
    elif conditions.is_stent_possible and conditions.biliary_stent is None:
        found.append(ContactNote("contacts.no_row.stent_possible"))
    return found


def _obstacles_of_scan(conditions: NccnConditions) -> list[ContactNote]:
    found = []
    if conditions.phase not in _ENHANCED:
        found.append(ContactNote("contacts.no_row.phase"))
    if conditions.slice_mm > _THICKEST_SLICE_MM:
        found.append(ContactNote("contacts.no_row.thick_slices", {"slice_mm": round(conditions.slice_mm, 1)}))
    if conditions.age_days is None:
        found.append(ContactNote("contacts.no_row.scan_undated"))
    elif conditions.age_days > _OLDEST_SCAN_DAYS:
        found.append(ContactNote("contacts.no_row.scan_old", {"limit": _OLDEST_SCAN_DAYS}))
    return found


def _classified(angles: Mapping[str, Figure], part: GlandPart) -> tuple[NccnRow, tuple[ContactNote, ...]]:
    """Return the row of the table and the contacts that make it."""
    demands = [
        (row, vessel) for vessel, angle in angles.items() if (row := _demand(vessel, angle, angles, part)) is not None
    ]
    if not demands:
        return NccnRow.RESECTABLE, ()
    worst = max((row for row, _ in demands), key=_RANK.index)
    grounds = tuple(
        ContactNote("contacts.ground", {"structure": vessel, "angle_deg": round(float(angles[vessel].value or 0.0))})
        for row, vessel in demands
        if row is worst
    )
    return worst, grounds


def _demand(vessel: str, angle: Figure, angles: Mapping[str, Figure], part: GlandPart) -> NccnRow | None:
    """Return the row that the contact with one vessel demands; None without contact or for a vessel of no table."""
    degrees = angle.value or 0.0
    if degrees <= 0.0:
        return None
    is_head = part is GlandPart.HEAD
    match vessel:
        case "superior_mesenteric_artery":
            within = NccnRow.BORDERLINE if is_head else NccnRow.NOT_CLASSIFIED
            return within if degrees <= _HALF_DEG else NccnRow.LOCALLY_ADVANCED
        case "celiac_trunk":
            within = NccnRow.NOT_CLASSIFIED if is_head else NccnRow.BORDERLINE
            with_aorta = (angles["aorta"].value or 0.0) > 0.0 if "aorta" in angles else False
            return NccnRow.LOCALLY_ADVANCED if degrees > _HALF_DEG or with_aorta else within
        case "common_hepatic_artery":
            return NccnRow.BORDERLINE if is_head else NccnRow.NOT_CLASSIFIED
        case "superior_mesenteric_vein" | "portal_vein":
            return NccnRow.RESECTABLE if degrees <= _HALF_DEG else NccnRow.BORDERLINE
        case "inferior_vena_cava":
            return NccnRow.BORDERLINE
        case "aorta":
            return NccnRow.NOT_CLASSIFIED
        case _:
            return None


def _remarks(
    contacts: Mapping[str, VesselContact], row: NccnRow, part: GlandPart, conditions: NccnConditions
) -> tuple[ContactNote, ...]:
    """Return what a person must know beside the row."""
    found = []
    for vessel, contact in contacts.items():
        found += _remarks_on_vessel(vessel, contact)
    normal, _ = _classified({v: c.normal_deg for v, c in contacts.items()}, part)
    if normal is not row:
        found.append(ContactNote("contacts.remark.angles_disagree", {"row": f"contacts.row.{normal.value}"}))
    if _has(contacts, "common_hepatic_artery"):
        found.append(ContactNote("contacts.remark.hepatic_bifurcation"))
    found.append(ContactNote("contacts.remark.variant_arteries"))
    found.append(ContactNote("contacts.remark.one_phase", {"phase": f"quality.phase.{conditions.phase}"}))
    return tuple(found)


def _remarks_on_vessel(vessel: str, contact: VesselContact) -> list[ContactNote]:
    angle, name = contact.compared_deg, {"structure": vessel}
    found = []
    if angle.threshold_position(_HALF_DEG) is ThresholdPosition.INSIDE:
        found.append(ContactNote("contacts.remark.half_inside", name))
    if (angle.low or 0.0) <= 0.0 < (angle.high or 0.0):
        found.append(ContactNote("contacts.remark.contact_uncertain", name))
    if not contact.axial_deg.is_known and (angle.value or 0.0) > 0.0:
        found.append(ContactNote("contacts.remark.no_axial_angle", name))
    if vessel in _VEINS and (angle.value or 0.0) > 0.0:
        is_half = (angle.value or 0.0) <= _HALF_DEG
        found.append(ContactNote("contacts.remark.vein_contour" if is_half else "contacts.remark.vein_repair", name))
    return found


def _has(contacts: Mapping[str, VesselContact], vessel: str) -> bool:
    return vessel in contacts and (contacts[vessel].compared_deg.value or 0.0) > 0.0
