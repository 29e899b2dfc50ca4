"""Window and level: which values are drawn black, grey and white."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.volume import Quantity, Volume

__all__ = ["MR_PRESETS", "PRESETS", "WindowLevel", "default_window", "presets_of"]


@dataclass(frozen=True)
class WindowLevel:
    """A window of ``width`` around ``level``: values below are black, above white.

    Examples
    --------
    >>> WindowLevel(100.0, 50.0).grey_from_values(np.array([[0, 50, 100]], np.int16)).tolist()
    [[0, 128, 255]]
    """

    width: float
    level: float

    def grey_from_values(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return grey levels from 0 to 255 for an array of values."""
        if values.dtype == np.int16:  # every 16-bit value has its place in a table
            return _table(self.width, self.level)[values.view(np.uint16)]
        low = self.level - self.width / 2
        scaled = (values.astype(np.float32) - low) * np.float32(255.0 / self.width)
        return np.asarray(np.clip(scaled + 0.5, 0, 255), dtype=np.uint8)

    def dragged(self, right_px: float, down_px: float, speed: float = 1.0) -> WindowLevel:
        """Return the window after a drag: to the right is wider (less contrast), downwards is darker."""
        return WindowLevel(max(1.0, self.width + speed * right_px), self.level + speed * down_px)


# Windows of abdominal CT in HU, width and level. Soft tissue, bone and lung are those of radiology's teaching
# tables (Radiopaedia, "Windowing (CT)"); those of liver, pancreas and vessels are ours, set around these organs in
# the portal and the arterial phase.
PRESETS: dict[str, WindowLevel] = {
    "liver": WindowLevel(200.0, 90.0),
    "soft_tissue": WindowLevel(400.0, 40.0),
    "pancreas": WindowLevel(250.0, 60.0),
    "vessels": WindowLevel(600.0, 200.0),
    "bone": WindowLevel(1800.0, 400.0),
    "lung": WindowLevel(1500.0, -600.0),
}


# Signal of MR has no unit: its windows are shares of the values of the scan, as percentiles.
MR_PRESETS: dict[str, tuple[float, float]] = {
    "mr_whole": (1.0, 99.0),
    "mr_narrow": (15.0, 92.0),
    "mr_bright": (50.0, 99.7),
}


def presets_of(volume: Volume) -> dict[str, WindowLevel]:
    """Return the windows offered for a scan: those of CT in HU, or those of MR for its own values."""
    if volume.quantity is Quantity.HOUNSFIELD:
        return dict(PRESETS)
    return {name: _percentile_window(volume, shares) for name, shares in MR_PRESETS.items()}


def default_window(volume: Volume) -> WindowLevel:
    """Return the window a scan opens with: soft tissue for CT, the middle 98 % of the values for MR."""
    if volume.quantity is Quantity.HOUNSFIELD:
        return PRESETS["soft_tissue"]
    return _percentile_window(volume, MR_PRESETS["mr_whole"])


def _percentile_window(volume: Volume, shares: tuple[float, float]) -> WindowLevel:
    sample = volume.voxels[::3, ::4, ::4].astype(np.float64)
    low, high = (float(v) for v in np.percentile(sample, shares))
    return WindowLevel(max(high - low, 1.0), (low + high) / 2)


@lru_cache(maxsize=8)
def _table(width: float, level: float) -> NDArray[np.uint8]:
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.float32)
    scaled = (values - (level - width / 2)) * np.float32(255.0 / width)
    return np.clip(scaled + 0.5, 0, 255).astype(np.uint8)
