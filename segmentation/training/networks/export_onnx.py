"""Write a trained network as an ONNX graph with weights of 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["write_onnx"]

_OPSET = 17
_SLOPE = 0.01
_EPSILON = 1e-5  # of the instance normalisation, as in training


def write_onnx(weights: Mapping[str, NDArray[np.float32]], n_classes: int, patch: int, path: Path) -> None:
    """Write the weights of a :class:`BlockUNet` as ONNX: float32 image to float32 logits.

    Parameters
    ----------
    weights
        State dictionary of the network, as arrays.
    n_classes
        Number of classes, background included.
    patch
        Edge of the cube it reads, in voxels.
    path
        File to write.

    Notes
    -----
    Convolution weights are kept as int8 with one scale per output channel (four times smaller; the runtime unpacks
    them once when it loads the file). Norms and biases stay float32.
    """
    graph = _Graph(weights)
    value = graph.blocks_of_voxels("image", patch)
    skips = []
    n_levels = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("encoders."))
    for level in range(n_levels):
        value = graph.residual(graph.pooled(value) if level else value, f"encoders.{level}")
        skips.append(value)
    for level in reversed(range(n_levels - 1)):
        up = graph.convolved(value, f"ups.{level}", "ConvTranspose", 1, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
        value = graph.residual(graph.add("Concat", [skips[level], up], axis=1), f"decoders.{level}")
    head = graph.convolved(value, "head", "Conv", 0, kernel_shape=[1, 1, 1])
    graph.voxels_of_blocks(head, "logits", n_classes, patch)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            path.stem,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, patch, patch, patch])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, n_classes, patch, patch, patch])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="twinsight",
    )
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


class _Graph:
    """Nodes and weights, while they are put together."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """Append a node and return the name of its output."""
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Keep an array in the file."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def packed(self, name: str, axis: int) -> str:
        """Keep a convolution's weights as int8, one scale per channel of ``axis``."""
        weights = self.weights[name].astype(np.float32)
        others = tuple(n for n in range(weights.ndim) if n != axis)
        scale = np.maximum(np.abs(weights).max(axis=others), 1e-12) / 127.0
        shape = [-1 if n == axis else 1 for n in range(weights.ndim)]
        levels = np.clip(np.rint(weights / scale.reshape(shape)), -127, 127).astype(np.int8)
        stored, scales = self.constant(f"{name}.int8", levels), self.constant(f"{name}.scale", scale.astype(np.float32))
        zero = self.constant(f"{name}.zero", np.zeros(scale.size, np.int8))
        return self.add("DequantizeLinear", [stored, scales, zero], axis=axis)

    def convolved(self, value: str, name: str, kind: str, axis: int, **attributes: Any) -> str:
        """Convolution with its bias, when it has one."""
        inputs = [value, self.packed(f"{name}.weight", axis)]
        if f"{name}.bias" in self.weights:
            inputs.append(self.constant(f"{name}.bias", self.weights[f"{name}.bias"]))
        return self.add(kind, inputs, **attributes)

    def normed(self, value: str, name: str) -> str:
        """Instance normalisation."""
        scale, shift = (self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("InstanceNormalization", [value, scale, shift], epsilon=_EPSILON)

    def residual(self, value: str, name: str) -> str:
        """One residual block."""
        same: dict[str, Any] = {"kernel_shape": [3, 3, 3], "pads": [1] * 6}
        inner = self.normed(self.convolved(value, f"{name}.first", "Conv", 0, **same), f"{name}.first_norm")
        inner = self.add("LeakyRelu", [inner], alpha=_SLOPE)
        inner = self.normed(self.convolved(inner, f"{name}.second", "Conv", 0, **same), f"{name}.second_norm")
        if f"{name}.shortcut.weight" in self.weights:
            value = self.convolved(value, f"{name}.shortcut", "Conv", 0, kernel_shape=[1, 1, 1])
        return self.add("LeakyRelu", [self.add("Add", [inner, value])], alpha=_SLOPE)

    def pooled(self, value: str) -> str:
        """Largest of each 2 x 2 x 2."""
        return self.add("MaxPool", [value], kernel_shape=[2, 2, 2], strides=[2, 2, 2])

    def reshaped(self, value: str, name: str, shape: list[int], output: str | None = None) -> str:
        """Change the shape only."""
        return self.add("Reshape", [value, self.constant(name, np.array(shape, np.int64))], output)

    def blocks_of_voxels(self, value: str, patch: int) -> str:
        """2 x 2 x 2 neighbours become eight channels."""
        half = patch // 2
        split = self.reshaped(value, "blocks.split", [1, 1, half, 2, half, 2, half, 2])
        turned = self.add("Transpose", [split], perm=[0, 1, 3, 5, 7, 2, 4, 6])
        return self.reshaped(turned, "blocks.join", [1, 8, half, half, half])

    def voxels_of_blocks(self, value: str, output: str, n_classes: int, patch: int) -> str:
        """Eight channels become 2 x 2 x 2 neighbours."""
        half = patch // 2
        split = self.reshaped(value, "voxels.split", [1, n_classes, 2, 2, 2, half, half, half])
        turned = self.add("Transpose", [split], perm=[0, 1, 5, 2, 6, 3, 7, 4])
        return self.reshaped(turned, "voxels.join", [1, n_classes, patch, patch, patch], output)
