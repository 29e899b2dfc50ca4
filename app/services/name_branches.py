"""List the branches of the vessel trees, name them, confirm names that were proposed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.services.case_session import CaseSession
from simulation.branch_volumes import named_level
from twin.account import utc_now
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import BranchNamesEdit, SegmentBarriersEdit
from twin.errors import InputError, UsageError
from twin.liver_territories import BARRIERS
from twin.naming.branch_name import BranchName
from twin.twin import Twin
from twin.vessel_graph import VesselGraph

__all__ = [
    "BranchRequest",
    "BranchRow",
    "confirm_branch_names",
    "forget_branch_name",
    "listed_branches",
    "name_branch",
    "named_levels",
    "set_barriers",
]

Point = tuple[float, float, float]

_FARTHEST_MM = 8.0  # from a click to the wall or the course of the vessel that is meant; ours
_LAYER_OF_TREE = {"portal": LayerName.PORTAL_BRANCH, "hepatic": LayerName.VENOUS_BRANCH}


@dataclass(frozen=True)
class BranchRow:
    """One branch for a list: what it is called, how wide and long it is, what all that hangs on it supplies.

    ``territory_ml`` is None for trees without territories. ``point_lps_mm`` lies in the middle of the branch.
    """

    tree: str
    index: int
    name: str
    is_name_confirmed: bool
    diameter_mm: float
    length_mm: float
    territory_ml: float | None
    point_lps_mm: Point
    parent: int | None = None

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "tree": self.tree,
            "name": self.name,
            "status": "confirmed" if self.is_name_confirmed else "proposed",
            "diameter_mm": self.diameter_mm,
            "length_mm": self.length_mm,
            "territory_ml": self.territory_ml,
            "point_lps_mm": list(self.point_lps_mm),
        }


@dataclass(frozen=True)
class BranchRequest:
    """What a person says of the branches, in the words of the command line.

    Parameters
    ----------
    named
        ``"X,Y,Z=portal.right.anterior"``: the branch at a place, LPS millimetres, gets a name.
    confirmed
        Proposed names that are right.
    barriers
        ``"hepatic.middle"``, ...: no segment crosses the planes of these veins; ``"none"`` alone takes them back.
    by
        Who says so.
    """

    named: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    barriers: tuple[str, ...] = ()
    by: str = ""

    @property
    def places(self) -> tuple[tuple[Point, str], ...]:
        """Places with their names.

        Raises
        ------
        UsageError
            When a text is no place and name.
        """
        return tuple(_place_and_name(text) for text in self.named)

    @property
    def veins(self) -> tuple[str, ...] | None:
        """The hepatic veins that are barriers, or None when nothing is said of them.

        Raises
        ------
        UsageError
            When one is no hepatic vein that can be a barrier.
        """
        if not self.barriers:
            return None
        veins = tuple(dict.fromkeys(text.removeprefix("hepatic.") for text in self.barriers))
        if veins != ("none",) and not set(veins) <= set(BARRIERS):
            known = ", ".join(f"hepatic.{vein}" for vein in BARRIERS)
            raise UsageError("error.twin.bad_barrier", given=", ".join(self.barriers), known=known)
        return () if veins == ("none",) else veins


def _place_and_name(text: str) -> tuple[Point, str]:
    place, _, name = text.partition("=")
    try:
        x, y, z = (float(part) for part in place.split(","))
    except ValueError:
        raise UsageError("error.twin.bad_branch_place", given=text) from None
    if not name or not all(math.isfinite(v) for v in (x, y, z)):
        raise UsageError("error.twin.bad_branch_place", given=text)
    return (x, y, z), name


def named_levels(rows: Iterable[BranchRow]) -> tuple[BranchRow, ...]:
    """Return one row for each name that an anatomist would say: its widest piece, and what hangs on all of them."""
    found: dict[tuple[str, str], list[BranchRow]] = {}
    for row in rows:
        found.setdefault((row.tree, named_level(row.name)), []).append(row)
    return tuple(_level(name, members) for (_, name), members in found.items())


def _level(name: str, members: list[BranchRow]) -> BranchRow:
    widest = max(members, key=lambda row: row.diameter_mm)
    indices = {row.index for row in members}
    tops = [row for row in members if row.parent not in indices]
    supplied = [row.territory_ml for row in tops if row.territory_ml is not None]
    return replace(
        widest,
        name=name,
        is_name_confirmed=any(row.is_name_confirmed for row in members if row.name == name),
        territory_ml=sum(supplied) if supplied else None,
    )


def set_barriers(session: CaseSession, veins: tuple[str, ...]) -> Case:
    """Let no segment cross the planes of some hepatic veins; one step that can be undone."""
    return session.do(SegmentBarriersEdit(veins))


def listed_branches(twin: Twin) -> tuple[BranchRow, ...]:
    """Return every branch of every tree of a twin, from the roots outwards."""
    return tuple(row for graph in twin.graphs.values() for row in _rows(graph, twin))


def name_branch(session: CaseSession, twin: Twin, tree: str, point_lps_mm: Point, name: str, by: str) -> Case:
    """Give the branch at a place a name; one step that can be undone. An earlier name of this branch goes.

    Parameters
    ----------
    session, twin
        The open case and its twin.
    tree, point_lps_mm
        Which branch: the one nearest to the point.
    name
        A path such as ``"portal.right.anterior"``.
    by
        Who declares it.

    Raises
    ------
    InputError
        When there is no such tree, no branch near the point, or the name is no path of this tree.
    """
    graph = _graph(twin, tree)
    node = graph.nearest_node(point_lps_mm)
    gap = float(np.linalg.norm(graph.nodes_lps_mm[node] - np.asarray(point_lps_mm)))
    if gap > max(_FARTHEST_MM, float(graph.radii_mm[node])):
        raise InputError("error.branch_name.far", tree=tree, farthest_mm=_FARTHEST_MM)
    index = int(graph.branch_of_node[node])
    given = BranchName(tree, _middle(graph, index), name, by, utc_now())
    return session.do(BranchNamesEdit((*_others(session.case, graph, {index}), given)))


def confirm_branch_names(session: CaseSession, twin: Twin, tree: str, names: Collection[str], by: str) -> Case:
    """Declare names that were proposed right; one step that can be undone.

    Raises
    ------
    InputError
        When the twin has no such tree, or the tree no branch of such a name.
    """
    graph = _graph(twin, tree)
    by_name = {branch.name: branch.index for branch in graph.branches}
    for name in names:
        if name not in by_name:
            raise InputError("error.branch_name.no_branch", tree=tree, branch=name)
    others = _others(session.case, graph, {by_name[name] for name in names})
    given = tuple(BranchName(tree, _middle(graph, by_name[name]), name, by, utc_now()) for name in names)
    return session.do(BranchNamesEdit((*others, *given)))


def forget_branch_name(session: CaseSession, twin: Twin, tree: str, name: str) -> Case:
    """Take back the name that a person gave to a branch; the proposal comes back. One step that can be undone.

    Raises
    ------
    InputError
        When no person gave this name.
    """
    graph = _graph(twin, tree)
    left = tuple(one for one in session.case.branch_names if (one.tree, one.name) != (tree, name))
    if len(left) == len(session.case.branch_names):
        raise InputError("error.branch_name.no_branch", tree=graph.tree, branch=name)
    return session.do(BranchNamesEdit(left))


def _graph(twin: Twin, tree: str) -> VesselGraph:
    if tree not in twin.graphs:
        raise InputError("error.branch_name.no_tree", tree=tree, known=", ".join(sorted(twin.graphs)) or "-")
    return twin.graphs[tree]


def _others(case: Case, graph: VesselGraph, indices: set[int]) -> tuple[BranchName, ...]:
    """Return the names given so far, but for those of these branches."""
    return tuple(
        one
        for one in case.branch_names
        if one.tree != graph.tree or int(graph.branch_of_node[graph.nearest_node(one.point_lps_mm)]) not in indices
    )


def _middle(graph: VesselGraph, index: int) -> Point:
    nodes = np.flatnonzero(graph.branch_of_node == index)
    x, y, z = (float(v) for v in graph.nodes_lps_mm[nodes[nodes.size // 2]])
    return (x, y, z)


def _rows(graph: VesselGraph, twin: Twin) -> list[BranchRow]:
    supplied_ml = _supplied_ml(graph, twin)
    return [
        BranchRow(
            graph.tree,
            branch.index,
            branch.name,
            branch.is_name_confirmed,
            graph.mean_diameters_mm[branch.index],
            graph.lengths_mm[branch.index],
            None if supplied_ml is None else float(supplied_ml[list(graph.downstream_branches(branch.index))].sum()),
            _middle(graph, branch.index),
            branch.parent,
        )
        for branch in graph.branches
        if graph.mean_diameters_mm[branch.index] > 0.0
    ]


def _supplied_ml(graph: VesselGraph, twin: Twin) -> NDArray[np.float64] | None:
    """Return the volume of the territory of each branch by its index, without what hangs on it."""
    layer = twin.layers.get(_LAYER_OF_TREE.get(graph.tree, LayerName.ORGANS))
    if graph.tree not in _LAYER_OF_TREE or layer is None:
        return None
    n_rows = max((branch.index for branch in graph.branches), default=0) + 1
    counts = np.bincount(layer.voxels.ravel(), minlength=n_rows)
    return np.asarray(counts * layer.grid.voxel_volume_ml, np.float64)
