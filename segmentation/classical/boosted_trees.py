"""An ensemble of boosted decision trees read from a text file of our own."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels.tree_score import add_tree_scores

__all__ = ["BoostedTrees"]

_ARRAYS = {
    "feature": np.int16,
    "threshold": np.float32,
    "children": np.int32,
    "roots": np.int32,
    "classes": np.int16,
    "leaf_values": np.float32,
}


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Trees whose summed leaves are the log-odds (one class) or the log-probabilities (several) of a row.

    Parameters
    ----------
    feature, threshold, children
        Per inner node: the feature it asks for, the largest value that goes left, and its two children
        (n_nodes, 2); a negative child ``c`` is the leaf ``-c - 1``.
    roots, classes
        Per tree: its first node and the class its leaves speak for.
    leaf_values
        Value of each leaf.
    n_features
        Length of a row.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    children: NDArray[np.int32]
    roots: NDArray[np.int32]
    classes: NDArray[np.int16]
    leaf_values: NDArray[np.float32]
    n_features: int

    @property
    def n_classes(self) -> int:
        """Number of classes; 1 means one class against the rest."""
        return int(self.classes.max()) + 1

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each class, float32 (rows, classes)."""
        if rows.shape[1] != self.n_features:
            raise ValueError(f"{rows.shape[1]} features given, {self.n_features} wanted")
        scores = np.zeros((len(rows), self.n_classes), np.float32)
        add_tree_scores(
            rows, self.feature, self.threshold, self.children, self.roots, self.classes, self.leaf_values, scores
        )
        if self.n_classes == 1:
            return np.asarray(1.0 / (1.0 + np.exp(-scores)), dtype=np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))

    def to_json(self) -> dict[str, object]:
        """Plain values for a file: arrays as compressed base64 text."""
        packed: dict[str, object] = {"n_features": self.n_features}
        for name, kind in _ARRAYS.items():
            array = np.ascontiguousarray(getattr(self, name), kind)
            text = base64.b64encode(zlib.compress(array.astype(array.dtype.newbyteorder("<")).tobytes(), 9))
            packed[name] = {"shape": list(array.shape), "zlib_base64": text.decode("ascii")}
        return packed

    @classmethod
    def from_json(cls, data: dict[str, object]) -> BoostedTrees:
        """Read what :meth:`to_json` wrote."""
        arrays = {}
        for name, kind in _ARRAYS.items():
            packed = data[name]
            assert isinstance(packed, dict)
            raw = zlib.decompress(base64.b64decode(packed["zlib_base64"]))
            arrays[name] = np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).reshape(packed["shape"]).astype(kind)
        return cls(**arrays, n_features=int(str(data["n_features"])))

    @classmethod
    def read(cls, path: Path, name: str) -> BoostedTrees:
        """Read the ensemble ``name`` of a model file."""
        return cls.from_json(json.loads(path.read_text(encoding="utf-8"))[name])
