"""What a consultation leaves in the case: choices for the story, notes, questions, pictures and what was measured."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from export.story.choices import StoryChoices
from export.understanding import ConsentBasis, StudyConsent, Understanding
from twin.errors import CaseFileError, TwinSightError
from twin.store import CaseFolder
from twin.store.durable_file import read_whole, write_whole, writing

__all__ = ["ConsultationRecord", "ConsultationStore", "KeptPicture"]

_FOLDER, _RECORD = "consultation", "record.json"
_VERSION = 1
_PRIVATE = 0o700


@dataclass(frozen=True)
class KeptPicture:
    """A picture of the stage with what was drawn on it.

    Parameters
    ----------
    name
        Of its file.
    version
        Letters of the plan and its figures that it shows (``Story.version``).
    is_taken_home
        True when someone looked at it, saw no name on it, and wants the patient to have it.
    """

    name: str
    version: str
    is_taken_home: bool = False


@dataclass(frozen=True)
class ConsultationRecord:
    """All that is kept; every change makes a new one.

    Parameters
    ----------
    choices
        Plan name and language to the choices for its story.
    notes
        Of the team.
    questions
        Of the patient.
    words_taken_home
        ``"notes"`` or ``"questions"``, once somebody saw no name in them and wants the patient to have them; nothing
        else of them ever leaves the case.
    pictures
        Gallery, oldest first.
    understanding
        What was measured.
    consent
        That answers may go to a study, or None.
    """

    choices: Mapping[str, Mapping[str, StoryChoices]] = field(default_factory=dict)
    notes: str = ""
    questions: str = ""
    pictures: tuple[KeptPicture, ...] = ()
    understanding: Understanding = field(default_factory=Understanding)
    consent: StudyConsent | None = None
    words_taken_home: frozenset[str] = frozenset()

    def lines_taken_home(self, name: str) -> tuple[str, ...]:
        """Return the lines of ``"notes"`` or ``"questions"`` that go home; none unless somebody chose so."""
        text = {"notes": self.notes, "questions": self.questions}[name] if name in self.words_taken_home else ""
        return tuple(line.strip() for line in text.splitlines() if line.strip())

    def choices_of(self, plan_name: str, language: str) -> StoryChoices:
        """Return the choices for a plan in a language; what no language words is the same in all of them."""
        known = self.choices.get(plan_name, {})
        if language in known or not known:
            return known.get(language, StoryChoices(language))
        return _worded_anew(next(iter(known.values())), StoryChoices(language))

    def with_choices(self, plan_name: str, choices: StoryChoices) -> ConsultationRecord:
        """Return the record with the choices for a plan; other languages keep their own words."""
        known = self.choices.get(plan_name, {})
        followed = {language: _worded_anew(choices, other) for language, other in known.items()}
        return replace(self, choices={**self.choices, plan_name: {**followed, choices.language: choices}})

    def with_picture(self, picture: KeptPicture) -> ConsultationRecord:
        """Return the record with a picture added, or replaced when it is known."""
        known = {one.name: one for one in self.pictures} | {picture.name: picture}
        return replace(self, pictures=tuple(known.values()))

    def without_picture(self, name: str) -> ConsultationRecord:
        """Return the record without a picture."""
        return replace(self, pictures=tuple(one for one in self.pictures if one.name != name))

    def to_json(self) -> dict[str, object]:
        """Plain values for the case."""
        consent = self.consent
        return {
            "version": _VERSION,
            "choices": {
                plan: {language: choices.to_json() for language, choices in known.items()}
                for plan, known in self.choices.items()
            },
            "notes": self.notes,
            "questions": self.questions,
            "words_taken_home": sorted(self.words_taken_home),
            "pictures": [vars(one) for one in self.pictures],
            "understanding": self.understanding.to_json(),
            "consent": None if consent is None else {**vars(consent), "basis": consent.basis.value},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ConsultationRecord:
        """Read what :meth:`to_json` wrote."""
        consent = data["consent"]
        return cls(
            {
                plan: {language: StoryChoices.from_json(choices) for language, choices in known.items()}
                for plan, known in data["choices"].items()
            },
            str(data["notes"]),
            str(data["questions"]),
            tuple(KeptPicture(**one) for one in data["pictures"]),
            Understanding.from_json(data["understanding"]),
            None if consent is None else StudyConsent(**{**consent, "basis": ConsentBasis(consent["basis"])}),
            frozenset(map(str, data.get("words_taken_home", ()))),
        )


def _worded_anew(choices: StoryChoices, words: StoryChoices) -> StoryChoices:
    """Return choices with the language, texts, risks and length of stay of others: those hold words."""
    return replace(
        choices,
        language=words.language,
        texts=words.texts,
        risks=words.risks,
        length_of_stay=words.length_of_stay,
    )


class ConsultationStore:
    """The folder ``consultation`` of an open case. Whoever opened the case closes it; safe in several threads.

    It is no part of the twin: it changes no figure, no approval and no history, and undo does not touch it. A purge
    of the case removes it with everything else.

    Parameters
    ----------
    folder
        The open case.
    """

    def __init__(self, folder: CaseFolder) -> None:
        self._case = folder
        self._path = folder.path / _FOLDER
        self._guard = threading.Lock()

    @property
    def is_read_only(self) -> bool:
        """True when nothing can be kept."""
        return self._case.is_read_only

    def read(self) -> ConsultationRecord:
        """Return what is kept, an empty record when there is none.

        Raises
        ------
        CaseFileError
            ``error.consultation.damaged`` when it cannot be read.
        """
        path = self._path / _RECORD
        if not path.exists():
            return ConsultationRecord()
        try:
            return ConsultationRecord.from_json(json.loads(read_whole(path)))
        except (ValueError, KeyError, TypeError, AttributeError, TwinSightError) as error:
            raise CaseFileError("error.consultation.damaged", path=str(path)) from error

    def write(self, record: ConsultationRecord) -> None:
        """Keep a record in place of the one before.

        Raises
        ------
        CaseFileError
            When the case is read-only or the disk is full; what was kept is then untouched.
        """
        with self._guard:
            self._require_folder()
            text = json.dumps(record.to_json(), ensure_ascii=False, indent=1)
            write_whole(self._path / _RECORD, [text.encode()])

    def add_picture(self, png: bytes) -> str:
        """Keep a picture; return its name, which tells nothing of the patient or the day.

        Raises
        ------
        CaseFileError
            As :meth:`write`.
        """
        name = f"{uuid.uuid4().hex[:12]}.png"
        with self._guard:
            self._require_folder()
            write_whole(self._path / name, [png])
        return name

    def picture(self, name: str) -> bytes:
        """Return a picture as PNG.

        Raises
        ------
        CaseFileError
            When it is gone.
        """
        return read_whole(self._path / Path(name).name)

    def remove_picture(self, name: str) -> None:
        """Remove the file of a picture."""
        path = self._path / Path(name).name
        with self._guard, writing(path):
            path.unlink(missing_ok=True)

    def _require_folder(self) -> None:
        if self._case.is_read_only:
            raise CaseFileError("error.case.read_only", path=str(self._case.path))
        with writing(self._path):
            self._path.mkdir(mode=_PRIVATE, exist_ok=True)
