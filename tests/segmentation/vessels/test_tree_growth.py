"""Runs of a network, and trees that grow over them."""

from itertools import pairwise

import numpy as np
import pytest

from segmentation.vessels.tree_growth import growth, owners
from segmentation.vessels.tree_separation import HEPATIC, PORTAL, separated
from segmentation.vessels.vessel_runs import runs_of
from twin.geometry.curve_network import CurveNetwork


def _network(*courses: tuple[tuple[float, float, float], ...], radii: tuple[float, ...]) -> CurveNetwork:
    """Join straight courses, sampled every millimetre; points at the same place are one."""
    points: list[tuple[float, ...]] = []
    of_point: list[float] = []
    edges = []
    for course, radius in zip(courses, radii, strict=True):
        for start, end in pairwise(course):
            steps = int(np.ceil(np.linalg.norm(np.subtract(end, start))))
            line = [tuple(np.round(np.add(start, np.subtract(end, start) * s / steps), 6)) for s in range(steps + 1)]
            for a, b in pairwise(line):
                for place in (a, b):
                    if place not in points:
                        points.append(place)
                        of_point.append(radius)
                edges.append((points.index(a), points.index(b)))
    return CurveNetwork(np.array(points, float), np.array(of_point), np.array(edges, np.int64))


def _nearest(network: CurveNetwork, point: tuple[float, float, float]) -> np.ndarray:
    return np.array([int(np.argmin(np.linalg.norm(network.points_lps_mm - point, axis=1)))])


def test_that_a_fork_makes_three_runs() -> None:
    network = _network(((0, 0, 0), (20, 0, 0), (30, 5, 0)), ((20, 0, 0), (30, -5, 0)), radii=(3.0, 2.0))
    runs = runs_of(network)
    assert len(runs.runs) == 3
    assert len(runs.runs_at_fork) == 1
    assert sum(len(run.points) for run in runs.runs) == network.n_nodes - 1
    assert {run.radius_mm for run in runs.runs} == {3.0, 2.0}
    stem = max(runs.runs, key=lambda run: run.length_mm)
    assert stem.length_mm == pytest.approx(19.0)


def test_that_a_ring_and_a_single_point_are_runs_too() -> None:
    ring = _network(((0, 0, 0), (5, 0, 0), (5, 5, 0), (0, 5, 0), (0, 0, 0)), radii=(1.0,))
    assert [run.forks for run in runs_of(ring).runs] == [(-1, -1)]
    point = CurveNetwork(np.zeros((1, 3)), np.ones(1), np.zeros((0, 2), np.int64))
    assert runs_of(point).runs[0].length_mm == 0.0


def _crossing() -> CurveNetwork:
    """A portal branch along i and a hepatic one along j that touch in the middle."""
    return _network(((0, 30, 0), (30, 30, 0), (60, 30, 0)), ((30, 0, 0), (30, 30, 0), (30, 60, 0)), radii=(2.5, 2.5))


def test_that_trees_go_straight_through_a_crossing() -> None:
    network = _crossing()
    trees = separated(network, _nearest(network, (0, 30, 0)), _nearest(network, (30, 0, 0)))
    points = network.points_lps_mm
    beyond_portal, beyond_hepatic = points[:, 0] > 33, points[:, 1] > 33
    assert (trees.tree_of_point[beyond_portal] == PORTAL).all()
    assert (trees.tree_of_point[beyond_hepatic] == HEPATIC).all()


def test_that_a_twig_does_not_take_a_trunk() -> None:
    """A thin portal twig meets a wide hepatic vein: the vein stays hepatic although the twig runs straight into it."""
    network = _network(
        ((0, 0, 0), (12, 0, 0), (30, 0, 0), (50, 0, 0)), ((50, 0, 0), (90, 0, 0)),
        ((90, 0, 0), (90, 15, 0), (90, 40, 0)),
        ((12, 0, 0), (12, -15, 0)), ((30, 0, 0), (30, -15, 0)), ((50, 0, 0), (50, -15, 0)),
        ((90, 0, 0), (105, -15, 0)), ((90, 15, 0), (75, 25, 0)),
        radii=(1.5, 4.5, 5.0, 1.2, 1.2, 1.2, 3.0, 3.0),
    )  # fmt: skip
    trees = separated(network, _nearest(network, (0, 0, 0)), _nearest(network, (90, 40, 0)))
    assert trees.tree_of_point[_nearest(network, (70, 0, 0))[0]] == HEPATIC


def test_that_ways_lead_back_to_the_root() -> None:
    network = _crossing()
    runs = runs_of(network)
    grown = growth(runs, _nearest(network, (0, 30, 0)))
    root = runs.run_of_point[_nearest(network, (0, 30, 0))[0]]
    for run in range(len(runs.runs)):
        assert grown.path(run)[0] == root
    assert np.isfinite(grown.costs).all()


def test_that_a_piece_nothing_leads_to_belongs_to_nobody() -> None:
    network = _network(((0, 0, 0), (20, 0, 0)), ((0, 50, 0), (20, 50, 0)), radii=(2.0, 2.0))
    runs = runs_of(network)
    grown = growth(runs, _nearest(network, (0, 0, 0)))
    owner = owners(runs, (grown, grown))
    assert sorted(owner.tolist()) == [-1, 0]
    assert not owners(runs, (growth(runs, np.zeros(0, np.int64)),)).max() >= 0


def test_that_a_run_goes_to_the_tree_that_needs_it() -> None:
    """The shared stretch of two vessels is nearer to the portal root, but much more hepatic vessel lies behind it."""
    network = _network(
        ((30, 0, 0), (30, 10, 0), (40, 10, 0), (110, 10, 0)), ((30, 10, 0), (28, 20, 0)), ((0, 10, 0), (30, 10, 0)),
        radii=(2.0, 2.0, 2.0),
    )  # fmt: skip
    runs = runs_of(network)
    portal, hepatic = (growth(runs, _nearest(network, place)) for place in ((30, 0, 0), (0, 10, 0)))
    owner = owners(runs, (portal, hepatic))
    assert owner[runs.run_of_point[_nearest(network, (90, 10, 0))[0]]] == 1
