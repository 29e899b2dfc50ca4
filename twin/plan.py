"""A plan: the resections a surgeon proposes, as a draft or approved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from twin.resection import Resection, resection_from_json, resection_to_json

__all__ = ["Approval", "Confirmation", "Plan"]


@dataclass(frozen=True)
class Confirmation:
    """A person has looked at a structure and declares it right.

    ``by`` is the name as declared, ``account`` the account of the system; ``labels_hash`` ties it to the voxels:
    when they change, the confirmation no longer holds.
    """

    structure_id: str
    by: str
    account: str
    time_utc: str
    labels_hash: str


@dataclass(frozen=True)
class Approval:
    """A plan validated by the surgeon, tied to what was seen: plan, labels and figures."""

    by: str
    account: str
    time_utc: str
    plan_hash: str
    labels_hash: str
    figures_hash: str


@dataclass(frozen=True)
class Plan:
    """A named set of resections; the union of what they remove is what the plan removes.

    Examples
    --------
    >>> from twin.resection import parse_cut
    >>> Plan("A", (parse_cut("wedge:lesion-1:10"),)).is_approved
    False
    """

    name: str
    resections: tuple[Resection, ...]
    approval: Approval | None = None

    @property
    def is_approved(self) -> bool:
        """True while an approval is held (the case removes it when labels or figures change)."""
        return self.approval is not None

    @property
    def hash(self) -> str:
        """SHA-256 of name and resections; the approval is not part of it."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def with_approval(self, approval: Approval | None) -> Plan:
        """Return a copy with this approval, or back in draft with None."""
        return replace(self, approval=approval)

    def _content(self) -> dict[str, object]:
        return {"name": self.name, "resections": [resection_to_json(r) for r in self.resections]}

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        approval = None if self.approval is None else dict(vars(self.approval))
        return {**self._content(), "approval": approval}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Plan:
        """Read what :meth:`to_json` wrote."""
        approval = data.get("approval")
        return cls(
            str(data["name"]),
            tuple(resection_from_json(r) for r in data["resections"]),  # type: ignore[attr-defined]
            None if approval is None else Approval(**approval),  # type: ignore[arg-type]
        )
