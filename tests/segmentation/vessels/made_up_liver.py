"""A made-up liver: an ellipsoid with two trees of straight tubes that touch where they cross, vena cava and aorta."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

SPACING_MM = 1.5
_SIZE_MM = np.array([165.0, 135.0, 126.0])  # i, j, k
LIVER_HU, PORTAL_HU, HEPATIC_HU, CAVA_HU, AORTA_HU = 110.0, 180.0, 174.0, 150.0, 165.0

# Start, end (mm from the corner: to the left, to the back, to the head) and radius of each tube.
PORTAL_TUBES = (
    ((128, 62, 28), (100, 64, 50), 5.5),
    ((100, 64, 50), (70, 66, 56), 4.5),
    ((70, 66, 56), (40, 45, 66), 3.0),
    ((70, 66, 56), (34, 84, 50), 3.0),
    ((40, 45, 66), (22, 40, 84), 2.2),
    ((40, 45, 66), (26, 34, 50), 2.2),
    ((100, 64, 50), (112, 40, 62), 3.5),
    ((112, 40, 62), (134, 28, 70), 2.2),
    ((112, 40, 62), (94, 22, 58), 2.2),
)
HEPATIC_TUBES = (
    ((104, 92, 106), (78, 60, 92), 4.5),
    ((78, 60, 92), (52, 30, 62), 3.2),  # passes the right anterior portal branch
    ((52, 30, 62), (44, 24, 40), 2.2),
    ((104, 92, 106), (70, 96, 88), 4.2),
    ((70, 96, 88), (38, 98, 62), 3.0),
    ((38, 98, 62), (28, 92, 40), 2.2),
    ((78, 60, 92), (96, 30, 84), 2.6),
)
CAVA_TUBE = ((110, 98, 4), (106, 97, 122), 10.0)
AORTA_TUBE = ((146, 110, 2), (146, 110, 124), 9.0)
PORTAL_ROOT_LPS_MM = (114.0, 63.0, 39.0)
HEPATIC_ROOT_LPS_MM = (91.0, 76.0, 99.0)


@dataclass(frozen=True, eq=False)
class MadeUpLiver:
    """The scan and what is true of it."""

    volume: Volume
    liver: np.ndarray
    portal: np.ndarray
    hepatic: np.ndarray
    cava: np.ndarray
    aorta: np.ndarray


def _points_mm() -> np.ndarray:
    n_i, n_j, n_k = np.round(_SIZE_MM / SPACING_MM).astype(int)
    k, j, i = np.mgrid[:n_k, :n_j, :n_i]
    return np.stack([i, j, k], axis=-1) * SPACING_MM


def tubes(parts: tuple, points_mm: np.ndarray) -> np.ndarray:
    """Voxels of round tubes."""
    mask = np.zeros(points_mm.shape[:3], bool)
    for start, end, radius in parts:
        a, way = np.array(start, float), np.array(end, float) - np.array(start, float)
        along = np.clip((points_mm - a) @ way / (way @ way), 0.0, 1.0)
        mask |= np.linalg.norm(points_mm - a - along[..., None] * way, axis=-1) <= radius
    return mask


def grid_of(mask: np.ndarray) -> Grid:
    """Grid of an array of the made-up liver."""
    k, j, i = mask.shape
    return Grid.from_spacing((i, j, k), (SPACING_MM,) * 3)


def scan(hu: np.ndarray, modality: Modality = Modality.CT) -> Volume:
    """Return a volume of these values."""
    quantity = Quantity.HOUNSFIELD if modality is Modality.CT else Quantity.SIGNAL
    return Volume("volume-1", grid_of(hu), np.round(hu).astype(np.int16), quantity, modality)


@cache
def made_up_liver(contrast: float = 1.0, noise_hu: float = 12.0, lesion_hu: float | None = None) -> MadeUpLiver:
    """Build it; ``contrast`` scales what blood has above the liver, a lesion is a ball 26 mm wide."""
    points = _points_mm()
    liver = (((points - np.array([82.0, 66.0, 62.0])) / np.array([74.0, 56.0, 56.0])) ** 2).sum(axis=-1) <= 1.0
    cava, aorta = tubes((CAVA_TUBE,), points), tubes((AORTA_TUBE,), points)
    portal, hepatic = tubes(PORTAL_TUBES, points), tubes(HEPATIC_TUBES, points)
    hepatic &= ~portal & ~cava
    hu = np.where(liver, LIVER_HU, -100.0)
    if lesion_hu is not None:
        hu[np.linalg.norm(points - np.array([60.0, 62.0, 30.0]), axis=-1) <= 13.0] = lesion_hu
    for mask, level in ((aorta, AORTA_HU), (cava, CAVA_HU), (hepatic, HEPATIC_HU), (portal, PORTAL_HU)):
        hu[mask] = LIVER_HU + contrast * (level - LIVER_HU)
    hu += np.random.default_rng(3).normal(0.0, noise_hu, hu.shape)
    return MadeUpLiver(scan(hu), liver & ~cava, portal, hepatic, cava, aorta)


def centreline_dice(drawn: np.ndarray, true: np.ndarray) -> float:
    """Centreline Dice of two masks: harmonic mean of the shares of each skeleton inside the other mask.

    Shit et al., clDice, CVPR 2021:16560-9.
    """
    from twin.geometry.thinning import skeleton_of_mask

    if not drawn.any() or not true.any():
        return 0.0
    drawn_line, true_line = skeleton_of_mask(drawn), skeleton_of_mask(true)
    precision = float((drawn_line & true).sum() / max(drawn_line.sum(), 1))
    recall = float((true_line & drawn).sum() / max(true_line.sum(), 1))
    return 2.0 * precision * recall / max(precision + recall, 1e-9)
