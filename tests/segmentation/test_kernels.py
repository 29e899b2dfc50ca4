"""The compiled kernels equal their plain references."""

import numpy as np
import pytest

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.features import BoxTable, summed
from tests.naive.box_mean import plain_box_means
from tests.naive.tree_score import plain_tree_scores


def _random_trees(random: np.random.Generator, n_trees: int, n_features: int, n_classes: int) -> BoostedTrees:
    """Complete trees of depth 3, with thresholds that rows meet exactly now and then."""
    feature, threshold, children, roots, leaves = [], [], [], [], []
    for _ in range(n_trees):
        first = len(feature)
        roots.append(first)
        for node in range(7):
            feature.append(random.integers(n_features))
            threshold.append(random.integers(-2, 3))
            if node < 3:
                children.append([first + 2 * node + 1, first + 2 * node + 2])
            else:
                children.append([-len(leaves) - 1, -len(leaves) - 2])
                leaves += list(random.normal(size=2))
    return BoostedTrees(
        np.array(feature, np.int16),
        np.array(threshold, np.float32),
        np.array(children, np.int32),
        np.array(roots, np.int32),
        np.array(np.arange(n_trees) % n_classes, np.int16),
        np.array(leaves, np.float32),
        n_features,
    )


@pytest.mark.kernel
def test_that_box_means_equal_the_plain_average_also_at_the_border() -> None:
    random = np.random.default_rng(1)
    values = random.normal(40.0, 60.0, (7, 9, 8)).astype(np.float32)
    points = np.stack([random.integers(0, n, 60) for n in values.shape], axis=1).astype(np.int32)
    table = BoxTable(random.integers(-6, 7, (25, 3)).astype(np.int32), random.integers(0, 4, 25).astype(np.int32))
    expected = plain_box_means(values, points, table.offsets_kji, table.radii)
    np.testing.assert_allclose(table.means(summed(values), points), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.kernel
@pytest.mark.parametrize("n_classes", [1, 3])
def test_that_tree_scores_equal_the_plain_walk(n_classes: int) -> None:
    random = np.random.default_rng(2)
    trees = _random_trees(random, n_trees=12, n_features=5, n_classes=n_classes)
    rows = random.integers(-3, 4, (101, 5)).astype(np.float32)
    expected = plain_tree_scores(trees, rows)
    probabilities = trees.probabilities(rows)
    if n_classes == 1:
        np.testing.assert_allclose(probabilities, 1.0 / (1.0 + np.exp(-expected)), rtol=1e-5)
    else:
        shifted = np.exp(expected - expected.max(axis=1, keepdims=True))
        np.testing.assert_allclose(probabilities, shifted / shifted.sum(axis=1, keepdims=True), rtol=1e-5)


def test_that_trees_survive_their_file() -> None:
    trees = _random_trees(np.random.default_rng(3), n_trees=4, n_features=3, n_classes=2)
    rows = np.random.default_rng(4).normal(size=(20, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        BoostedTrees.from_json(trees.to_json()).probabilities(rows), trees.probabilities(rows)
    )


def test_that_rows_of_another_length_are_refused() -> None:
    trees = _random_trees(np.random.default_rng(3), n_trees=4, n_features=3, n_classes=2)
    with pytest.raises(ValueError, match="features"):
        trees.probabilities(np.zeros((2, 4), np.float32))
