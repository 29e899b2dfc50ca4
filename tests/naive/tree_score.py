"""Plain reference of the kernel add_tree_scores."""

import numpy as np

from segmentation.classical.boosted_trees import BoostedTrees


def plain_tree_scores(trees: BoostedTrees, rows: np.ndarray) -> np.ndarray:
    """Follow each tree for each row and sum the leaves by class."""
    out = np.zeros((len(rows), trees.n_classes))
    for n, row in enumerate(rows):
        for root, kind in zip(trees.roots, trees.classes, strict=True):
            node = int(root)
            while node >= 0:
                goes_left = row[trees.feature[node]] <= trees.threshold[node]
                node = int(trees.children[node, 0 if goes_left else 1])
            out[n, kind] += trees.leaf_values[-node - 1]
    return out
