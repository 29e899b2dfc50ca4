"""Vessel trees that fill an organ: hand-laid trunks, then end branches added one by one at least blood volume.

The method is constrained constructive optimisation (Schreiner and Buxbaum, IEEE Trans Biomed Eng 1993;40:482)
without its flow balance: radii follow Murray's law, parent^3 = sum of child^3 (Murray, PNAS 1926;12:207), with the
same flow in each end branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.kernels.growth import grow_branches, thin_out
from twin.phantom.lattice import Field
from twin.vessel_graph import VesselBranch, VesselGraph

__all__ = ["Trunk", "VesselTree", "end_points", "graph_from_tree", "grown_tree"]

Points = NDArray[np.float64]

_CURVE_STEP_MM = 1.5


@dataclass(frozen=True)
class Trunk:
    """One hand-laid vessel: from the end of its parent trunk along points in patient space.

    ``region`` is the region of the organ that may sprout from it, or -1 for none.
    """

    name: str
    parent: str | None
    points_lps_mm: Points
    region: int = -1


@dataclass(frozen=True, eq=False)
class VesselTree:
    """A grown tree: nodes, parents (-1 at a root), end branches downstream, region and trunk of each node."""

    nodes_lps_mm: Points
    parents: NDArray[np.int32]
    flows: Points
    regions: NDArray[np.int32]
    tags: tuple[str, ...]

    def radii_mm(self, end_radius_mm: float) -> Points:
        """Radius of the piece that ends in each node, by Murray's law."""
        return np.asarray(end_radius_mm * np.cbrt(np.maximum(self.flows, 1.0)))


def end_points(candidates_lps_mm: Points, wanted: int, volume_mm3: float, rng: np.random.Generator) -> Points:
    """Choose about ``wanted`` end points among candidates, spread as evenly as chance allows."""
    shuffled = candidates_lps_mm[rng.permutation(candidates_lps_mm.shape[0])]
    apart_mm = 0.78 * np.cbrt(volume_mm3 / max(wanted, 1))
    return np.asarray(shuffled[thin_out(shuffled, float(apart_mm), wanted)])


def grown_tree(
    trunks: Sequence[Trunk],
    ends_lps_mm: Points,
    end_regions: NDArray[np.int32],
    allowed: Field,
    end_radius_mm: float,
) -> VesselTree:
    """Grow a tree from its trunks until each end point that can be reached is supplied.

    Parameters
    ----------
    trunks
        Parents before children.
    ends_lps_mm, end_regions
        (n, 3) points and (n,) regions, each region named by at least one trunk.
    allowed
        Distances that must stay below minus the radius along every new vessel.
    end_radius_mm
        Radius of an end branch.
    """
    nodes, parents, regions, tags = _laid_out(trunks)
    n = len(nodes)
    room = n + 2 * ends_lps_mm.shape[0]
    node_array = np.zeros((room, 3))
    node_array[:n] = nodes
    parent_array = np.full(room, -1, np.int32)
    parent_array[:n] = parents
    region_array = np.full(room, -1, np.int32)
    region_array[:n] = regions
    flow_array = _trunk_flows(parent_array, n, room)
    lattice = allowed.lattice
    origin = lattice.origin_lps_mm + lattice.step_mm * np.array(allowed.box.start_kji[::-1])
    used = grow_branches(
        node_array, parent_array, region_array, flow_array, n,
        np.ascontiguousarray(ends_lps_mm), end_regions.astype(np.int32),
        np.ascontiguousarray(allowed.values), origin, lattice.step_mm, end_radius_mm, 2.5,
    )  # fmt: skip
    all_tags = _tags_with_forks(tags, parent_array, n, used)
    return VesselTree(node_array[:used], parent_array[:used], flow_array[:used], region_array[:used], all_tags)


def _tags_with_forks(tags: list[str], parents: NDArray[np.int32], n: int, used: int) -> tuple[str, ...]:
    """Give a fork that was inserted in a trunk the name of that trunk; grown branches have none."""
    out = tags + [""] * (used - n)
    for node in range(n):
        up = int(parents[node])
        while up >= n:
            out[up] = tags[node]
            up = int(parents[up])
    return tuple(out)


def _laid_out(trunks: Sequence[Trunk]) -> tuple[list[Points], list[int], list[int], list[str]]:
    nodes: list[Points] = []
    parents: list[int] = []
    regions: list[int] = []
    tags: list[str] = []
    last_of: dict[str, int] = {}
    for trunk in trunks:
        before = last_of[trunk.parent] if trunk.parent is not None else -1
        for point in trunk.points_lps_mm:
            nodes.append(point)
            parents.append(before)
            regions.append(trunk.region if before >= 0 else -1)
            tags.append(trunk.name)
            before = len(nodes) - 1
        last_of[trunk.name] = before
    return nodes, parents, regions, tags


