"""Patches for training: drawn around organs, turned, stretched, and seen with another contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from segmentation.training.networks.simulated_lesion import add_lesions
from segmentation.training.networks.stage import CLASSES, Stage
from segmentation.training.networks.training_scans_sitk import TrainingScan

__all__ = ["Patch", "PatchSource"]

_WEIGHT_OF_SOURCE = {"btcv": 1.0, "chaos_ct": 0.5, "chaos_mr": 0.8, "phantom": 0.1}
_ORGAN_SHARE = 0.75  # of the patches are centred near a labelled voxel
_JITTER_MM = 60.0
_PLACE_STEP = 37  # every so many-th voxel of a class is kept as a possible centre
_FIELD_KNOTS = 9  # edge of the lattice on which distortions are drawn
_WAVE_MM = 7.0  # spread of the wavy distortion, where there is one
_SWELLING_MM = (25.0, 70.0)  # reach of a place that swells or shrinks


@dataclass(frozen=True, eq=False)
class Patch:
    """One cube: image (1, 1, k, j, i) in [-1, 1], classes (k, j, i), and the classes that were labelled there."""

    image: Tensor
    classes: Tensor
    known: tuple[int, ...]


class PatchSource:
    """Draws patches from scans.

    Parameters
    ----------
    scans
        Scans to learn from.
    stage
        What is trained.
    random
        Draws everything but noise; noise comes from torch's own generator.
    """

    def __init__(self, scans: Sequence[TrainingScan], stage: Stage, random: np.random.Generator) -> None:
        self._scans, self._stage, self.random = scans, stage, random
        weights = np.array([_WEIGHT_OF_SOURCE[scan.source] for scan in scans])
        self._weights = weights / weights.sum()
        self._places = [_places_of(scan.classes) for scan in scans]

    def draw(self) -> Patch:
        """Return the next patch."""
        number = int(self.random.choice(len(self._scans), p=self._weights))
        scan = self._scans[number]
        image, classes = self._cut(scan, self._centre(scan, self._places[number]))
        if self.random.random() < 0.4:
            add_lesions(image[0, 0].numpy(), classes.numpy(), self._stage.spacing_mm, self.random)
        if not scan.is_any_contrast and self.random.random() < 0.35:
            image = image + self._other_enhancement(classes)
        return Patch(self._recoloured(image, scan.is_any_contrast) * 2.0 - 1.0, classes, scan.known)

    def _centre(self, scan: TrainingScan, places: dict[int, NDArray[np.int64]]) -> NDArray[np.float64]:
        shape = np.array(scan.image.shape)
        if self.random.random() < _ORGAN_SHARE:
            weights = np.array([self._stage.weight_of(label_class) for label_class in places])
            label_class = int(self.random.choice(list(places), p=weights / weights.sum()))
            jitter = int(_JITTER_MM / self._stage.spacing_mm)
            own = places[label_class]
            centre = own[self.random.integers(len(own))] + self.random.integers(-jitter, jitter + 1, 3)
        else:
            centre = self.random.integers(0, shape)
        least = np.minimum(shape / 2, 100.0 / self._stage.spacing_mm)
        return np.clip(centre, least, shape - least)

    def _cut(self, scan: TrainingScan, centre: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Resample one turned and stretched cube."""
        patch = self._stage.patch
        angles = self.random.normal(0.0, 0.10, 3).clip(-0.3, 0.3)
        stretch = self.random.uniform(0.87, 1.15, 3) * np.exp(self.random.normal(0.0, 0.09))
        matrix = _turned(angles) @ np.diag(stretch) * (patch / 2)
        shifts = self._distortion()
        reach = np.abs(matrix).sum(1) + np.abs(shifts).max(axis=(1, 2, 3)) + 2
        start = np.maximum(np.floor(centre - reach).astype(int), 0)
        stop = np.minimum(np.ceil(centre + reach).astype(int), scan.image.shape)
        box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        size = stop - start
        image = torch.from_numpy(scan.image[box]).float().div(255.0)[None, None]
        classes = torch.from_numpy(scan.classes[box]).float()[None, None]
        scaled, shift = matrix / (size[:, None] / 2), 2 * (centre - start) / size - 1
        theta = np.concatenate([scaled[::-1, ::-1], shift[::-1, None]], axis=1)
        grid = functional.affine_grid(
            torch.tensor(theta.copy(), dtype=torch.float32)[None], [1, 1, patch, patch, patch], align_corners=False
        )
        grid = grid + _dense((shifts * (2.0 / size)[:, None, None, None])[::-1], patch)
        moved = functional.grid_sample(image, grid, "bilinear", "zeros", align_corners=False)
        nearest = functional.grid_sample(classes, grid, "nearest", "zeros", align_corners=False)
        return moved, nearest[0, 0].long()

    def _distortion(self) -> NDArray[np.float64]:
        """Draw how far each knot of a lattice over the cube is moved, float64 (3, knots, knots, knots), in voxels.

        Waves stand for other postures; a place that swells or shrinks for an organ of another size.
        """
        spacing, knots = self._stage.spacing_mm, _FIELD_KNOTS
        shifts = np.zeros((3, knots, knots, knots))
        if self.random.random() < 0.5:
            coarse = torch.from_numpy(self.random.normal(0.0, self.random.uniform(0.0, _WAVE_MM), (1, 3, 5, 5, 5)))
            shifts += functional.interpolate(coarse, size=(knots,) * 3, mode="trilinear", align_corners=True)[0].numpy()
        axis_mm = np.linspace(-0.5, 0.5, knots) * self._stage.patch * spacing
        places_mm = np.stack(np.meshgrid(axis_mm, axis_mm, axis_mm, indexing="ij"))
        while self.random.random() < 0.5:
            centre_mm = self.random.uniform(-0.35, 0.35, 3) * self._stage.patch * spacing
            away_mm = places_mm - centre_mm[:, None, None, None]
            width_mm = self.random.uniform(*_SWELLING_MM)
            near = np.exp(-0.5 * (away_mm**2).sum(0) / width_mm**2)
            shifts += self.random.uniform(-0.35, 0.35) * away_mm * near
        return np.asarray(shifts / spacing)

    def _other_enhancement(self, classes: Tensor) -> Tensor:
        """Draw how much brighter or darker each structure is in another phase of contrast, soft at its border."""
        change = torch.from_numpy(self.random.normal(0.0, 0.05, len(CLASSES)).astype(np.float32))
        change[0] = 0.0
        return functional.avg_pool3d(change[classes][None, None], 3, 1, 1)

    def _recoloured(self, image: Tensor, is_any_contrast: bool) -> Tensor:
        """Change the grey values as another scanner, phase or sequence would."""
        random, size = self.random, tuple(image.shape[2:])
        if random.random() < (0.5 if is_any_contrast else 0.1):  # any order of grey: stands in for MR
            n_knots = int(random.integers(4, 7))
            curve = np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, n_knots), random.random(n_knots))
            image = torch.from_numpy(curve.astype(np.float32))[(image.clamp(0, 1) * 255).long()]
        else:
            image = image * float(random.uniform(0.93, 1.08)) + float(random.uniform(-0.04, 0.04))
            image = image.clamp(0, 1) ** float(np.exp(random.normal(0.0, 0.08)))
        if random.random() < (0.3 if is_any_contrast else 0.1):  # uneven field
            field = functional.interpolate(torch.randn(1, 1, 4, 4, 4) * 0.12, size=size, mode="trilinear")
            image = image * (1 + field)
        if random.random() < 0.3:  # thick slices
            image = functional.interpolate(functional.avg_pool3d(image, (2, 1, 1)), size=size, mode="trilinear")
        return image + torch.randn_like(image) * float(random.uniform(0.0, 0.05))


def _places_of(classes: NDArray[np.uint8]) -> dict[int, NDArray[np.int64]]:
    found = {int(c): np.argwhere(classes == c)[::_PLACE_STEP] for c in np.unique(classes) if c}
    return {label_class: places for label_class, places in found.items() if len(places)}


def _dense(shifts: NDArray[np.float64], patch: int) -> Tensor:
    """Spread shifts of a lattice (3, k, j, i) over a cube: (1, patch, patch, patch, 3)."""
    lattice = torch.tensor(shifts.copy(), dtype=torch.float32)[None]
    dense = functional.interpolate(lattice, size=(patch,) * 3, mode="trilinear", align_corners=True)
    return dense.permute(0, 2, 3, 4, 1)


def _turned(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [n for n in range(3) if n != axis]
        plane = np.eye(3)
        plane[a, a] = plane[b, b] = np.cos(angle)
        plane[a, b], plane[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ plane
    return matrix
