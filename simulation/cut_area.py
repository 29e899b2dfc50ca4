"""The area of the cut: of the raw surface that the resection leaves in the organ.

Faces of voxels are steps: together they are up to 1.7 times as large as an oblique cut. A face of area a across an axis
stands for ``a * |n|`` of the cut, with n the part of the normal of the cut along that axis: a plane of area A shows
``A * |n| / a`` such faces, so their sum over the three axes is ``A * (n_i^2 + n_j^2 + n_k^2) = A``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.interface import leans_at_faces
from simulation.removal import Removal
from twin.figure import Figure, FigureStatus

__all__ = ["cut_area_figure"]

_SOURCE = "faces of voxels between removed and remaining organ, each as far as it faces the cut"


def cut_area_figure(removal: Removal) -> Figure:
    """Return the area of the cut in cm2, with the boundary of the organ and of the lesions shifted for its interval."""
    drawn = _areas_cm2(removal)
    shifted = removal.shifted()
    every = np.concatenate([drawn, *(_areas_cm2(one) for one in shifted or ())])
    return Figure(float(drawn[1]), float(every.min()), float(every.max()), "cm2", FigureStatus.COMPUTED, _SOURCE)


def _areas_cm2(removal: Removal) -> NDArray[np.float64]:
    """Return the area by boundary of the organ: inward shift, as drawn, outward shift."""
    model, faces = removal.model, removal.faces
    spacing = model.grid.spacing_ijk_mm
    axis = np.abs(faces.direction) - 1
    facing = np.abs(_leans(removal)[np.arange(axis.size), axis])
    areas_mm2 = np.prod(spacing) / spacing[axis] * facing
    states = model.states.ravel()
    shares = np.minimum(model.table.organ[:, states[faces.removed]], model.table.organ[:, states[faces.remaining]])
    return np.asarray(shares @ areas_mm2) / 100.0


def _leans(removal: Removal) -> NDArray[np.float64]:
    """Return the direction of the cut at its faces, unit vectors along i, j, k: that of the part that makes it."""
    model, faces = removal.model, removal.faces
    leans = np.zeros((faces.removed.size, 3))
    deepest = removal.depth_mm(faces.removed)[1] if len(removal.parts) > 1 else np.zeros(faces.removed.size, np.int64)
    for number, part in enumerate(removal.parts):
        here = np.flatnonzero(deepest == number)
        if part.leans is not None:
            leans[here] = part.leans(faces.removed[here])
        elif here.size:
            chosen = faces.removed[here], faces.direction[here]
            leans[here] = leans_at_faces(model.reached, removal.voxels, *chosen, model.grid.spacing_ijk_mm)
    return leans
