"""What the result of a long job was made from, so that it is refused when that has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twin.anatomy import LayerName
from twin.case import Case
from twin.errors import InputError

__all__ = ["Basis"]


@dataclass(frozen=True)
class Basis:
    """The planning volume and the revisions of the layers that a job was given.

    Examples
    --------
    >>> case = Case("example")
    >>> Basis.of(case).is_current(case)
    True
    """

    planning_volume_id: str | None
    revisions: Mapping[LayerName, int]

    @classmethod
    def of(cls, case: Case, layer_names: Iterable[LayerName] | None = None) -> Basis:
        """Return the basis of a job that reads and replaces these layers (by default all that are not derived)."""
        names = [n for n in LayerName if not n.is_derived] if layer_names is None else layer_names
        return cls(case.planning_volume_id, {name: case.revision(name) for name in names})

    def is_current(self, case: Case) -> bool:
        """Tell whether nothing of it has changed in ``case``."""
        return self.planning_volume_id == case.planning_volume_id and all(
            case.revision(name) == revision for name, revision in self.revisions.items()
        )

    def require_current(self, case: Case) -> None:
        """Raise unless nothing has changed.

        Raises
        ------
        InputError
            ``error.edit.outdated``.
        """
        if not self.is_current(case):
            raise InputError("error.edit.outdated")
