"""The resectability row that the contacts of each lesion of the pancreas would suggest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from simulation.contacts.measure import contacts_of
from simulation.formulas.nccn import PART_UNKNOWN, GlandPart, NccnConditions, VesselContact, suggested_row
from simulation.pancreas.gland import Gland
from twin.anatomy import LayerName, structure
from twin.contact import Contact, SuggestedRow
from twin.errors import GeometryError
from twin.figure import Figure, FigureStatus
from twin.outcome import Outcome
from twin.pancreas.parts import PancreasPart
from twin.patient import PatientFacts
from twin.twin import Twin
from twin.uncertainty import LabelOrigin
from twin.volume import ContrastPhase

__all__ = ["ScanState", "suggested_rows", "with_contacts"]

# Vessels of the table, and what else of the vessels bears on it.
_VESSELS = (
    "celiac_trunk",
    "superior_mesenteric_artery",
    "common_hepatic_artery",
    "superior_mesenteric_vein",
    "portal_vein",
    "inferior_vena_cava",
    "aorta",
)
_LEAST_SHARE_IN_GLAND = 0.1  # ours: a lesion of the pancreas may bulge out of it
_NO_CONTACT = Figure(0.0, 0.0, 0.0, "deg", FigureStatus.COMPUTED, "no contact")
_STENT_DOUBT = "quality.stent_possible"


@dataclass(frozen=True)
class ScanState:
    """What is known of the scan: its phase, and its age in days on the day the figures are computed."""

    phase: ContrastPhase = ContrastPhase.UNKNOWN
    age_days: int | None = None


def suggested_rows(
    twin: Twin,
    contacts: tuple[Contact, ...],
    facts: PatientFacts,
    scan: ScanState,
    *,
    gland: Gland | None = None,
    confirmed: Collection[str] = (),
) -> tuple[SuggestedRow, ...]:
    """Return a row, or why there is none, for each lesion that lies in the pancreas.

    Parameters
    ----------
    twin
        With the pancreas; without it no lesion is known to lie in it.
    contacts
        Of :func:`simulation.contacts.contacts_of`.
    facts, scan
        What the conditions of the table are read from.
    gland
        The pancreas where it was prepared already; else it is, where head or body and tail decide.
    confirmed
        Structures that a person declared right: their vessels are named, though the program labelled them.
    """
    conditions = NccnConditions(
        facts.word("neoadjuvant"),
        facts.word("metastasis"),
        scan.phase.value,
        twin.grid.slice_thickness_mm,
        scan.age_days,
        facts.word("biliary_stent"),
        any(doubt.message_id == _STENT_DOUBT for layer in twin.layers.values() for doubt in layer.doubts),
    )
    found = []
    for lesion in _lesions_of_gland(twin):
        angles = _angles(twin, contacts, lesion, confirmed)
        row = suggested_row(lesion, angles, conditions)
        if any(note.message_id == PART_UNKNOWN for note in row.why_not):  # only then is the gland taken apart
            row = suggested_row(lesion, angles, conditions, part=_part_of_gland(twin, lesion, gland))
        found.append(row)
    return tuple(found)


def _lesions_of_gland(twin: Twin) -> list[str]:
    organs = twin.layers.get(LayerName.ORGANS)
    if organs is None or not twin.has("pancreas"):
        return []
    found = []
    for lesion in twin.lesion_ids:
        box = twin.box(lesion)
        if box is not None:
            inside = twin.layers[LayerName.LESIONS].voxels[box.slices] == int(lesion.rpartition("-")[2])
            gland = organs.voxels[box.slices] == structure("pancreas").value
            if np.count_nonzero(inside & gland) >= _LEAST_SHARE_IN_GLAND * np.count_nonzero(inside):
                found.append(lesion)
    return found


def _part_of_gland(twin: Twin, lesion: str, gland: Gland | None) -> GlandPart | None:
    """Return the part of the gland that holds most of a lesion; None in the neck, or where the parts are not known."""
    try:
        prepared = gland or Gland.of_twin(twin)
        parts = prepared.parts
    except GeometryError:
        return None
    inside = prepared.model.lesions == int(lesion.rpartition("-")[2])
    n_by_value = np.bincount(parts.labels[inside], minlength=len(PancreasPart) + 1)
    n_of = {part: int(n_by_value[part.value_in_labels]) for part in PancreasPart}
    n_head = n_of[PancreasPart.HEAD] + n_of[PancreasPart.UNCINATE]
    n_body_tail = n_of[PancreasPart.BODY] + n_of[PancreasPart.TAIL]
    if 2 * max(n_head, n_body_tail) <= sum(n_of.values()):
        return None
    return GlandPart.HEAD if n_head > n_body_tail else GlandPart.BODY_TAIL


def _angles(
    twin: Twin, contacts: tuple[Contact, ...], lesion: str, confirmed: Collection[str]
) -> dict[str, VesselContact]:
    """Return the angles by labelled vessel; a vessel in several named parts counts with its most involved one."""
    angles = {
        vessel: VesselContact(_NO_CONTACT, _NO_CONTACT, vessel in confirmed or _is_named(twin, vessel))
        for vessel in _VESSELS
        if twin.has(vessel)
    }
    for contact in contacts:
        vessel = _vessel_of_table(contact.vessel)
        if contact.lesion != lesion or vessel not in angles:
            continue
        known = angles[vessel]
        is_worse = (contact.angle_normal_deg.value or 0.0) >= (known.normal_deg.value or 0.0)
        angles[vessel] = VesselContact(
            contact.angle_axial_deg if is_worse else known.axial_deg,
            contact.angle_normal_deg if is_worse else known.normal_deg,
            known.is_named and contact.is_named,
        )
    return angles


def _is_named(twin: Twin, vessel: str) -> bool:
    """Tell whether a person named a vessel: the program's own labels are proposals until someone has been there."""
    return twin.uncertainty(vessel).origin is not LabelOrigin.AUTOMATIC


def with_contacts(
    outcome: Outcome,
    twin: Twin,
    facts: PatientFacts,
    *,
    contacts: tuple[Contact, ...] | None = None,
    scan: ScanState | None = None,
    gland: Gland | None = None,
    confirmed: Collection[str] = (),
) -> Outcome:
    """Return an outcome with the contacts of the lesions and the rows they would suggest.

    Contacts do not depend on the plan: what was measured once for a twin may be given again.

    Parameters
    ----------
    outcome
        Of a plan on this twin.
    twin, facts
        The anatomy and the patient.
    contacts
        Of :func:`simulation.contacts.contacts_of`; None measures them.
    scan
        Phase and age of the scan; None is unknown.
    gland
        The pancreas where it was prepared already.
    confirmed
        As for :func:`suggested_rows`.
    """
    known = contacts_of(twin) if contacts is None else contacts
    rows = suggested_rows(twin, known, facts, scan or ScanState(), gland=gland, confirmed=confirmed)
    return replace(outcome, contacts=known, suggested_rows=rows)


def _vessel_of_table(vessel: str) -> str:
    """Return the vessel of the table that a contact counts for: the first branches in the liver are portal vein."""
    return "portal_vein" if vessel in ("portal.left", "portal.right") else vessel
