"""Contact of a lesion with a vessel, and the resectability row that such contacts would suggest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from twin.figure import Figure

__all__ = ["Contact", "ContactNote", "SuggestedRow"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Contact:
    """Contact of a lesion with a named vessel: axial angle (as read on slices) and angle normal to the centreline.

    Parameters
    ----------
    vessel
        Id of the vessel's label (``"superior_mesenteric_artery"``) or name of a tree's branch (``"portal.right"``).
    angle_axial_deg, angle_normal_deg
        Share of the circumference in contact, of 360 degrees; median of the three most involved planes.
    length_mm
        Length of the centreline along which there is contact.
    lesion
        Id of the lesion; empty in files of earlier versions.
    maximum_axial_deg, maximum_normal_deg
        The most involved plane alone; None in files of earlier versions.
    n_arcs
        Number of separate arcs in the most involved plane across the vessel.
    point_lps_mm, normal_lps
        That plane: the middle of the vessel in it, LPS mm, and its normal, along the vessel.
    is_named
        False when the name of the branch is the program's own proposal.
    """

    vessel: str
    angle_axial_deg: Figure
    angle_normal_deg: Figure
    length_mm: Figure
    lesion: str = ""
    maximum_axial_deg: Figure | None = None
    maximum_normal_deg: Figure | None = None
    n_arcs: int | None = None
    point_lps_mm: Point | None = None
    normal_lps: Point | None = None
    is_named: bool = True

    def as_stale(self) -> Contact:
        """Return it with every figure marked stale."""
        stale: dict[str, Any] = {name: figure.as_stale() for name, figure in self._figures().items()}
        return replace(self, **stale)

    def to_json(self) -> dict[str, object]:
        """Plain values; what is not known is left out."""
        plain: dict[str, object] = {"vessel": self.vessel}
        plain |= {name: figure.to_json() for name, figure in self._figures().items()}
        for name in ("lesion", "n_arcs", "point_lps_mm", "normal_lps"):
            value = getattr(self, name)
            if value is not None and value != "":
                plain[name] = list(value) if isinstance(value, tuple) else value
        return plain if self.is_named else {**plain, "is_named": False}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contact:
        """Read what :meth:`to_json` wrote, now or earlier."""
        known = dict(data)
        for name in _FIGURES:
            if known.get(name) is not None:
                known[name] = Figure.from_json(known[name])
        for name in ("point_lps_mm", "normal_lps"):
            if known.get(name) is not None:
                x, y, z = known[name]
                known[name] = (float(x), float(y), float(z))
        return cls(**known)

    def _figures(self) -> dict[str, Figure]:
        found = {name: getattr(self, name) for name in _FIGURES}
        return {name: figure for name, figure in found.items() if figure is not None}


_FIGURES = ("angle_axial_deg", "angle_normal_deg", "length_mm", "maximum_axial_deg", "maximum_normal_deg")


@dataclass(frozen=True)
class ContactNote:
    """A reason or a remark beside a suggested row: a message id and its parameters."""

    message_id: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {"message_id": self.message_id, "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class SuggestedRow:
    """Row of a resectability table that the contacts of a lesion would suggest. The surgeon confirms or rejects it.

    Parameters
    ----------
    lesion
        Id of the lesion.
    row
        ``"resectable"``, ``"borderline"``, ``"locally_advanced"``, ``"not_classified"``; None where no row may be
        suggested.
    why_not
        What forbids a row; empty where there is one.
    grounds
        The contacts that make the row.
    remarks
        What must be known beside it: thresholds inside an interval, angles that disagree, what was not judged.
    inputs
        Axial angle by vessel, in degrees, as compared with the table.
    citation
        Source of the table.
    """

    lesion: str
    row: str | None
    why_not: tuple[ContactNote, ...] = ()
    grounds: tuple[ContactNote, ...] = ()
    remarks: tuple[ContactNote, ...] = ()
    inputs: Mapping[str, float] = field(default_factory=dict)
    citation: str = ""

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "lesion": self.lesion,
            "row": self.row,
            **{name: [note.to_json() for note in getattr(self, name)] for name in _NOTES},
            "inputs": dict(self.inputs),
            "citation": self.citation,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SuggestedRow:
        """Read what :meth:`to_json` wrote."""
        notes = {name: tuple(ContactNote(**note) for note in data[name]) for name in _NOTES}
        return cls(
            str(data["lesion"]), data["row"], **notes, inputs=dict(data["inputs"]), citation=str(data["citation"])
        )


_NOTES = ("why_not", "grounds", "remarks")
