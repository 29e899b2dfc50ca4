"""Names given to the branches of a tree, no name twice."""

from __future__ import annotations

from collections.abc import Iterable

from twin.naming.branch_tree import BranchTree

__all__ = ["NameBook"]

_LETTERS = "bcdefghijklmnopqrstuvwxyz"


class NameBook:
    """Names by branch index.

    The first branch that asks for a name gets it; further pieces and further vessels of the same meaning get a letter
    behind it (``portal.right.b``). Branches of a vessel are numbered, the one that supplies most first
    (``portal.right.anterior.8.1``). So all that begins with a name belongs to it.
    """

    def __init__(self, tree: BranchTree) -> None:
        self.names: dict[int, str] = {}
        self._tree = tree
        self._taken: set[str] = set()

    def name_one(self, name: str, index: int) -> str:
        """Name one branch and return the name that it got."""
        given = next(n for n in self._versions(name) if n not in self._taken)
        self._taken.add(given)
        self.names[index] = given
        return given

    def name_subtree(self, name: str, top: int) -> None:
        """Name a branch and number all that hang on it."""
        waiting = [(top, self.name_one(name, top))]
        while waiting:
            index, given = waiting.pop()
            children = sorted(self._tree.children[index], key=lambda child: (-self._tree.supply[child], child))
            for number, child in enumerate(children, start=1):
                waiting.append((child, self.name_one(f"{given}.{number}", child)))

    def name_subtrees(self, name: str, tops: Iterable[int]) -> None:
        """Name several subtrees of one meaning, the one that supplies most first."""
        for top in sorted(tops, key=lambda t: (-self._tree.supply[t], t)):
            self.name_subtree(name, top)

    @staticmethod
    def _versions(name: str) -> Iterable[str]:
        yield name
        for letter in _LETTERS:
            yield f"{name}.{letter}"
        number = 0
        while True:
            number += 1
            yield f"{name}.z{number}"
