"""A body of blocks on which every organ lies where it belongs: each test spoils one thing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.volume import ContrastPhase, Modality, Quantity, Volume

SHAPE = (70, 60, 90)
SPACING_MM = (4.0, 4.0, 3.0)
GRID = Grid.from_spacing(SHAPE[::-1], SPACING_MM)
HU = {"liver": 110, "aorta": 150, "inferior_vena_cava": 130, "bone": 500, "spleen": 120, "kidney": 170, "pancreas": 90}


def block(*ranges: tuple[int, int]) -> np.ndarray:
    """Return a mask of one block, by its ranges along k, j, i."""
    mask = np.zeros(SHAPE, np.bool_)
    mask[tuple(slice(a, b) for a, b in ranges)] = True
    return mask


def healthy() -> dict[str, np.ndarray]:
    """Return masks without a doubt: i runs to the left, j to the back, k to the head."""
    return {
        "skin": block((0, 70), (5, 55), (5, 85)),
        "bone": block((0, 70), (46, 52), (42, 50)),
        "aorta": block((0, 70), (40, 44), (47, 51)),
        "inferior_vena_cava": block((0, 70), (40, 44), (38, 42)),
        "liver": block((28, 60), (12, 40), (10, 38)),
        "spleen": block((35, 55), (30, 45), (70, 78)),
        "pancreas": block((25, 33), (30, 36), (41, 70)),
        "kidney": block((8, 30), (40, 50), (22, 32)) | block((10, 32), (40, 50), (58, 68)),
        "lesion-1": block((40, 46), (20, 26), (20, 26)),
        "pancreatic_duct": block((28, 30), (32, 34), (43, 68)),
        "hepatic_vein": block((50, 56), (24, 28), (20, 36)),
        "portal_vein": block((30, 40), (30, 33), (30, 44)),
    }


@dataclass(frozen=True)
class BlockScan:
    """Masks with a scan that shows them."""

    masks: dict[str, np.ndarray] = field(default_factory=healthy)
    hu: dict[str, int] = field(default_factory=lambda: dict(HU))
    grid: Grid = GRID
    phase: ContrastPhase = ContrastPhase.UNKNOWN
    scan_date: str | None = None

    def layers(self) -> dict[LayerName, LabelLayer]:
        """Return the masks as layers."""
        voxels: dict[LayerName, np.ndarray] = {}
        for structure_id in sorted(self.masks, key=lambda name: name != "skin"):
            found = structure(structure_id)
            layer = voxels.setdefault(found.layer, np.zeros(SHAPE, np.uint8))
            layer[self.masks[structure_id]] = found.value
        return {name: LabelLayer(name, self.grid, labels) for name, labels in voxels.items()}

    def voxels(self) -> np.ndarray:
        """Return HU ``[k, j, i]`` with some noise."""
        hu = np.where(self.masks["skin"], 0.0, -1000.0)
        for structure_id, value in self.hu.items():
            if structure_id in self.masks:
                hu[self.masks[structure_id]] = value
        return np.asarray(hu + np.random.default_rng(1).normal(0, 5, SHAPE)).astype(np.int16)

    def volume(self, voxels: np.ndarray | None = None) -> Volume:
        """Return the scan, or one with other voxels."""
        hu = self.voxels() if voxels is None else voxels
        return Volume(
            "volume-1", self.grid, hu, Quantity.HOUNSFIELD, Modality.CT, phase=self.phase, scan_date=self.scan_date
        )
