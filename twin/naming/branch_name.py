"""A name that a person gave to a branch, kept by the place that was pointed at.

A tree is traced anew whenever its labels change, and its branches are then numbered anew: an index would name another
branch. The place stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from twin.errors import InputError

__all__ = ["LIVER_BRANCH_NAMES", "BranchName"]

Point = tuple[float, float, float]

# Offered to a person; further pieces and branches get a letter or a number behind.
LIVER_BRANCH_NAMES: Mapping[str, tuple[str, ...]] = {
    "portal": (
        "portal", "portal.right", "portal.right.anterior", "portal.right.anterior.5", "portal.right.anterior.8",
        "portal.right.posterior", "portal.right.posterior.6", "portal.right.posterior.7", "portal.left",
        "portal.left.transverse", "portal.left.umbilical", "portal.left.2", "portal.left.3", "portal.left.4",
        "portal.left.4a", "portal.left.4b", "portal.left.1", "portal.right.1", "portal.splenic", "portal.mesenteric",
    ),
    "hepatic": (
        "hepatic.right", "hepatic.middle", "hepatic.left", "hepatic.middle_left", "hepatic.inferior_right",
        "hepatic.caudate", "hepatic.accessory",
    ),
}  # fmt: skip
_FORM = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
_LONGEST = 80


@dataclass(frozen=True)
class BranchName:
    """The branch of ``tree`` nearest to ``point_lps_mm`` is called ``name``; ``by`` declares it.

    Parameters
    ----------
    tree
        ``"portal"``, ``"hepatic"``, ...
    point_lps_mm
        On the branch.
    name
        A path that begins with the tree: ``"portal.right.anterior"``.
    by, time_utc
        Who declared it, and when.

    Raises
    ------
    InputError
        ``error.branch_name.bad`` when the name is no such path.

    Examples
    --------
    >>> BranchName("portal", (1.0, 2.0, 3.0), "portal.left.2", "Dr A").covers_subtree
    True
    """

    tree: str
    point_lps_mm: Point
    name: str
    by: str = ""
    time_utc: str = ""

    def __post_init__(self) -> None:
        is_path = _FORM.fullmatch(self.name) is not None and len(self.name) <= _LONGEST
        if not is_path or self.name.split(".")[0] != self.tree:
            raise InputError("error.branch_name.bad", branch=self.name, tree=self.tree)

    @property
    def covers_subtree(self) -> bool:
        """True when all that hangs on the branch belongs to it: segmental branches and hepatic veins, not trunks."""
        last = self.name.split(".")[-1]
        if self.tree == "hepatic":
            return last != "middle_left"
        return self.tree == "portal" and last[0].isdigit()

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        return {
            "tree": self.tree,
            "point_lps_mm": list(self.point_lps_mm),
            "name": self.name,
            "by": self.by,
            "time_utc": self.time_utc,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> BranchName:
        """Read what :meth:`to_json` wrote."""
        x, y, z = (float(v) for v in data["point_lps_mm"])  # type: ignore[attr-defined]
        return cls(str(data["tree"]), (x, y, z), str(data["name"]), str(data["by"]), str(data["time_utc"]))
