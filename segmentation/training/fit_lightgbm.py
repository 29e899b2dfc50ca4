"""Boosted trees fitted by LightGBM and turned into ours (LightGBM is needed for training only)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.boosted_trees import BoostedTrees

__all__ = ["COARSE_FIT", "FINE_FITS", "TreeFit", "fitted"]


@dataclass(frozen=True)
class TreeFit:
    """How many trees of what size are fitted, and how fast they learn."""

    n_rounds: int
    n_leaves: int
    learning_rate: float
    feature_share: float
    least_rows_in_leaf: int


COARSE_FIT = TreeFit(48, 40, 0.18, 0.3, 80)
FINE_FITS = {
    "liver": TreeFit(160, 48, 0.1, 0.35, 100),
    "aorta": TreeFit(80, 48, 0.1, 0.35, 100),
    "ivc": TreeFit(80, 48, 0.1, 0.35, 100),
}


def fitted(
    features: NDArray[np.float32], classes: NDArray[np.uint8], fit: TreeFit, *, n_classes: int = 1
) -> BoostedTrees:
    """Fit trees: one class against the rest (``n_classes=1``) or several classes; the same rows give the same trees."""
    import lightgbm  # type: ignore[import-not-found]

    parameters: dict[str, Any] = {
        "objective": "multiclass" if n_classes > 1 else "binary",
        "num_leaves": fit.n_leaves,
        "learning_rate": fit.learning_rate,
        "feature_fraction": fit.feature_share,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "min_data_in_leaf": fit.least_rows_in_leaf,
        "max_bin": 127,
        "lambda_l2": 5.0,
        "path_smooth": 5.0,
        "seed": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    if n_classes > 1:
        parameters["num_class"] = n_classes
    booster = lightgbm.train(parameters, lightgbm.Dataset(features, classes.astype(np.int32)), fit.n_rounds)
    return _ours(booster.dump_model(), features.shape[1])


def _ours(model: dict[str, Any], n_features: int) -> BoostedTrees:
    """Flatten LightGBM's nested trees."""
    feature: list[int] = []
    threshold: list[float] = []
    children: list[list[int]] = []
    leaves: list[float] = []

    def flattened(node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            leaves.append(node["leaf_value"])
            return -len(leaves)
        here = len(feature)
        feature.append(node["split_feature"])
        threshold.append(node["threshold"])
        children.append([0, 0])
        children[here] = [flattened(node["left_child"]), flattened(node["right_child"])]
        return here

    trees = model["tree_info"]
    roots = [flattened(tree["tree_structure"]) for tree in trees]
    classes = [tree["tree_index"] % model["num_tree_per_iteration"] for tree in trees]
    return BoostedTrees(
        np.array(feature, np.int16),
        np.array(threshold, np.float32),
        np.array(children, np.int32),
        np.array(roots, np.int32),
        np.array(classes, np.int16),
        np.array(leaves, np.float32),
        n_features,
    )
