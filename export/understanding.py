"""What a patient understood and how calm he or she was: answers, scores, and their export for studies."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from twin.errors import InputError

__all__ = [
    "APAIS_ITEMS",
    "Apais",
    "ConsentBasis",
    "Moment",
    "StudyConsent",
    "TeachBackItem",
    "TeachBackResult",
    "Understanding",
    "understanding_bundle",
    "understanding_csv",
]

# Amsterdam Preoperative Anxiety and Information Scale: six items from 1 (not at all) to 5 (extremely); four of them
# tell anxiety, two the wish to know more (Moerman, Anesth Analg 1996;82:445). More than 10 of 20 is high anxiety in
# the French version, n = 1404 (lissa 21602018). It was validated before the consultation of the anaesthetist: here
# it is exploratory.
APAIS_ITEMS = ("anaesthesia_worry", "anaesthesia_mind", "anaesthesia_know", "surgery_worry", "surgery_mind",
               "surgery_know")  # fmt: skip
_ANXIETY = (0, 1, 3, 4)
_INFORMATION = (2, 5)
_LOWEST, _HIGHEST = 1, 5
_HIGH_ANXIETY = 10
_FAILED_TOO_OFTEN = 2
_STUDY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}")


class Moment(StrEnum):
    """When a scale was filled in: before or after the story was told."""

    BEFORE = "before"
    AFTER = "after"


class TeachBackItem(StrEnum):
    """What the patient tells back with his or her own words. It is never a test of the patient."""

    WHERE = "where"
    REMOVED = "removed"
    STAYS = "stays"
    RISKS = "risks"
    HOME = "home"
    ASK = "ask"


class TeachBackResult(StrEnum):
    """All that is kept of an answer."""

    UNDERSTOOD = "understood"
    EXPLAINED_AGAIN = "re-explained"


class ConsentBasis(StrEnum):
    """On what ground answers may leave the case for a study."""

    CONSENT = "consent"
    NON_OPPOSITION = "non-opposition"


@dataclass(frozen=True)
class Apais:
    """One filled-in scale.

    Parameters
    ----------
    answers
        Six numbers from 1 to 5, in the order of :data:`APAIS_ITEMS`.

    Raises
    ------
    InputError
        ``error.understanding.apais`` when an answer is missing or out of range.

    Examples
    --------
    >>> Apais((3, 3, 5, 3, 2, 1)).anxiety
    11
    """

    answers: tuple[int, ...]

    def __post_init__(self) -> None:
        is_whole = len(self.answers) == len(APAIS_ITEMS)
        if not is_whole or any(not _LOWEST <= answer <= _HIGHEST for answer in self.answers):
            raise InputError("error.understanding.apais")

    @property
    def anxiety(self) -> int:
        """Sum of the four items of anxiety, 4 to 20."""
        return sum(self.answers[n] for n in _ANXIETY)

    @property
    def information(self) -> int:
        """Sum of the two items of the wish to know more, 2 to 10."""
        return sum(self.answers[n] for n in _INFORMATION)

    @property
    def is_high(self) -> bool:
        """True above 10 of 20: the team takes time and offers support."""
        return self.anxiety > _HIGH_ANXIETY


@dataclass(frozen=True)
class StudyConsent:
    """The patient agreed, or did not object, that the answers go to a study.

    Parameters
    ----------
    basis
        Consent or non-opposition.
    study_id
        What stands for the patient in the study: letters, digits and hyphens. Never a name or hospital number.
    recorded_by, recorded_on
        Who recorded it (as declared) and when (``YYYY-MM-DD``); they stay in the case.

    Raises
    ------
    InputError
        ``error.understanding.study_id`` or ``error.understanding.no_name``.
    """

    basis: ConsentBasis
    study_id: str
    recorded_by: str
    recorded_on: str

    def __post_init__(self) -> None:
        if not _STUDY_ID.fullmatch(self.study_id):
            raise InputError("error.understanding.study_id")
        if not self.recorded_by.strip() or not self.recorded_on:
            raise InputError("error.understanding.no_name")


@dataclass(frozen=True)
class Understanding:
    """Everything that was measured in the consultation of one case.

    Parameters
    ----------
    apais
        Filled-in scales by moment.
    teach_back
        Results of each item, one for each try, in order.
    satisfaction
        1 (not at all satisfied) to 5, or None.
    shown_s
        For how long the story was on the stage.
    """

    apais: Mapping[Moment, Apais] = field(default_factory=dict)
    teach_back: Mapping[TeachBackItem, tuple[TeachBackResult, ...]] = field(default_factory=dict)
    satisfaction: int | None = None
    shown_s: float = 0.0

    def __post_init__(self) -> None:
        if self.satisfaction is not None and not _LOWEST <= self.satisfaction <= _HIGHEST:
            raise InputError("error.understanding.satisfaction")

    @property
    def anxious_at(self) -> tuple[Moment, ...]:
        """Moments at which anxiety was high."""
        return tuple(moment for moment in Moment if moment in self.apais and self.apais[moment].is_high)

    @property
    def not_understood(self) -> tuple[TeachBackItem, ...]:
        """Items that had to be explained again twice or more."""
        again = TeachBackResult.EXPLAINED_AGAIN
        return tuple(i for i in TeachBackItem if self.teach_back.get(i, ()).count(again) >= _FAILED_TOO_OFTEN)

    def to_json(self) -> dict[str, object]:
        """Plain values for the case."""
        return {
            "apais": {moment.value: list(scale.answers) for moment, scale in self.apais.items()},
            "teach_back": {item.value: [r.value for r in results] for item, results in self.teach_back.items()},
            "satisfaction": self.satisfaction,
            "shown_s": round(self.shown_s),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Understanding:
        """Read what :meth:`to_json` wrote."""
        return cls(
            {Moment(m): Apais(tuple(answers)) for m, answers in data["apais"].items()},
            {TeachBackItem(i): tuple(map(TeachBackResult, results)) for i, results in data["teach_back"].items()},
            data["satisfaction"],
            float(data["shown_s"]),
        )


def understanding_csv(measured: Understanding, consent: StudyConsent, language: str) -> str:
    """Return one line of figures under a line of names; no date, no name, no free text.

    Examples
    --------
    >>> consent = StudyConsent(ConsentBasis.CONSENT, "S-01", "Dr A", "2026-01-02")
    >>> understanding_csv(Understanding(satisfaction=4), consent, "fr").splitlines()[1].split(",")[:3]
    ['S-01', 'consent', 'fr']
    """
    row: dict[str, object] = {"study_id": consent.study_id, "basis": consent.basis.value, "language": language}
    for moment in Moment:
        scale = measured.apais.get(moment)
        for n, item in enumerate(APAIS_ITEMS):
            row[f"apais_{moment}_{item}"] = "" if scale is None else scale.answers[n]
        row[f"apais_{moment}_anxiety"] = "" if scale is None else scale.anxiety
        row[f"apais_{moment}_information"] = "" if scale is None else scale.information
    for item in TeachBackItem:
        results = measured.teach_back.get(item, ())
        row[f"teach_back_{item}"] = results[-1].value if results else ""
        row[f"teach_back_{item}_tries"] = len(results)
    row["satisfaction"] = "" if measured.satisfaction is None else measured.satisfaction
    row["shown_minutes"] = round(measured.shown_s / 60.0)
    content = io.StringIO()
    writer = csv.DictWriter(content, list(row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return content.getvalue()


def understanding_bundle(measured: Understanding, consent: StudyConsent, language: str) -> dict[str, object]:
    """Return the same as a FHIR R4 bundle: a QuestionnaireResponse for each scale, teach-back and satisfaction.

    No date is told (``authored`` is optional); the subject is the study id alone.
    """
    responses = [_apais_response(moment, scale) for moment, scale in sorted(measured.apais.items())]
    if measured.teach_back:
        responses.append(_teach_back_response(measured))
    if measured.satisfaction is not None:
        items = [_item("satisfaction", {"valueInteger": measured.satisfaction})]
        responses.append({"questionnaire": "urn:twinsight:questionnaire:satisfaction", "item": items})
    whole = {
        "resourceType": "QuestionnaireResponse",
        "language": language,
        "status": "completed",
        "subject": {"identifier": {"system": "urn:twinsight:study-id", "value": consent.study_id}},
    }
    entries = [{"resource": {**whole, **response}} for response in responses]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _apais_response(moment: Moment, scale: Apais) -> dict[str, object]:
    items = [_item(f"apais.{name}", {"valueInteger": scale.answers[n]}) for n, name in enumerate(APAIS_ITEMS)]
    items.append(_item("apais.anxiety", {"valueInteger": scale.anxiety}))
    items.append(_item("apais.information", {"valueInteger": scale.information}))
    return {"questionnaire": f"urn:twinsight:questionnaire:apais-{moment}", "item": items}


def _teach_back_response(measured: Understanding) -> dict[str, object]:
    system = "urn:twinsight:teach-back"
    items = [
        _item(f"teach_back.{item}", *({"valueCoding": {"system": system, "code": r.value}} for r in results))
        for item, results in measured.teach_back.items()
        if results
    ]
    return {"questionnaire": "urn:twinsight:questionnaire:teach-back", "item": items}


def _item(link_id: str, *answers: Mapping[str, object]) -> dict[str, object]:
    return {"linkId": link_id, "answer": list(answers)}
