"""A doubt about labels that stays with them: what a person should look at before trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LabelDoubt"]


@dataclass(frozen=True)
class LabelDoubt:
    """A message id with its parameters; ``structure_id`` is None when the doubt is about the scan.

    Examples
    --------
    >>> doubt = LabelDoubt("segmentation.warning.cut_by_scan", "liver")
    >>> LabelDoubt.from_json(doubt.to_json()) == doubt
    True
    """

    message_id: str
    structure_id: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "message_id": self.message_id,
            "structure_id": self.structure_id,
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> LabelDoubt:
        """Read what :meth:`to_json` wrote."""
        structure_id = data["structure_id"]
        return cls(
            str(data["message_id"]),
            None if structure_id is None else str(structure_id),
            dict(data["parameters"]),  # type: ignore[call-overload]
        )
