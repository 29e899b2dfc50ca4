"""Bridges over small gaps of a vessel tree, where the direction of the end and the radii fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.geometry.curve_network import CurveNetwork
from twin.vessel_graph import GraphRepair, RepairKind

__all__ = ["bridged"]

# Ours, chosen by eye on CT: an end points at what it lost within 60 degrees; a vessel does not feed a much wider one.
_LEAST_COSINE = 0.5
_DIRECTION_MM = 6.0
_WIDENING = 1.5
_NARROWING = 0.4


class _Bridge(NamedTuple):
    cost: float
    tip: int
    node: int
    gap_mm: float


def bridged(
    network: CurveNetwork, largest_gap_mm: float, voxel_mm: float
) -> tuple[CurveNetwork, tuple[GraphRepair, ...]]:
    """Join pieces of a network by straight bridges, the most fitting first; pieces that do not fit stay apart.

    Parameters
    ----------
    network
        Pieces of centrelines.
    largest_gap_mm
        Between the walls of the two vessels.
    voxel_mm
        Largest side of a voxel: within it the direction does not matter.

    Returns
    -------
    network
        With the points of the bridges appended.
    repairs
        One of kind ``gap`` for each bridge.
    """
    piece = network.pieces()
    n_pieces = int(piece.max(initial=-1)) + 1
    if n_pieces < 2 or largest_gap_mm <= 0:
        return network, ()
    joined_to = list(range(n_pieces))

    def leader(number: int) -> int:
        while joined_to[number] != number:
            joined_to[number] = joined_to[joined_to[number]]
            number = joined_to[number]
        return number

    accepted = []
    for bridge in sorted(_fitting_bridges(network, piece, largest_gap_mm, voxel_mm)):
        one, other = leader(int(piece[bridge.tip])), leader(int(piece[bridge.node]))
        if one != other:
            joined_to[max(one, other)] = min(one, other)
            accepted.append(bridge)
    return _with_bridges(network, accepted, voxel_mm)


def _fitting_bridges(
    network: CurveNetwork, piece: NDArray[np.int64], largest_gap_mm: float, voxel_mm: float
) -> list[_Bridge]:
    """Return for each end the best bridge to each other piece within reach."""
    points, radii = network.points_lps_mm, network.radii_mm
    is_tip = network.degrees <= 1
    outwards = _outward_directions(network, is_tip)
    tree = cKDTree(points)
    found = []
    for tip in np.flatnonzero(is_tip):
        reach = largest_gap_mm + radii[tip] + min(float(radii.max()), largest_gap_mm)
        near = np.array(sorted(tree.query_ball_point(points[tip], reach)), np.int64)
        near = near[piece[near] != piece[tip]]
        if near.size == 0:
            continue
        way = points[near] - points[tip]
        length = np.linalg.norm(way, axis=1)
        gap = np.maximum(length - radii[tip] - radii[near], 0.0)
        cosine = way @ outwards[tip] / length
        facing = -np.einsum("nx,nx->n", way, outwards[near]) / length
        is_touching = gap <= voxel_mm
        is_fed = radii[tip] <= _WIDENING * radii[near] + voxel_mm
        goes_on = is_tip[near] & (radii[near] >= _NARROWING * radii[tip])
        fits = (gap <= largest_gap_mm) & (is_fed | goes_on)
        fits &= is_touching | ((cosine >= _LEAST_COSINE) & (facing >= 0.0))
        cost = gap + length * (1.0 - cosine)
        for number in np.unique(piece[near[fits]]):
            here = np.flatnonzero(fits & (piece[near] == number))
            best = here[np.argmin(cost[here])]
            found.append(_Bridge(float(cost[best]), int(tip), int(near[best]), float(gap[best])))
    return found


def _outward_directions(network: CurveNetwork, is_tip: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return at each end the unit vector along the last millimetres of its curve; zero elsewhere."""
    directions = np.zeros((network.n_nodes, 3))
    points, matrix = network.points_lps_mm, network.matrix()
    first, neighbours = matrix.indptr, matrix.indices
    for tip in np.flatnonzero(is_tip):
        before, here, walked = -1, int(tip), 0.0
        while walked < _DIRECTION_MM:
            onward = [int(n) for n in neighbours[first[here] : first[here + 1]] if n != before]
            if len(onward) != 1:
                break
            walked += float(np.linalg.norm(points[onward[0]] - points[here]))
            before, here = here, onward[0]
        length = float(np.linalg.norm(points[tip] - points[here]))
        if length > 0:
            directions[tip] = (points[tip] - points[here]) / length
    return directions


def _with_bridges(
    network: CurveNetwork, bridges: list[_Bridge], voxel_mm: float
) -> tuple[CurveNetwork, tuple[GraphRepair, ...]]:
    points, radii, edges = [network.points_lps_mm], [network.radii_mm], [network.edges]
    repairs = []
    n_nodes = network.n_nodes
    for bridge in bridges:
        ends = network.points_lps_mm[[bridge.tip, bridge.node]]
        n_new = max(int(np.linalg.norm(ends[1] - ends[0]) / voxel_mm) - 1, 0)
        share = np.arange(1, n_new + 1) / (n_new + 1)
        points.append(ends[0] + share[:, None] * (ends[1] - ends[0]))
        radii.append(network.radii_mm[bridge.tip] * (1 - share) + network.radii_mm[bridge.node] * share)
        chain = np.array([bridge.tip, *range(n_nodes, n_nodes + n_new), bridge.node], np.int64)
        edges.append(np.stack([chain[:-1], chain[1:]], axis=1))
        n_nodes += n_new
        x, y, z = (float(v) for v in ends.mean(axis=0))
        repairs.append(GraphRepair(RepairKind.GAP, (x, y, z), bridge.gap_mm))
    return CurveNetwork(np.concatenate(points), np.concatenate(radii), np.concatenate(edges)), tuple(repairs)
