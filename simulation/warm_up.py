"""Compile the kernels of the engine before the first click needs them."""

from __future__ import annotations

import numpy as np

from simulation.contacts import contacts_of
from simulation.kernels.nearest_voxel import border_voxels
from simulation.live import LivePlane, LiveSheet
from simulation.organ_model import OrganModel
from simulation.pancreas.gland import Gland
from simulation.pancreas.live import LivePancreas
from simulation.proposals.propose import propose
from simulation.resectogram import resectograms
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, SheetCut, TerritorySet, WedgeCut
from twin.twin import Twin
from twin.vessel_graph import VesselBranch, VesselGraph

__all__ = ["warm_up"]


def warm_up(*, progress: ProgressListener = no_progress, cancel: CancelToken | None = None) -> None:
    """Run every kernel of the engine once, on an anatomy of a few voxels.

    The first time after an installation this takes some seconds (numba compiles and keeps the result on disk), later
    well under one. It is meant for a thread in the background, with its progress shown.

    Parameters
    ----------
    progress, cancel
        Told and asked between the steps.
    """
    steps = (_prepare, _drag, _settle)
    twin = _small_twin()
    for done, step in enumerate(steps):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress(done / len(steps), "progress.engine.warm_up"))
        step(twin)
    progress(Progress(1.0, "progress.engine.ready"))


def _small_twin() -> Twin:
    """Return a liver of a few voxels with everything that a kernel may be asked about."""
    grid = Grid.from_spacing((16, 14, 12), (1.0, 1.0, 1.0))
    liver = np.zeros(grid.shape_kji, np.uint8)
    liver[2:10, 2:12, 2:14] = 1
    lesions = np.zeros_like(liver)
    lesions[5:7, 6:8, 9:11] = 1
    branches = liver.astype(np.uint16)
    couinaud = liver.copy()
    couinaud[:, 7:] *= 2  # a border between two segments
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, liver),
        LayerName.LESIONS: LabelLayer(LayerName.LESIONS, grid, lesions),
        LayerName.COUINAUD: LabelLayer(LayerName.COUINAUD, grid, couinaud),
        LayerName.PORTAL_BRANCH: LabelLayer(LayerName.PORTAL_BRANCH, grid, branches),
        LayerName.VENOUS_BRANCH: LabelLayer(LayerName.VENOUS_BRANCH, grid, branches.copy()),
    }
    return Twin(grid, layers, graphs={name: _straight_vessel(name) for name in ("portal", "hepatic")})


def _small_pancreas() -> Twin:
    grid = Grid.from_spacing((40, 9, 9), (1.0, 1.0, 1.0))
    gland = np.zeros(grid.shape_kji, np.uint8)
    gland[2:7, 2:7, 3:37] = structure("pancreas").value
    lesions = np.zeros_like(gland)
    lesions[4:6, 4:6, 20:22] = 1
    layers = {
        name: LabelLayer(name, grid, voxels)
        for name, voxels in ((LayerName.ORGANS, gland), (LayerName.LESIONS, lesions))
    }
    return Twin(grid, layers, graphs={"pancreatic": _straight_vessel("pancreatic")})


def _small_contact() -> Twin:
    """Return a short vessel with a lesion beside it."""
    grid = Grid.from_spacing((16, 14, 12), (1.0, 1.0, 1.0))
    k, j, _ = np.indices(grid.shape_kji)
    vessel = np.hypot(j - 6, k - 6) <= 2
    lesion = (np.hypot(j - 6, k - 6) <= 4) & (j > 6) & ~vessel
    voxels = vessel * np.uint8(structure("superior_mesenteric_vein").value)
    layers = {
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, voxels.astype(np.uint8)),
        LayerName.LESIONS: LabelLayer(LayerName.LESIONS, grid, lesion.astype(np.uint8)),
    }
    return Twin(grid, layers)


def _straight_vessel(tree: str) -> VesselGraph:
    n_nodes = 12
    points = np.stack([np.arange(2.0, 2.0 + n_nodes), np.full(n_nodes, 7.0), np.full(n_nodes, 6.0)], axis=1)
    return VesselGraph(
        tree,
        points,
        np.full(n_nodes, 0.5),
        np.arange(-1, n_nodes - 1, dtype=np.int32),
        np.ones(n_nodes, np.int32),
        (VesselBranch(1, tree, None),),
    )


def _prepare(twin: Twin) -> None:
    LivePlane(twin)
    LivePancreas(Gland.of_twin(_small_pancreas()))


def _drag(twin: Twin) -> None:
    model = OrganModel.of_twin(twin)
    LivePlane(twin, model=model).figures((7.2, 0.0, 0.0), (1.0, 0.1, 0.0))
    LiveSheet(twin, model=model).figures(_SHEET)


def _settle(twin: Twin) -> None:
    model = OrganModel.of_twin(twin)
    cuts = (PlaneCut((7.2, 0.0, 0.0), (1.0, 0.1, 0.0)), WedgeCut("lesion-1", 1.0), TerritorySet(new_world_code="H1"))
    simulate(Plan("warm up", cuts), twin, PatientFacts(), model=model)
    resectograms(Plan("warm up", (_SHEET,)), twin, model=model)
    border_voxels(model.organ)  # only places deep in a territory ask for it
    SheetMap.of_cut(_SHEET, model.grid).removes(np.zeros((1, 3), np.int32))
    contacts_of(_small_contact())
    propose(model, n_proposals=1)


# Bent, and smaller than the organ, so that it is carried on beyond its border too.
_SHEET = SheetCut((((7.2, 4.0, 3.0), (7.2, 10.0, 3.0)), ((7.2, 4.0, 9.0), (8.2, 10.0, 9.0))))
