"""How tissues look on CT: mean value, texture, and how an injection or a patient changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from twin.volume import ContrastPhase

__all__ = ["Appearance", "Tissue", "drawn_appearance"]


class Tissue(IntEnum):
    """What fills a voxel, as far as its look goes."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    CORTICAL_BONE = 4
    MARROW = 5
    DISC = 6
    LUNG = 7
    HEART = 8
    LIVER = 9
    SPLEEN = 10
    PANCREAS = 11
    KIDNEY_CORTEX = 12
    KIDNEY_MEDULLA = 13
    URINE = 14
    BOWEL_WALL = 15
    FLUID = 16
    STOOL = 17
    BILE = 18
    ARTERY = 19
    PORTAL_BLOOD = 20
    HEPATIC_BLOOD = 21
    CAVAL_BLOOD = 22
    METASTASIS = 23
    CYST = 24
    HYPERVASCULAR = 25
    PANCREATIC_CANCER = 26
    CARTILAGE = 27
    CORD = 28
    TABLE = 29
    GAS = 30
    TABLE_COVER = 31
    HEART_BLOOD = 32
    GALLBLADDER_WALL = 33


# Mean (HU), texture spread (HU) and texture wavelength class (0 fine, 1 middle, 2 coarse) in the portal phase.
_PORTAL: dict[Tissue, tuple[float, float, int]] = {
    Tissue.AIR: (-1000.0, 0.0, 0),
    Tissue.SKIN: (10.0, 12.0, 0),
    Tissue.FAT: (-104.0, 7.0, 1),
    Tissue.MUSCLE: (61.0, 8.0, 0),
    Tissue.CORTICAL_BONE: (590.0, 150.0, 1),
    Tissue.MARROW: (183.0, 40.0, 0),
    Tissue.DISC: (85.0, 8.0, 1),
    Tissue.LUNG: (-860.0, 26.0, 1),
    Tissue.HEART: (138.0, 8.0, 2),
    Tissue.LIVER: (116.0, 3.0, 1),
    Tissue.SPLEEN: (120.0, 3.0, 1),
    Tissue.PANCREAS: (89.0, 9.0, 0),
    Tissue.KIDNEY_CORTEX: (202.0, 10.0, 1),
    Tissue.KIDNEY_MEDULLA: (152.0, 12.0, 1),
    Tissue.URINE: (15.0, 5.0, 1),
    Tissue.BOWEL_WALL: (88.0, 10.0, 0),
    Tissue.FLUID: (14.0, 6.0, 1),
    Tissue.STOOL: (-10.0, 60.0, 1),
    Tissue.BILE: (8.0, 2.0, 2),
    Tissue.ARTERY: (171.0, 2.0, 2),
    Tissue.PORTAL_BLOOD: (192.0, 3.0, 2),
    Tissue.HEPATIC_BLOOD: (174.0, 3.0, 2),
    Tissue.CAVAL_BLOOD: (139.0, 5.0, 2),
    Tissue.METASTASIS: (58.0, 6.0, 1),
    Tissue.CYST: (6.0, 1.0, 2),
    Tissue.HYPERVASCULAR: (145.0, 8.0, 1),
    Tissue.PANCREATIC_CANCER: (66.0, 6.0, 1),
    Tissue.CARTILAGE: (85.0, 15.0, 1),
    Tissue.CORD: (38.0, 3.0, 1),
    Tissue.TABLE: (-880.0, 10.0, 1),
    Tissue.GAS: (-980.0, 5.0, 1),
    Tissue.TABLE_COVER: (-450.0, 10.0, 1),
    Tissue.HEART_BLOOD: (178.0, 5.0, 2),
    Tissue.GALLBLADDER_WALL: (70.0, 6.0, 1),
}
# Changes of the mean in the late arterial phase, about 35 s after the injection.
_ARTERIAL: dict[Tissue, float] = {
    Tissue.HEART: 75.0,
    Tissue.LIVER: -42.0,
    Tissue.SPLEEN: 10.0,
    Tissue.PANCREAS: 14.0,
    Tissue.KIDNEY_CORTEX: 10.0,
    Tissue.KIDNEY_MEDULLA: -75.0,
    Tissue.BOWEL_WALL: 5.0,
    Tissue.ARTERY: 170.0,
    Tissue.PORTAL_BLOOD: -60.0,
    Tissue.HEPATIC_BLOOD: -105.0,
    Tissue.CAVAL_BLOOD: -65.0,
    Tissue.METASTASIS: -8.0,
    Tissue.HYPERVASCULAR: 0.0,
    Tissue.PANCREATIC_CANCER: -12.0,
}


@dataclass(frozen=True)
class Appearance:
    """Mean, texture spread and texture class of each tissue, in HU, for one scan."""

    mean_hu: Mapping[Tissue, float]
    texture_hu: Mapping[Tissue, float]
    texture_class: Mapping[Tissue, int]


def drawn_appearance(rng: np.random.Generator, phase: ContrastPhase, spread: float) -> Appearance:
    """Draw the look of one scan around the ordinary one.

    A small draw is always made (injections differ); ``spread`` from 0 to 1 widens it to what is seen between
    scanners, injections and patients.
    """
    enhancement = 1.0 + (0.05 + 0.2 * spread) * rng.standard_normal()
    steatosis_hu = -45.0 * spread * rng.beta(1.0, 4.0)
    means: dict[Tissue, float] = {}
    for tissue, (portal_hu, _, _) in _PORTAL.items():
        mean = portal_hu + (_ARTERIAL.get(tissue, 0.0) if phase is ContrastPhase.ARTERIAL else 0.0)
        own = rng.standard_normal()
        if tissue in _UNENHANCED_HU:
            plain = _UNENHANCED_HU[tissue]
            mean = plain + (mean - plain) * enhancement + own * (1.5 + 6.0 * spread)
        elif tissue in (Tissue.FAT, Tissue.MUSCLE, Tissue.MARROW):
            mean += own * (1.5 + 5.0 * spread)
        if tissue in (Tissue.LIVER, Tissue.METASTASIS):
            mean += steatosis_hu if tissue is Tissue.LIVER else 0.3 * steatosis_hu
        means[tissue] = float(mean)
    return Appearance(
        means,
        {tissue: row[1] for tissue, row in _PORTAL.items()},
        {tissue: row[2] for tissue, row in _PORTAL.items()},
    )


# Values before contrast of the tissues that take it up.
_UNENHANCED_HU: dict[Tissue, float] = {
    Tissue.HEART: 42.0,
    Tissue.LIVER: 57.0,
    Tissue.SPLEEN: 48.0,
    Tissue.PANCREAS: 42.0,
    Tissue.KIDNEY_CORTEX: 33.0,
    Tissue.KIDNEY_MEDULLA: 33.0,
    Tissue.BOWEL_WALL: 40.0,
    Tissue.ARTERY: 42.0,
    Tissue.PORTAL_BLOOD: 42.0,
    Tissue.HEPATIC_BLOOD: 42.0,
    Tissue.CAVAL_BLOOD: 42.0,
    Tissue.METASTASIS: 38.0,
    Tissue.HYPERVASCULAR: 45.0,
    Tissue.PANCREATIC_CANCER: 38.0,
}
