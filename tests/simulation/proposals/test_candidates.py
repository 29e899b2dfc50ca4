"""Counts of candidates equal brute force to the voxel, and trees cut by them a walk node by node."""

import numpy as np
import pytest

from simulation.organ_model import OrganModel
from simulation.proposals.candidate import PlaneBatch, Question
from simulation.proposals.constraints import LARGEST_MARGIN_MM, PlanConstraints
from simulation.proposals.kernels.candidates import judge_trees
from simulation.proposals.search_space import SearchSpace
from simulation.proposals.territories import wedge_counts
from tests.naive.proposal_search import distance_to, judged_trees, labels_near, removed_by_plane_and_wedges
from tests.simulation.proposals.livers import forked_liver


@pytest.fixture(scope="module")
def space():
    return SearchSpace.of_model(OrganModel.of_twin(forked_liver()))


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(4)
    normals = rng.normal(size=(24, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    wedged = rng.random((24, 2)) < 0.5
    wedged[:6] = False
    margins = rng.choice([1.0, 3.5, 6.0, 20.0], 24)
    return PlaneBatch(normals, rng.uniform(-15, 15, (24, 3)), wedged, margins, np.zeros(24, np.int64))


def groups(space):
    return space.group_of_state[space.model.states]


def test_that_counts_equal_brute_force_to_the_voxel(space, batch):
    counted = Question(space, PlanConstraints()).count_planes(batch)
    values = np.array(space.model.lesion_values)
    for n in range(len(batch)):
        coefficients = space.model.plane_coefficients(tuple(batch.origins_lps_mm[n]), tuple(batch.normals_lps[n]))
        wedged = values[batch.wedged[n]]
        removed = removed_by_plane_and_wedges(space.model, coefficients, wedged, batch.margins_mm[n])
        expected = np.bincount(groups(space)[removed], minlength=space.n_groups)
        assert np.array_equal(counted.removed[n, 1:], expected[1:])


def test_that_the_first_look_counts_one_row_in_sixteen(space, batch):
    question = Question(space, PlanConstraints())
    counted = question.count_planes(batch, is_coarse=True)
    values = np.array(space.model.lesion_values)
    step = space.coarse_step
    one_in = np.zeros((2, *space.model.organ.shape), np.bool_)
    one_in[0, ::step, ::step], one_in[1, ::step, ::step, ::step] = True, True
    for n in range(len(batch)):
        coefficients = space.model.plane_coefficients(tuple(batch.origins_lps_mm[n]), tuple(batch.normals_lps[n]))
        wedged = values[batch.wedged[n]]
        plane = removed_by_plane_and_wedges(space.model, coefficients, [], 0.0)
        beside = removed_by_plane_and_wedges(space.model, coefficients, wedged, batch.margins_mm[n]) & ~plane
        rows, some = (
            np.bincount(groups(space)[mask & chosen], minlength=space.n_groups)
            for mask, chosen in zip((plane, beside), one_in, strict=True)
        )
        assert np.array_equal(counted.removed[n, 1:], (rows + step * some)[1:])


def test_that_wedges_alone_are_counted_to_the_voxel(space):
    for margin_mm in (2.0, 7.0):
        removed = removed_by_plane_and_wedges(space.model, (0.0, 0.0, 0.0, -1.0), space.model.lesion_values, margin_mm)
        expected = np.bincount(groups(space)[removed], minlength=space.n_groups)
        both, margins = np.ones(2, np.bool_), np.array([1.0, margin_mm])
        assert np.array_equal(wedge_counts(space, both, margins)[1, 1:], expected[1:])
        gone = np.ones(space.near.within(margins)[1], np.bool_)
        assert not wedge_counts(space, both, margins, gone).any()


def test_that_voxels_near_lesions_are_all_of_them_at_their_distance(space):
    near, model = space.near, space.model
    for column, value in enumerate(model.lesion_values):
        distance = distance_to(model.lesions == value, model.grid.spacing_ijk_mm)
        within = model.organ & (distance <= LARGEST_MARGIN_MM)
        listed = near.flat[near.distance_mm[:, column] <= LARGEST_MARGIN_MM]
        assert np.array_equal(np.sort(listed), np.flatnonzero(within))
        known = near.distance_mm[:, column] <= LARGEST_MARGIN_MM
        assert near.distance_mm[known, column] == pytest.approx(distance.ravel()[near.flat[known]], abs=1e-4)
        assert near.capsule_mm[column] == pytest.approx(distance[~model.organ].min(), abs=1e-4)
    least = near.distance_mm.min(axis=1)
    for margin_mm in (0.0, 3.0, 11.5):
        (n_within,) = near.within(np.array([margin_mm]))
        assert not (least[n_within:] <= margin_mm).any()


def test_that_labels_near_nodes_are_those_of_a_look_at_every_voxel(space):
    model, trees = space.model, space.trees
    near = space.labels_near_nodes(model.couinaud)
    for node in np.flatnonzero(trees.in_organ)[::5]:
        expected = labels_near(
            model.couinaud, model.organ, trees.nodes_ijk[node], trees.limits_mm[node], model.grid.spacing_ijk_mm
        )
        assert set(np.flatnonzero(near[node]).tolist()) == expected
    assert not near[~trees.in_organ].any()


@pytest.mark.parametrize("seed", range(12))
def test_that_trees_are_cut_as_by_a_walk_from_every_node(space, seed):
    rng = np.random.default_rng(seed)
    trees = space.trees
    normal = rng.normal(size=3)
    depths = trees.nodes_ijk @ (normal / np.linalg.norm(normal)) + rng.uniform(-40, 5)
    depths[~trees.in_organ] = -1e6
    kept = rng.integers(0, 3, depths.size) * (rng.random(depths.size) < 0.1)
    is_lost, workspace = np.zeros(trees.n_slots, np.bool_), np.empty((3, depths.size), np.bool_)
    found = judge_trees(
        depths, trees.limits_mm, trees.parents, trees.order, trees.begins, trees.slots, kept.astype(np.int64), is_lost,
        workspace,
    )  # fmt: skip
    lost, n_crossed, first = judged_trees(depths, trees.limits_mm, trees.parents, trees.slots, kept)
    assert set(np.flatnonzero(is_lost).tolist()) == lost
    assert found == (n_crossed, first)