def _trunk_flows(parents: NDArray[np.int32], n: int, room: int) -> Points:
    """Each trunk without a child trunk ends in one end branch."""
    flows = np.zeros(room)
    has_child = np.zeros(room, bool)
    has_child[parents[:n][parents[:n] >= 0]] = True
    for node in np.flatnonzero(~has_child[:n]):
        up = int(node)
        while up >= 0:
            flows[up] += 1.0
            up = int(parents[up])
    return flows


def graph_from_tree(tree: VesselTree, name: str, end_radius_mm: float) -> VesselGraph:
    """Name the branches between forks, round their corners and return them as a graph from the root outwards."""
    children = _children(tree)
    radii = tree.radii_mm(end_radius_mm)
    points: list[Points] = []
    parents: list[int] = []
    node_radii: list[float] = []
    branch_of: list[int] = []
    branches: list[VesselBranch] = []
    stack: list[tuple[int, int, int | None, str]] = []
    for root in np.flatnonzero(tree.parents < 0)[::-1]:
        stack.append((int(root), -1, None, tree.tags[root]))
    while stack:
        first, joint, parent_branch, branch_name = stack.pop()
        chain = [first]
        while len(children[chain[-1]]) == 1 and _is_same_branch(tree, chain[-1], children[chain[-1]][0]):
            chain.append(children[chain[-1]][0])
        index = len(branches) + 1
        branches.append(VesselBranch(index, branch_name, parent_branch, True))
        curve = _curve(tree, chain, children)
        before = joint
        for point in curve:
            points.append(point)
            parents.append(before)
            node_radii.append(float(radii[chain[-1]]))
            branch_of.append(index)
            before = len(points) - 1
        for number, child in reversed(list(enumerate(children[chain[-1]], start=1))):
            tag = tree.tags[child]
            is_new_trunk = tag not in ("", tree.tags[chain[-1]])
            stack.append((child, before, index, tag if is_new_trunk else f"{branch_name}.{number}"))
    return VesselGraph(
        name, np.array(points), np.array(node_radii), np.array(parents, np.int32),
        np.array(branch_of, np.int32), tuple(branches),
    )  # fmt: skip


def _is_same_branch(tree: VesselTree, node: int, child: int) -> bool:
    return tree.tags[child] in ("", tree.tags[node])


def _children(tree: VesselTree) -> list[list[int]]:
    """Children of each node, the largest first."""
    children: list[list[int]] = [[] for _ in tree.parents]
    for node, parent in enumerate(tree.parents):
        if parent >= 0:
            children[parent].append(node)
    for brood in children:
        brood.sort(key=lambda n: (-tree.flows[n], n))
    return children


def _curve(tree: VesselTree, chain: list[int], children: list[list[int]]) -> Points:
    """Round the corners of a branch: cubic Hermite curves through its nodes, tangent to parent and main child."""
    nodes = tree.nodes_lps_mm
    start = int(tree.parents[chain[0]])
    knots = ([start] if start >= 0 else []) + chain
    tangents = [_tangent(tree, node, children) for node in knots]
    if start >= 0 and children[start][0] != chain[0]:
        # A side branch leaves its parent at an angle: half its own way, half the parent's.
        own = nodes[chain[0]] - nodes[start]
        own /= np.linalg.norm(own) + 1e-9
        tangents[0] = 0.25 * tangents[0] + 0.75 * own
    curve: list[Points] = [] if start >= 0 else [nodes[chain[0]]]
    for a, b, ta, tb in zip(knots[:-1], knots[1:], tangents[:-1], tangents[1:], strict=True):
        length = float(np.linalg.norm(nodes[b] - nodes[a]))
        n = max(1, int(np.ceil(length / _CURVE_STEP_MM)))
        for s in range(1, n + 1):
            t = s / n
            h = (2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, -2 * t**3 + 3 * t**2, t**3 - t**2)
            curve.append(h[0] * nodes[a] + 0.7 * h[1] * length * ta + h[2] * nodes[b] + 0.7 * h[3] * length * tb)
    return np.array(curve)


def _tangent(tree: VesselTree, node: int, children: list[list[int]]) -> Points:
    """Direction of the main course through a node, unit length."""
    nodes = tree.nodes_lps_mm
    total = np.zeros(3)
    if tree.parents[node] >= 0:
        step = nodes[node] - nodes[tree.parents[node]]
        total += step / (np.linalg.norm(step) + 1e-9)
    if children[node]:
        step = nodes[children[node][0]] - nodes[node]
        total += step / (np.linalg.norm(step) + 1e-9)
    return np.asarray(total / (np.linalg.norm(total) + 1e-9))
