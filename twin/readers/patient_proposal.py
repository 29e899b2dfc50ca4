"""Who the patient of a study is, whether there are two, and which facts its files propose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations

from twin.errors import InputError, SafetyRefusal
from twin.patient import FactOrigin, PatientFacts, PatientIdentity
from twin.readers.problem import Problem, Severity

__all__ = ["joined_identity", "masked", "proposed_facts"]

_MASK = "…"


def joined_identity(identities: Iterable[PatientIdentity], *, join_reason: str | None) -> PatientIdentity:
    """Return the patient that all files of a study belong to.

    Parameters
    ----------
    identities
        One per file.
    join_reason
        Why files of different identities are one patient, as typed by a person; None or blank to refuse.

    Raises
    ------
    SafetyRefusal
        ``error.import.two_patients`` with message ids of the fields that differ, never their values.
    """
    counts = Counter(identities)
    distinct = [identity for identity, _ in counts.most_common()]
    differing = sorted({field for a, b in combinations(distinct, 2) for field in a.conflicts(b)})
    reason = (join_reason or "").strip()
    if differing and not reason:
        raise SafetyRefusal("error.import.two_patients", fields=tuple(f"term.identity.{field}" for field in differing))
    merged = PatientIdentity()
    for identity in distinct:
        filled = {
            name: getattr(merged, name) or getattr(identity, name)
            for name in ("patient_id", "name", "birth_date", "sex")
        }
        merged = replace(merged, **filled)
    return replace(merged, joined_reasons=(reason,)) if differing else merged


def masked(text: str, identity: PatientIdentity) -> str:
    """Return the text without the words of the patient's name, id or birth date.

    Examples
    --------
    >>> masked("FOIE DUPONT portal", PatientIdentity(name="Dupont^Jeanne"))
    'FOIE … portal'
    """
    words = re.split(r"[\s^,=_-]+", f"{identity.name} {identity.patient_id} {identity.birth_date}")
    telling = sorted({re.escape(word) for word in words if len(word) > 2}, key=len, reverse=True)
    if not telling:
        return text
    return re.sub(rf"(?<![^\W_])(?:{'|'.join(telling)})(?![^\W_])", _MASK, text, flags=re.IGNORECASE)


def proposed_facts(texts: Mapping[str, str], scan_date: str | None) -> tuple[PatientFacts, tuple[Problem, ...]]:
    """Return the facts that the patient module proposes, and the values that cannot be true.

    A proposal is dated with the scan and used by no figure until a person enters it. Height is stored in metres
    and weight in kilograms (DICOM PS3.3, C.7.2.2).
    """
    on_date = _iso(scan_date)
    found: dict[str, str | float | int] = {}
    height, weight = _number(texts.get("PatientSize")), _number(texts.get("PatientWeight"))
    if height:
        found["height_cm"] = round(height * 100.0, 1)
    if weight:
        found["weight_kg"] = round(weight, 1)
    if texts.get("PatientSex", "").upper() in ("F", "M"):
        found["sex"] = texts["PatientSex"].lower()
    born = texts.get("PatientBirthDate", "")
    if re.match(r"(19|20)\d{6}$", born) and born not in (scan_date, "19000101"):
        found["birth_year"] = int(born[:4])  # a birth date equal to that of the scan is a placeholder
    facts, problems = PatientFacts(), []
    for name, value in found.items():
        try:
            facts = facts.with_fact(name, value, FactOrigin.DICOM, on_date)
        except InputError:
            message_id = f"problem.patient.implausible_{name}"
            problems.append(Problem(Severity.WARNING, message_id, {"value": value}))
    return facts, tuple(problems)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _iso(scan_date: str | None) -> str:
    if scan_date and re.match(r"\d{8}$", scan_date):
        return f"{scan_date[:4]}-{scan_date[4:6]}-{scan_date[6:]}"
    return date.today().isoformat()
