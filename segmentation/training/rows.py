"""Rows for learning: features of some voxels of a labelled scan and their classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.body import BodyLandmarks, body_landmarks
from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.coarse_organs import COARSE_CLASSES, coarse_organs
from segmentation.classical.features import CoarseEvidence
from segmentation.classical.fine_organ import fine_region
from segmentation.training.labelled_scan import LabelledScan, class_of_label

__all__ = ["FINE_ROWS", "Rows", "coarse_rows", "fine_rows"]

Rows = tuple[NDArray[np.float32], NDArray[np.uint8]]
_COARSE_ROWS = 12_000
FINE_ROWS = {"liver": 14_000, "aorta": 5_000, "ivc": 5_000}


def coarse_rows(scan: LabelledScan, random: np.random.Generator) -> Rows | None:
    """Return rows of the first look: liver, its surroundings, other organs and the rest in fixed shares."""
    coarse = scan.working().halved()
    landmarks = body_landmarks(coarse)
    if landmarks is None:
        return None
    classes = _coarse_classes(scan.labels)
    points = _chosen(classes, landmarks, random)
    return CoarseEvidence(coarse, landmarks).of(points), classes[tuple(points.T)]


def fine_rows(scan: LabelledScan, trees: BoostedTrees, random: np.random.Generator) -> dict[str, Rows]:
    """Return rows of the second look for each organ, after a first look with trees that never saw the patient."""
    fine = scan.working()
    coarse_scan = fine.halved()
    landmarks = body_landmarks(coarse_scan)
    if landmarks is None:
        return {}
    coarse = coarse_organs(coarse_scan, landmarks, trees)
    classes = class_of_label()[scan.labels]
    rows = {}
    for organ, n_rows in FINE_ROWS.items():
        region = fine_region(fine, coarse, organ)
        if region is None:
            continue
        start = np.round(fine.grid.ijk_from_lps(region.grid.origin_lps_mm)).astype(int)[::-1]
        box = tuple(slice(a, a + n) for a, n in zip(start, region.grid.shape_kji, strict=True))
        points = np.argwhere(region.band).astype(np.int32)
        points = points[random.choice(len(points), min(len(points), n_rows), replace=False)]
        is_organ = classes[box][tuple(points.T)] == COARSE_CLASSES.index(organ)
        rows[organ] = (region.evidence.of(points), is_organ.astype(np.uint8))
    return rows


def _coarse_classes(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Class of each coarse voxel: the most frequent of its eight fine ones."""
    classes = class_of_label()[labels]
    k, j, i = (n // 2 for n in classes.shape)
    eight = classes[: 2 * k, : 2 * j, : 2 * i].reshape(k, 2, j, 2, i, 2).transpose(0, 2, 4, 1, 3, 5)
    counts = [(eight.reshape(k, j, i, 8) == n).sum(axis=-1) for n in range(len(COARSE_CLASSES))]
    return np.argmax(counts, axis=0).astype(np.uint8)


def _chosen(classes: NDArray[np.uint8], landmarks: BodyLandmarks, random: np.random.Generator) -> NDArray[np.int32]:
    allowed = landmarks.body & ~ndimage.binary_erosion(landmarks.lungs, iterations=2)
    near_liver = ndimage.binary_dilation(classes == 1, iterations=5)
    groups = (
        (allowed & (classes == 1), 0.22),
        (allowed & (classes != 1) & near_liver, 0.25),
        (allowed & (classes > 1), 0.25),
        (allowed & (classes == 0) & ~near_liver, 0.28),
    )
    chosen = []
    for mask, share in groups:
        points = np.argwhere(mask)
        n_rows = min(len(points), int(share * _COARSE_ROWS))
        chosen.append(points[random.choice(len(points), n_rows, replace=False)] if n_rows else points[:0])
    return np.concatenate(chosen).astype(np.int32)
