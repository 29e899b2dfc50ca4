"""A vessel tree as a graph: centreline nodes with radii, oriented from the root, with named branches."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["GraphRepair", "RepairKind", "VesselBranch", "VesselGraph"]


class RepairKind(StrEnum):
    """What was done to make a tree of vessels out of labelled voxels."""

    LOOP = "loop"  # opened at its thinnest place
    GAP = "gap"  # bridged
    ROOTS = "roots"  # two roots met: separated at the thinnest place between them
    APART = "apart"  # a piece that nothing reaches, kept with a root of its own
    DROPPED = "dropped"  # a small piece that nothing reaches, left out


@dataclass(frozen=True)
class GraphRepair:
    """One repair: where, and how long the loop, the bridge or the piece is. A person should look at it."""

    kind: RepairKind
    point_lps_mm: tuple[float, float, float]
    length_mm: float


@dataclass(frozen=True)
class VesselBranch:
    """One branch between two forks: its stable name and its parent.

    ``name`` is a path such as ``"portal.right.anterior"``; ``index`` is the value in the branch layer (from 1).
    """

    index: int
    name: str
    parent: int | None
    is_name_confirmed: bool = False


@dataclass(frozen=True, eq=False)
class VesselGraph:
    """Centreline tree of one vessel system.

    Parameters
    ----------
    tree
        ``"portal"``, ``"hepatic"``, ``"arterial"``, ``"biliary"``, ``"pancreatic"``.
    nodes_lps_mm
        (n, 3) float64.
    radii_mm
        (n,) float64, radius at each node.
    parents
        (n,) int32, index of the next node towards the root; -1 at a root.
    branch_of_node
        (n,) int32, ``VesselBranch.index`` of each node.
    branches
        The branches, by index.
    repairs
        What was mended when the tree was traced from voxels.
    """

    tree: str
    nodes_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    parents: NDArray[np.int32]
    branch_of_node: NDArray[np.int32]
    branches: tuple[VesselBranch, ...] = field(default_factory=tuple)
    repairs: tuple[GraphRepair, ...] = ()

    def __post_init__(self) -> None:
        n_nodes = self.nodes_lps_mm.shape[0]
        for array in (self.radii_mm, self.parents, self.branch_of_node):
            if array.shape != (n_nodes,):
                raise ValueError("radii, parents and branches need one value per node")
            array.setflags(write=False)
        self.nodes_lps_mm.setflags(write=False)
