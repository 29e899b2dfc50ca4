"""Colours of a distance to a lesion: the same on the cut face, on the unfolded cut and in their key.

A scale that people with red-green blindness can read: dark red under a millimetre (R1 for colorectal metastases,
PMC2814403), over orange and yellow, to pale blue from ten millimetres on (JCTH-2022-00383).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MARGIN_STOPS_MM", "UNKNOWN_RGB", "margin_rgb"]

MARGIN_STOPS_MM = (0.0, 1.0, 5.0, 10.0, 20.0)
_COLOURS = np.array(
    [(0.45, 0.02, 0.10), (0.84, 0.15, 0.12), (0.98, 0.60, 0.20), (0.99, 0.92, 0.60), (0.55, 0.76, 0.86)]
)
UNKNOWN_RGB = (0.62, 0.64, 0.65)  # no lesion is labelled


def margin_rgb(distance_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the colour of each distance, 0 to 1, (..., 3); grey where it is not a number.

    Examples
    --------
    >>> margin_rgb(10.0).round(2).tolist()
    [0.99, 0.92, 0.6]
    """
    distance = np.asarray(distance_mm, dtype=np.float64)
    known = np.nan_to_num(distance, nan=0.0)
    rgb = np.stack([np.interp(known, MARGIN_STOPS_MM, channel) for channel in _COLOURS.T], axis=-1)
    rgb[np.isnan(distance)] = UNKNOWN_RGB
    return np.asarray(rgb)
