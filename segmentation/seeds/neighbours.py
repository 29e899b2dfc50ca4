"""Labels of other structures around the one that is corrected: they say where in the body a click was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.box import Box

__all__ = ["NEIGHBOURS", "NO_NEIGHBOURS", "Neighbours"]

NEIGHBOURS = (
    "liver", "pancreas", "spleen", "stomach", "kidney", "portal_vein", "inferior_vena_cava", "aorta", "bile_duct",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Label arrays, and which value of each stands for which structure.

    Parameters
    ----------
    layers
        Pairs of labels ``[k, j, i]`` on the grid of the scan and a mapping from structure id to value. Ids that are
        not in ``NEIGHBOURS`` are not looked at.

    Examples
    --------
    >>> labels = np.array([[[0, 1, 1]]], np.uint8)
    >>> Neighbours(((labels, {"liver": 1}),)).masks(Box((0, 0, 0), (1, 1, 2)))["liver"].tolist()
    [[[False, True]]]
    """

    layers: tuple[tuple[NDArray[np.generic], Mapping[str, int]], ...]

    def masks(self, box: Box) -> dict[str, NDArray[np.bool_]]:
        """Return the masks of the structures in a box; those that may occur."""
        masks = {}
        for labels, values in self.layers:
            part = labels[box.slices]
            for name, value in values.items():
                if name in NEIGHBOURS:
                    masks[name] = np.asarray(part == value)
        return masks


NO_NEIGHBOURS = Neighbours(())
