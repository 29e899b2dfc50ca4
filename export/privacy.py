"""What identifies a patient never leaves by a side door, such as a plan named after the patient."""

from __future__ import annotations

import re

from twin.patient import PatientIdentity

__all__ = ["identity_words", "without_identity"]

_SHORTEST_WORD = 3


def identity_words(identity: PatientIdentity) -> tuple[str, ...]:
    """Return the words that must not be found in a document without identity, longest first.

    Examples
    --------
    >>> identity_words(PatientIdentity("PID-7712", "MARTIN^Anne", "19610423", "F"))
    ('1961-04-23', '23/04/1961', '19610423', 'PID-7712', 'MARTIN', '7712', 'Anne')
    """
    names = [part for part in re.split(r"[\^=\s,]+", identity.name) if len(part) >= _SHORTEST_WORD]
    numbers = [text for text in (identity.patient_id, identity.birth_date) if len(text) >= _SHORTEST_WORD]
    numbers += [part for part in re.findall(r"\d+", identity.patient_id) if len(part) > _SHORTEST_WORD]
    date = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", identity.birth_date)
    dates = [f"{date[1]}-{date[2]}-{date[3]}", f"{date[3]}/{date[2]}/{date[1]}"] if date else []
    return tuple(sorted({*names, *numbers, *dates}, key=lambda word: (-len(word), word)))


def without_identity(text: str, identity: PatientIdentity) -> str:
    """Return a text with every word that identifies the patient replaced by an ellipsis."""
    for word in identity_words(identity):
        text = re.sub(re.escape(word), "…", text, flags=re.IGNORECASE)
    return text
