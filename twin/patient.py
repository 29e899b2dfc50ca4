"""What is known of the patient: clinical facts with their origin, and the identity, kept apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from twin.errors import InputError

__all__ = ["Fact", "FactOrigin", "PatientFacts", "PatientIdentity"]


class FactOrigin(StrEnum):
    """Where a fact comes from. A DICOM value is a proposal until a person enters it."""

    ENTERED = "entered"
    DICOM = "dicom"


@dataclass(frozen=True)
class Fact:
    """A value with its origin and date (ISO ``YYYY-MM-DD`` of entry, or of the scan for DICOM)."""

    value: str | float | int
    origin: FactOrigin
    date: str

    @property
    def is_proposal(self) -> bool:
        """True while nobody has entered it: no figure may use it."""
        return self.origin is FactOrigin.DICOM


@dataclass(frozen=True)
class PatientFacts:
    """Clinical inputs, each a :class:`Fact` or None (unknown). No default stands in for a missing one.

    Limits: height 100 to 230 cm and weight 25 to 250 kg (beyond them fields were swapped or metres entered).
    ``biliary_stent`` asks for a stent that was in place before the scan.
    ``recipient_weight_kg`` is that of the one who receives a graft, children too. ``earlier_flr_ml`` and
    ``earlier_flr_date`` are volume and date of the same remnant on the scan before an embolisation. ``hbs_percent``
    (of the remnant, per minute and m2), ``icg_r15_percent`` and ``limax_ug_kg_h`` are measured liver function.
    """

    height_cm: Fact | None = None
    weight_kg: Fact | None = None
    sex: Fact | None = None
    birth_year: Fact | None = None
    parenchyma: Fact | None = None
    pancreas_texture: Fact | None = None
    approach: Fact | None = None
    neoadjuvant: Fact | None = None
    metastasis: Fact | None = None
    biliary_stent: Fact | None = None
    pve_date: Fact | None = None
    earlier_flr_ml: Fact | None = None
    earlier_flr_date: Fact | None = None
    recipient_weight_kg: Fact | None = None
    bilirubin_umol_l: Fact | None = None
    albumin_g_l: Fact | None = None
    hbs_percent: Fact | None = None
    icg_r15_percent: Fact | None = None
    limax_ug_kg_h: Fact | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of the facts."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def number(self, name: str) -> float | None:
        """Entered value of a numeric fact, or None when missing or only proposed."""
        fact: Fact | None = getattr(self, name)
        return None if fact is None or fact.is_proposal else float(fact.value)

    def word(self, name: str) -> str | None:
        """Entered value of a fact in words, or None when missing or only proposed."""
        fact: Fact | None = getattr(self, name)
        return None if fact is None or fact.is_proposal else str(fact.value)

    def with_fact(self, name: str, value: str | float | int, origin: FactOrigin, on_date: str) -> PatientFacts:
        """Return a copy with one fact set; refuses values outside its limits.

        Raises
        ------
        InputError
            ``error.patient.out_of_range`` or ``error.patient.not_a_choice`` naming field, value and what is allowed.

        Examples
        --------
        >>> PatientFacts().with_fact("height_cm", 170, FactOrigin.ENTERED, "2026-01-02").number("height_cm")
        170.0
        """
        check_fact(name, value)
        return replace(self, **{name: Fact(value, origin, on_date)})

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        known = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {
            name: {"value": fact.value, "origin": fact.origin.value, "date": fact.date}
            for name, fact in known
            if fact is not None
        }

    @classmethod
    def from_json(cls, data: dict[str, dict[str, object]]) -> PatientFacts:
        """Read what :meth:`to_json` wrote."""
        return cls(
            **{
                name: Fact(entry["value"], FactOrigin(str(entry["origin"])), str(entry["date"]))  # type: ignore[arg-type]
                for name, entry in data.items()
            }
        )


_LIMITS = {
    "height_cm": (100.0, 230.0),
    "weight_kg": (25.0, 250.0),
    # Beyond these a unit was mistaken (mg/dl for umol/l, g/dl for g/l, litres) or a point was lost.
    "recipient_weight_kg": (2.0, 250.0),
    "earlier_flr_ml": (20.0, 3000.0),
    "bilirubin_umol_l": (2.0, 1000.0),
    "albumin_g_l": (10.0, 70.0),
    "hbs_percent": (0.1, 30.0),
    "icg_r15_percent": (0.0, 100.0),
    "limax_ug_kg_h": (10.0, 1000.0),
}
_DATES = ("pve_date", "earlier_flr_date")
_CHOICES = {
    "sex": ("f", "m"),
    "parenchyma": ("normal", "steatosis", "chemotherapy", "fibrosis", "cirrhosis"),
    "pancreas_texture": ("soft", "firm"),
    "approach": ("open", "minimally-invasive"),
    "neoadjuvant": ("yes", "no"),
    "metastasis": ("yes", "no"),
    "biliary_stent": ("yes", "no"),
}


def check_fact(name: str, value: str | float | int) -> None:
    """Raise InputError unless ``value`` is allowed for the fact ``name``."""
    if name in _LIMITS:
        low, high = _LIMITS[name]
        if not low <= _number(name, value) <= high:
            raise InputError("error.patient.out_of_range", field=name, value=value, low=low, high=high)
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InputError("error.patient.not_a_choice", field=name, value=value, choices=", ".join(_CHOICES[name]))
    elif name == "birth_year":
        this_year = date.today().year
        year = _number(name, value)
        if not this_year - 120 <= year <= this_year or year != int(year):
            raise InputError("error.patient.out_of_range", field=name, value=value, low=this_year - 120, high=this_year)
    elif name in _DATES:
        try:
            date.fromisoformat(str(value))
        except ValueError as error:
            raise InputError("error.patient.not_a_date", field=name, value=value) from error
    else:
        raise InputError("error.patient.unknown_field", field=name)


def _number(name: str, value: str | float | int) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InputError("error.patient.not_a_number", field=name, value=value) from error


@dataclass(frozen=True)
class PatientIdentity:
    """Who the patient is. Kept in ``patient.json`` alone, never in exports for the patient, logs or exceptions.

    ``birth_date`` is ``YYYYMMDD``; missing parts are empty texts.
    """

    patient_id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    joined_reasons: tuple[str, ...] = field(default_factory=tuple)

    def conflicts(self, other: PatientIdentity) -> tuple[str, ...]:
        """Names of the fields that are filled on both sides and differ (letter case and DICOM carets aside)."""

        def plain(text: str) -> str:
            return " ".join(text.replace("^", " ").split()).casefold()

        names = ("patient_id", "name", "birth_date", "sex")
        return tuple(
            name
            for name in names
            if (mine := plain(getattr(self, name))) and (theirs := plain(getattr(other, name))) and mine != theirs
        )

    def to_json(self) -> dict[str, object]:
        """Plain values for the file of the identity alone."""
        return {
            "patient_id": self.patient_id,
            "name": self.name,
            "birth_date": self.birth_date,
            "sex": self.sex,
            "joined_reasons": list(self.joined_reasons),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PatientIdentity:
        """Read what :meth:`to_json` wrote."""
        return cls(
            str(data["patient_id"]),
            str(data["name"]),
            str(data["birth_date"]),
            str(data["sex"]),
            tuple(str(reason) for reason in data["joined_reasons"]),
        )
