"""A plan: the resections a surgeon proposes, as a draft or approved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from twin.errors import UsageError
from twin.resection import PancreasCut, Partition, PlanCondition, Resection, resection_from_json, resection_to_json

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

    Parameters
    ----------
    name, resections
        What it is called and what it is made of.
    approval
        Held while it is approved.
    stages
        The stage, 1 or 2, of each resection; empty when all are done in one operation.

    Raises
    ------
    UsageError
        ``error.plan.bad_stages`` when the stages are not one for each resection, each 1 or 2, with a first one.

    Examples
    --------
    >>> from twin.resection import parse_cut
    >>> Plan("A", (parse_cut("wedge:lesion-1:10"),)).is_approved
    False
    """

    name: str
    resections: tuple[Resection, ...]
    approval: Approval | None = None
    stages: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            return
        if len(self.stages) != len(self.resections) or not set(self.stages) <= {1, 2} or 1 not in self.stages:
            raise UsageError("error.plan.bad_stages", plan=self.name)
        if 2 not in self.stages:  # one operation has one way to be written, and one hash
            object.__setattr__(self, "stages", ())

    @property
    def is_two_stage(self) -> bool:
        """True when a part of it is left to a second operation."""
        return bool(self.stages)

    @property
    def partition(self) -> Partition | None:
        """The partition of the liver in the first operation (ALPPS), or None."""
        return next((one for one in self.resections if isinstance(one, Partition)), None)

    def check_partition(self) -> None:
        """Check that a partition belongs to the first operation, and that a second one removes what it parts.

        Raises
        ------
        UsageError
            ``error.plan.bad_partition`` when it does not.
        """
        of_stage: dict[int, list[Resection]] = {1: [], 2: []}
        for stage, resection in self.staged_resections:
            of_stage[stage].append(resection)
        n_parted = sum(isinstance(one, Partition) for one in self.resections)
        is_first = n_parted == 1 and any(isinstance(one, Partition) for one in of_stage[1])
        removes = any(not isinstance(one, PlanCondition | PancreasCut) for one in of_stage[2])
        if n_parted and not (is_first and removes):
            raise UsageError("error.plan.bad_partition", plan=self.name)

    @property
    def staged_resections(self) -> tuple[tuple[int, Resection], ...]:
        """Each resection after its stage."""
        return tuple(zip(self.stages or (1,) * len(self.resections), self.resections, strict=True))

    def until_stage(self, stage: int) -> Plan:
        """Return what has been done by the end of a stage, as a draft in one operation."""
        return Plan(self.name, tuple(resection for at, resection in self.staged_resections if at <= stage))

    @property
    def organ_ids(self) -> tuple[str, ...]:
        """Organs that it acts on, the liver first."""
        organs = {_organ_of(resection) for resection in self.resections}
        return tuple(organ for organ in ("liver", "pancreas") if organ in organs)

    def on_organ(self, organ_id: str) -> Plan:
        """Return what it does to one organ, as a draft."""
        staged = [(at, resection) for at, resection in self.staged_resections if _organ_of(resection) == organ_id]
        stages = tuple(at for at, _ in staged) if any(at == 1 for at, _ in staged) else ()
        return Plan(self.name, tuple(resection for _, resection in staged), stages=stages)

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
        resections = [
            {**resection_to_json(resection), **({"stage": stage} if stage != 1 else {})}
            for stage, resection in self.staged_resections
        ]
        return {"name": self.name, "resections": resections}

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        approval = None if self.approval is None else dict(vars(self.approval))
        return {**self._content(), "approval": approval}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Plan:
        """Read what :meth:`to_json` wrote."""
        approval = data.get("approval")
        resections: list[dict[str, object]] = list(data["resections"])  # type: ignore[call-overload]
        return cls(
            str(data["name"]),
            tuple(resection_from_json(r) for r in resections),
            None if approval is None else Approval(**approval),  # type: ignore[arg-type]
            tuple(int(str(r.get("stage", 1))) for r in resections),
        )


def _organ_of(resection: Resection) -> str:
    return "pancreas" if isinstance(resection, PancreasCut) else "liver"
