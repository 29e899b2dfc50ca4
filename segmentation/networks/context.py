"""Bone and skin of a CT by the rules of the classical segmenter, with the organs that the networks saw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.body import BodyLandmarks
from segmentation.classical.coarse_organs import COARSE_CLASSES, CoarseOrgans
from segmentation.classical.context import body_probability, bone_probability
from segmentation.classical.working_volume_sitk import WorkingVolume, resampled_onto
from segmentation.networks.scan_labels import labels_on_scan
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["bone_and_skin"]

_STRUCTURE_OF = {"ivc": "inferior_vena_cava", "gallbladder": "bile_duct"}


def bone_and_skin(
    fine: WorkingVolume,
    landmarks: BodyLandmarks,
    fields: Mapping[str, NDArray[np.uint8]],
    grid: Grid,
    scan: Grid,
    cancel: CancelToken | None,
) -> dict[str, NDArray[np.bool_]]:
    """Return the masks of ``bone`` and ``skin`` on the grid of the scan.

    Parameters
    ----------
    fine
        The scan at 2 mm.
    landmarks
        What was found in it at 4 mm.
    fields
        Structure id to probability times 255, uint8 ``[k, j, i]`` on ``grid``: bright organs are not bone.
    grid, scan
        Working grid of the fields; grid on which the masks are wanted.
    cancel
        Polled between the steps.
    """
    coarse_scan = fine.halved()
    probabilities = np.zeros((len(COARSE_CLASSES), *coarse_scan.hu.shape), np.float32)
    for n, name in enumerate(COARSE_CLASSES):
        seen = fields.get(_STRUCTURE_OF.get(name, name))
        if seen is not None:
            probabilities[n] = resampled_onto(seen.astype(np.float32), grid, coarse_scan.grid) / 255
    organs = CoarseOrgans(coarse_scan, landmarks, probabilities, [])
    found = {
        "bone": bone_probability(fine, organs, cancel=cancel),
        "skin": body_probability(fine, landmarks, cancel=cancel),
    }
    return {
        name: labels_on_scan([np.round(p * 255).astype(np.uint8)], fine.grid, scan, cancel=cancel) == 1
        for name, p in found.items()
    }
