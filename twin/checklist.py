"""The first questions of a session about vessels and ducts: how program and person can answer them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from twin.account import system_account, utc_now
from twin.errors import InputError, SafetyRefusal

__all__ = ["CHECKLIST_ITEMS", "ChecklistAnswer", "Judgement", "Sight"]

# In the order in which they are asked.
CHECKLIST_ITEMS = (
    "right_hepatic_artery",
    "left_hepatic_artery",
    "coeliac_stenosis",
    "portal_type",
    "inferior_right_hepatic_vein",
    "segment_5_vein",
    "segment_8_vein",
    "bile_ducts",
    "first_jejunal_vein",
    "gastrocolic_trunk",
    "splenic_entry",
)
_LONGEST_NOTE = 200


class Sight(StrEnum):
    """What is seen of a structure."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    NOT_ASSESSABLE = "not_assessable"


class Judgement(StrEnum):
    """What a person says of the program's answer."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class ChecklistAnswer:
    """A person's answer to a question: it outweighs that of the program.

    Parameters
    ----------
    item_id
        Of :data:`CHECKLIST_ITEMS`.
    judgement
        Confirmed, corrected, or not applicable to this operation.
    sight
        What the person holds to be so; with a confirmation what the program had answered then. None when the question
        does not apply.
    by, account, time_utc
        Name as declared, account of the system, when.
    note
        In the person's words, or empty.
    """

    item_id: str
    judgement: Judgement
    sight: Sight | None
    by: str
    account: str
    time_utc: str
    note: str = ""

    @classmethod
    def given(
        cls, item_id: str, judgement: Judgement, sight: Sight | None, *, by: str, note: str = ""
    ) -> ChecklistAnswer:
        """Return an answer given now.

        Raises
        ------
        InputError
            ``error.checklist.no_such_item``, ``error.checklist.no_sight`` for a correction that does not say what is
            seen, ``error.checklist.long_note``.
        SafetyRefusal
            ``error.checklist.nobody_answers`` without a name.

        Examples
        --------
        >>> answer = ChecklistAnswer.given("bile_ducts", Judgement.CORRECTED, Sight.SEEN, by="Dr A", note="MRCP")
        >>> answer.sight.value
        'seen'
        """
        if item_id not in CHECKLIST_ITEMS:
            raise InputError("error.checklist.no_such_item", item=item_id, known=", ".join(CHECKLIST_ITEMS))
        if not by.strip():
            raise SafetyRefusal("error.checklist.nobody_answers")
        if judgement is not Judgement.NOT_APPLICABLE and sight is None:
            raise InputError("error.checklist.no_sight", item=item_id, known=", ".join(Sight))
        if len(note.strip()) > _LONGEST_NOTE:
            raise InputError("error.checklist.long_note", most=_LONGEST_NOTE)
        kept = None if judgement is Judgement.NOT_APPLICABLE else sight
        return cls(item_id, judgement, kept, by.strip(), system_account(), utc_now(), note.strip())

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ChecklistAnswer:
        """Read what :meth:`to_json` wrote."""
        sight = data["sight"]
        words = {name: str(data[name]) for name in ("item_id", "by", "account", "time_utc", "note")}
        return cls(judgement=Judgement(data["judgement"]), sight=None if sight is None else Sight(sight), **words)
