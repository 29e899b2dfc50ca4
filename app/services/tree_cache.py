"""Traced trees with their names and territories, kept in the cache of a case: found again by labels and names."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from app.services.crash_log import product_version
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.naming.portal_vein import PortalType
from twin.provenance import Provenance
from twin.vessel_graph import GraphRepair, RepairKind, VesselBranch, VesselGraph
from twin.vessel_tracing import TracedVessels, trace_vessels

__all__ = ["TreeCache", "traced_vessels_of"]

_MOST_FILES = 8
_ARRAYS = ("nodes_lps_mm", "radii_mm", "parents", "branch_of_node")


def traced_vessels_of(case: Case, case_path: Path) -> TracedVessels:
    """Return the trees of a case: from its cache, or traced now and kept there."""
    cache = TreeCache(case_path)
    traced = cache.find(case)
    if traced is None:
        layers = {name: case.layers[name] for name in LayerName if name in case.layers}
        traced = trace_vessels(layers, given_names=case.branch_names, barriers=case.segment_barriers)
        cache.keep(case, traced)
    return traced


class TreeCache:
    """Trees in ``cache/trees`` of a case folder; the folder may be deleted at any time.

    Parameters
    ----------
    case_path
        Folder of the case.
    """

    def __init__(self, case_path: Path) -> None:
        self._folder = case_path / "cache" / "trees"

    def find(self, case: Case) -> TracedVessels | None:
        """Return the trees when they were traced from these labels and names by this version, else None."""
        try:
            with np.load(self._path(case)) as arrays:
                head = json.loads(bytes(arrays["head"]).decode("utf-8"))
                graphs = {entry["tree"]: _graph(entry, arrays) for entry in head["graphs"]}
                layers = [_layer(entry, arrays, case.reference_grid) for entry in head["layers"]]
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None  # absent or damaged: they are traced again
        doubts = tuple(LabelDoubt.from_json(entry) for entry in head["doubts"])
        return TracedVessels(graphs, {layer.name: layer for layer in layers}, PortalType(head["portal_type"]), doubts)

    def keep(self, case: Case, traced: TracedVessels) -> None:
        """Write the trees; a cache that cannot be written costs time, not results."""
        arrays: dict[str, Any] = {}
        head = {
            "portal_type": traced.portal_type.value,
            "doubts": [doubt.to_json() for doubt in traced.doubts],
            "graphs": [_graph_head(graph, arrays) for graph in traced.graphs.values()],
            "layers": [_layer_head(layer, arrays) for layer in traced.territories.values()],
        }
        arrays["head"] = np.frombuffer(json.dumps(head).encode("utf-8"), np.uint8)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                np.savez_compressed(file, **arrays)
            os.replace(name, self._path(case))
            self._forget_oldest()
        except OSError:
            return

    def _path(self, case: Case) -> Path:
        key = hashlib.sha256(f"{product_version()}|{case.labels_hash}".encode()).hexdigest()[:24]
        return self._folder / f"{key}.npz"

    def _forget_oldest(self) -> None:
        files = sorted(self._folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for path in files[:-_MOST_FILES]:
            path.unlink(missing_ok=True)


def _graph_head(graph: VesselGraph, arrays: dict[str, Any]) -> dict[str, Any]:
    arrays.update({f"{graph.tree}/{name}": getattr(graph, name) for name in _ARRAYS})
    return {
        "tree": graph.tree,
        "branches": [[b.index, b.name, b.parent, b.is_name_confirmed] for b in graph.branches],
        "repairs": [[r.kind.value, list(r.point_lps_mm), r.length_mm] for r in graph.repairs],
    }


def _graph(entry: dict[str, Any], arrays: Any) -> VesselGraph:
    tree = str(entry["tree"])
    repairs = ((RepairKind(kind), (p[0], p[1], p[2]), length) for kind, p, length in entry["repairs"])
    nodes, radii, parents, branch_of_node = (arrays[f"{tree}/{name}"] for name in _ARRAYS)
    branches = tuple(VesselBranch(*branch) for branch in entry["branches"])
    mended = tuple(GraphRepair(*repair) for repair in repairs)
    return VesselGraph(tree, nodes, radii, parents, branch_of_node, branches, mended)


def _layer_head(layer: LabelLayer, arrays: dict[str, Any]) -> dict[str, Any]:
    box = Box.around(layer.voxels > 0)
    arrays[f"layer/{layer.name.value}"] = layer.voxels[:0] if box is None else layer.voxels[box.slices]
    return {
        "name": layer.name.value,
        "start_kji": None if box is None else [int(n) for n in box.start_kji],
        "doubts": [doubt.to_json() for doubt in layer.doubts],
        "provenance": None if layer.provenance is None else layer.provenance.to_json(),
    }


def _layer(entry: dict[str, Any], arrays: Any, grid: Grid) -> LabelLayer:
    part = arrays[f"layer/{entry['name']}"]
    voxels = np.zeros(grid.shape_kji, part.dtype)
    if entry["start_kji"] is not None:
        places = (slice(start, start + n) for start, n in zip(entry["start_kji"], part.shape, strict=True))
        voxels[tuple(places)] = part
    return LabelLayer(
        LayerName(entry["name"]),
        grid,
        voxels,
        provenance=None if entry["provenance"] is None else Provenance.from_json(entry["provenance"]),
        doubts=tuple(LabelDoubt.from_json(doubt) for doubt in entry["doubts"]),
    )
