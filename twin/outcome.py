"""What a plan would do: every figure with its interval, immutable, tied to the plan and labels it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from twin.contact import Contact, SuggestedRow
from twin.figure import Figure

__all__ = ["Contact", "CrossedVessel", "Outcome", "OutcomeWarning"]

FigureTree = Mapping[str, "Figure | FigureTree"]


@dataclass(frozen=True)
class CrossedVessel:
    """A vessel the cut crosses, in geometric order along the cut (not the order of the operation).

    ``to_preserve`` is True for a trunk and for what feeds or drains part of the remnant: a question to the surgeon.
    None where it was not asked (outcomes of earlier versions).
    """

    order: int
    tree: str
    branch: str
    diameter_mm: float
    point_lps_mm: tuple[float, float, float]
    to_preserve: bool | None = None

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        plain = {**vars(self), "point_lps_mm": list(self.point_lps_mm)}
        return {name: value for name, value in plain.items() if value is not None}


@dataclass(frozen=True)
class OutcomeWarning:
    """Something the surgeon must know beside the figures: a message id and its parameters."""

    message_id: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The settled consequences of a plan.

    ``liver`` and ``pancreas`` are trees of figures with the keys of the command line (``flr_percent``,
    ``sflr_percent.vauthey``, ...); an organ that is not in the twin is None. ``margin_point_lps_mm`` is the pair of
    nearest points (lesion, cut), or None. ``territories`` are the volumes by tree (``"portal"``, ``"hepatic"``) and
    named branch, those of a trunk with all below it. ``suggested_rows`` say for each lesion of the pancreas which row
    of a resectability table its contacts would suggest, or why none. ``is_stale`` is set when plan, labels or patient
    facts changed.

    ``new_world_code`` is read from the voxels that are taken out (``"H4'5678"``; empty without segments, or when no
    segment loses a tenth), ``intended_code`` the one that the plan asks for, if it asks for one; ``differs_as_drawn``
    tells that they differ by more than a quarter of a segment.
    """

    plan_name: str
    plan_hash: str
    labels_hash: str
    facts_hash: str
    liver: FigureTree | None
    pancreas: FigureTree | None = None
    segments: Mapping[str, FigureTree] = field(default_factory=dict)
    margin_points_lps_mm: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    clip_list: tuple[CrossedVessel, ...] = ()
    contacts: tuple[Contact, ...] = ()
    warnings: tuple[OutcomeWarning, ...] = ()
    is_stale: bool = False
    territories: Mapping[str, Mapping[str, FigureTree]] = field(default_factory=dict)
    suggested_rows: tuple[SuggestedRow, ...] = ()
    new_world_code: str = ""
    intended_code: str = ""
    differs_as_drawn: bool = False

    @property
    def figures_hash(self) -> str:
        """SHA-256 of all that is shown."""
        shown = {key: value for key, value in self.to_json().items() if key != "is_stale"}
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()

    def as_stale(self) -> Outcome:
        """Return the outcome with every figure marked stale."""

        def stale(tree: FigureTree) -> FigureTree:
            return {k: v.as_stale() if isinstance(v, Figure) else stale(v) for k, v in tree.items()}

        return replace(
            self,
            liver=None if self.liver is None else stale(self.liver),
            pancreas=None if self.pancreas is None else stale(self.pancreas),
            segments={name: stale(tree) for name, tree in self.segments.items()},
            contacts=tuple(contact.as_stale() for contact in self.contacts),
            is_stale=True,
            territories={
                tree: {name: stale(figures) for name, figures in branches.items()}
                for tree, branches in self.territories.items()
            },
        )

    def to_json(self) -> dict[str, object]:
        """Return the document that ``twinsight simulate --json`` prints."""
        liver = None if self.liver is None else {**_plain(self.liver), "segments": _plain(self.segments)}
        if liver is not None and self.territories:
            liver["territories"] = {tree: _plain(branches) for tree, branches in self.territories.items()}
        return {
            "plan": self.plan_name,
            "plan_hash": self.plan_hash,
            "labels_hash": self.labels_hash,
            "facts_hash": self.facts_hash,
            "liver": liver,
            "pancreas": None if self.pancreas is None else _plain(self.pancreas),
            **self._codes(),
            "margin_points_lps_mm": None
            if self.margin_points_lps_mm is None
            else [list(point) for point in self.margin_points_lps_mm],
            "clip_list": [vessel.to_json() for vessel in self.clip_list],
            "contacts": [contact.to_json() for contact in self.contacts],
            **({"suggested_rows": [row.to_json() for row in self.suggested_rows]} if self.suggested_rows else {}),
            "warnings": [{"message_id": w.message_id, "parameters": dict(w.parameters)} for w in self.warnings],
            "is_stale": self.is_stale,
        }

    def _codes(self) -> dict[str, object]:
        """Return the codes; nothing where no segments are known, as in files of earlier versions."""
        if not (self.new_world_code or self.intended_code):
            return {}
        return {
            "new_world_code": self.new_world_code or None,
            "intended_code": self.intended_code or None,
            "differs_as_drawn": self.differs_as_drawn,
        }

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Outcome:
        """Read what :meth:`to_json` wrote."""
        liver = None if data["liver"] is None else dict(data["liver"])  # type: ignore[call-overload]
        segments = {} if liver is None else liver.pop("segments")
        territories = {} if liver is None else liver.pop("territories", {})
        points = data["margin_points_lps_mm"]
        return cls(
            str(data["plan"]),
            str(data["plan_hash"]),
            str(data["labels_hash"]),
            str(data["facts_hash"]),
            None if liver is None else _figures(liver),
            None if data["pancreas"] is None else _figures(data["pancreas"]),
            {name: _figures(tree) for name, tree in segments.items()},
            None if points is None else tuple(tuple(p) for p in points),  # type: ignore[attr-defined, arg-type]
            tuple(
                CrossedVessel(**{**v, "point_lps_mm": tuple(v["point_lps_mm"])})
                for v in data["clip_list"]  # type: ignore[attr-defined]
            ),
            tuple(Contact.from_json(c) for c in data["contacts"]),  # type: ignore[attr-defined]
            tuple(OutcomeWarning(**w) for w in data["warnings"]),  # type: ignore[attr-defined]
            bool(data["is_stale"]),
            {
                tree: {name: _figures(figures) for name, figures in branches.items()}
                for tree, branches in territories.items()
            },
            tuple(SuggestedRow.from_json(row) for row in data.get("suggested_rows", ())),  # type: ignore[attr-defined]
            str(data.get("new_world_code") or ""),
            str(data.get("intended_code") or ""),
            bool(data.get("differs_as_drawn", False)),
        )


def _plain(tree: FigureTree) -> dict[str, object]:
    return {k: v.to_json() if isinstance(v, Figure) else _plain(v) for k, v in tree.items()}


def _figures(data: object) -> FigureTree:
    assert isinstance(data, dict)
    return {k: Figure.from_json(v) if "status" in v else _figures(v) for k, v in data.items()}
