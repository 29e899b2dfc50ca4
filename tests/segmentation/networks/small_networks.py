"""Networks of one layer that name tissues by their intensity alone, and scans they can read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

CLASSES = (
    "background", "liver", "pancreas", "portal_vein", "inferior_vena_cava", "aorta",
    "gallbladder", "spleen", "stomach", "kidney",
)  # fmt: skip
# What is not named here looks like nothing: fat, water of the body wall, air.
HU_OF = {"liver": 110.0, "pancreas": 90.0, "aorta": 150.0, "spleen": 130.0, "kidney": 180.0}
WALL_HU = 60.0


def level_of(hu: float) -> float:
    """Input value of a network for Hounsfield units."""
    return float(np.clip((hu + 125.0) / 400.0, 0.0, 1.0) * 2.0 - 1.0)


def band_network(bands: dict[str, float], *, sharpness: float = 6000.0, window: int = 32) -> onnx.ModelProto:
    """Return a network whose class is the one with the nearest level: logit = -sharpness (x - level)^2 without x^2.

    Its weights are int8 and unfolded by DequantizeLinear, as those of the shipped networks are.
    """
    levels = {"background": [level_of(WALL_HU)], **{name: [level] for name, level in bands.items()}}
    slope = np.array([2 * sharpness * levels[name][0] if name in levels else 0.0 for name in CLASSES])
    offset = np.array([-sharpness * levels[name][0] ** 2 if name in levels else -1e6 for name in CLASSES])
    scale = np.maximum(np.abs(slope), 1e-6).astype(np.float32) / 127
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=0),
        helper.make_node("Conv", ["image", "w", "b"], ["logits"], kernel_shape=[1, 1, 1]),
    ]
    q = np.round(slope / scale).astype(np.int8).reshape(-1, 1, 1, 1, 1)
    size = [1, 1, window, window, window]
    graph = helper.make_graph(
        nodes,
        "bands",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(CLASSES), *size[2:]])],
        [
            numpy_helper.from_array(q, "q"),
            numpy_helper.from_array(scale, "scale"),
            numpy_helper.from_array(np.zeros(len(CLASSES), np.int8), "zero"),
            numpy_helper.from_array(offset.astype(np.float32), "b"),
        ],
    )
    return _model(graph)


def slow_network(window: int = 96, n_layers: int = 400) -> onnx.ModelProto:
    """Return a network that takes a minute: many convolutions one after the other."""
    nodes, name = [], "image"
    for n in range(n_layers):
        nodes.append(helper.make_node("Conv", [name, "w"], [f"x{n}"], kernel_shape=[3, 3, 3], pads=[1] * 6))
        name = f"x{n}"
    size = [1, 1, window, window, window]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size)],
        [numpy_helper.from_array(np.full((1, 1, 3, 3, 3), 1 / 27, np.float32), "w")],
    )
    return _model(graph)


def write_model(
    folder: Path, networks: list[onnx.ModelProto], *, name: str = "coarse", window: int = 32, **changes: object
) -> Path:
    """Write an ensemble with its card and return the path of the card."""
    members = {}
    for n, network in enumerate(networks):
        file = folder / f"{name}_{n}.onnx"
        onnx.save(network, file)
        members[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    card = {
        "name": name,
        "version": "7",
        "kind": "coarse",
        "spacing_mm": 4.0,
        "patch": [window] * 3,
        "input": {"ct_clip_hu": [-125, 275], "mr_percentiles": [1, 99], "range": [-1, 1]},
        "classes": list(CLASSES),
        "members": list(members),
        "sha256": members,
        "card": {},
        **changes,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    return path


def abdomen(spacing_mm: float = 4.0, *, half_width_mm: float = 140.0, modality: Modality = Modality.CT) -> Volume:
    """A trunk with a spine, a large ball for the liver, smaller ones and a tube, each of its own intensity."""
    size = (84, 60, 50)
    grid = Grid.from_spacing(size, (spacing_mm,) * 3, origin_lps_mm=(-166.0, -118.0, 0.0))
    k, j, i = np.meshgrid(*(np.arange(n) * spacing_mm for n in grid.shape_kji), indexing="ij")
    x, y, z = i - 166.0, j - 118.0, k
    hu = np.full(grid.shape_kji, -1000.0)
    hu[(x / half_width_mm) ** 2 + (y / 100.0) ** 2 <= 1.0] = WALL_HU
    for name, centre, radius in BALLS:
        hu[((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) <= radius**2] = HU_OF[name]
    hu[((x - 12.0) ** 2 + (y - 40.0) ** 2) <= 9.0**2] = HU_OF["aorta"]
    hu[((x / 18.0) ** 2 + ((y - 68.0) / 16.0) ** 2) <= 1.0] = 600.0
    if modality is Modality.CT:
        return Volume("volume-1", grid, hu.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT)
    signal = np.clip(hu + 125.0, 0.0, 400.0)
    # A dark rim gives the lower percentile of the signal, the spine the upper one: the same levels as on CT.
    rim = (x / half_width_mm) ** 2 + (y / 100.0) ** 2
    signal[(rim > 0.9) & (rim <= 1.0)] = 1.0
    return Volume("volume-1", grid, signal.astype(np.float32), Quantity.SIGNAL, Modality.MR)


BALLS = (
    ("liver", (-60.0, -10.0, 110.0), 52.0),
    ("spleen", (80.0, 20.0, 120.0), 28.0),
    ("pancreas", (10.0, -10.0, 90.0), 16.0),
    ("kidney", (-55.0, 45.0, 30.0), 25.0),
    ("kidney", (65.0, 45.0, 30.0), 25.0),
)


def bands() -> dict[str, float]:
    """Level of each tissue of :func:`abdomen`."""
    # Bone must look like something: there is one level for background.
    return {**{name: level_of(hu) for name, hu in HU_OF.items()}, "portal_vein": level_of(600.0)}


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
