"""A label corrected by clicks: each says that a point belongs to a structure, or that it does not.

A click stands for the middle of an error, so that its distance from the boundary tells the size of that error. How far
the error reaches from there was learned from simulated errors of labelled scans: boosted trees look at the way from
the click, the label, the image and the cheapest ways between them. A click never changes the other side: one inside
only adds, one outside only takes away, and earlier clicks stay as they were said.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from resources import resource_path
from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.seeds.click import Click
from segmentation.seeds.click_evidence import FEATURES, ClickEvidence, click_evidence
from segmentation.seeds.neighbours import NO_NEIGHBOURS, Neighbours
from twin.box import Box
from twin.errors import BackendUnavailable, InputError
from twin.geometry.components_cc3d import components
from twin.grid import Grid

__all__ = ["MODEL_NAME", "ClickModel", "CorrectedBox", "click_model", "corrected"]

Mask = NDArray[np.bool_]

MODEL_NAME = "click_correction.json"
_SMOOTH_SAMPLES = 0.6
# Probability above which a voxel changes sides. A voxel betters the overlap (Dice) when it is likelier than half the
# overlap reached (Lipton et al., ECML 2014), some 0.7 after a few clicks; what is taken away was believed before.
_LEAST_CHANCE_TO_JOIN, _LEAST_CHANCE_TO_LEAVE = 0.35, 0.5


@dataclass(frozen=True, eq=False)
class ClickModel:
    """What answers clicks.

    Parameters
    ----------
    missing
        Learned of clicks inside: on what is missing.
    leaked
        Learned of clicks outside: on what leaked.
    """

    missing: BoostedTrees
    leaked: BoostedTrees

    @classmethod
    def read(cls, path: Path) -> ClickModel:
        """Read a model file.

        Raises
        ------
        BackendUnavailable
            ``error.correction.no_model`` when it was made for other features.
        """
        data = json.loads(path.read_text(encoding="utf-8"))
        if tuple(data["features"]) != FEATURES:
            raise BackendUnavailable("error.correction.no_model")
        return cls(BoostedTrees.from_json(data["missing"]), BoostedTrees.from_json(data["leaked"]))

    def probability(self, evidence: ClickEvidence, *, is_inside: bool) -> NDArray[np.float32]:
        """Probability that each candidate is on the side of the click, float32 (candidates,)."""
        trees = self.missing if is_inside else self.leaked
        return trees.probabilities(evidence.rows)[:, 0]


@dataclass(frozen=True, eq=False)
class CorrectedBox:
    """The corrected label where it may differ.

    Parameters
    ----------
    box
        Where.
    mask
        bool ``[k, j, i]`` of the box.
    """

    box: Box
    mask: Mask

    def applied_to(self, drawn: Mask) -> Mask:
        """Return a copy of the whole label with the box replaced."""
        changed = drawn.copy()
        changed[self.box.slices] = self.mask
        return changed


@lru_cache(maxsize=1)
def click_model() -> ClickModel:
    """Return the model shipped with TwinSight.

    Raises
    ------
    BackendUnavailable
        ``error.correction.no_model`` when its file is absent or of another version.
    """
    try:
        path = resource_path(f"models/{MODEL_NAME}")
    except FileNotFoundError as error:
        raise BackendUnavailable("error.correction.no_model") from error
    return ClickModel.read(path)


def corrected(
    image_kji: NDArray[np.generic],
    grid: Grid,
    drawn: Mask,
    clicks: Sequence[Click],
    *,
    neighbours: Neighbours = NO_NEIGHBOURS,
    model: ClickModel | None = None,
) -> CorrectedBox:
    """Return the label after the last click; those before it were answered already and are kept to.

    Parameters
    ----------
    image_kji, grid
        The scan ``[k, j, i]``, any unit; the whole of it, or a box with room of some 45 mm around the click.
    drawn
        bool ``[k, j, i]``, the label as it is; it may be empty.
    clicks
        All clicks on this structure so far, the new one last.
    neighbours
        Labels of other structures on the same grid, as far as they are known.
    model
        What answers; by default the shipped one.

    Returns
    -------
    CorrectedBox
        On the same side as the label everywhere but near the click. A click that agrees with the label changes
        nothing.

    Raises
    ------
    InputError
        ``error.local.point_outside`` when the click lies outside the scan.
    BackendUnavailable
        ``error.correction.no_model``.

    Examples
    --------
    >>> click = Click.at(point_lps_mm, is_inside=True)  # doctest: +SKIP
    >>> mask = corrected(volume.voxels, volume.grid, mask, [click]).applied_to(mask)  # doctest: +SKIP
    """
    if drawn.shape != grid.shape_kji or image_kji.shape != grid.shape_kji:
        raise ValueError("image and label must lie on the grid")
    if not clicks:
        raise InputError("error.correction.no_click")
    click, earlier = clicks[-1], clicks[:-1]
    evidence = click_evidence(image_kji, grid, drawn, click, earlier, neighbours)
    box = evidence.local.box
    part, part_grid = drawn[box.slices], grid.cropped(box)
    pinned = _pinned(part_grid, click, min(evidence.depth_mm * 0.5, 3.0))
    if not (part[pinned] != click.is_inside).any():
        return CorrectedBox(box, part.copy())
    changed = _changed(evidence, part, click, (model or click_model()))
    changed = _piece_with(changed | (pinned & (part != click.is_inside)), pinned)
    for other in earlier:
        if other.is_inside != click.is_inside:
            gap_mm = float(np.linalg.norm(other.middle_lps_mm - click.middle_lps_mm))
            changed &= ~_pinned(part_grid, other, min(3.0, 0.5 * gap_mm)) | pinned
    return CorrectedBox(box, np.where(changed, click.is_inside, part))


def _changed(evidence: ClickEvidence, part: Mask, click: Click, model: ClickModel) -> Mask:
    """Voxels of the box that change sides by what was learned."""
    least = _LEAST_CHANCE_TO_JOIN if click.is_inside else _LEAST_CHANCE_TO_LEAVE
    chance = (evidence.drawn == click.is_inside).astype(np.float32)
    if len(evidence.rows):
        chance[evidence.candidates] = model.probability(evidence, is_inside=click.is_inside)
    calm = ndimage.gaussian_filter(chance, _SMOOTH_SAMPLES)
    return np.asarray((evidence.local.scan_voxels(calm) > least) & (part != click.is_inside))


def _pinned(grid: Grid, click: Click, radius_mm: float) -> Mask:
    """Voxels of a box that a click decides on its own: its points, and what lies within a radius of them."""
    spacing_kji = grid.spacing_ijk_mm[::-1]
    pinned = np.zeros(grid.shape_kji, np.bool_)
    reach = np.ceil(radius_mm / spacing_kji).astype(int)
    around = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    around = around[np.linalg.norm(around * spacing_kji, axis=1) <= max(radius_mm, 1e-6)]
    centres = np.rint(grid.ijk_from_lps(click.points_lps_mm)[:, ::-1]).astype(int)
    places = (centres[:, None, :] + around[None]).reshape(-1, 3)
    places = places[((places >= 0) & (places < grid.shape_kji)).all(axis=1)]
    pinned[tuple(places.T)] = True
    return pinned


def _piece_with(changed: Mask, pinned: Mask) -> Mask:
    """Pieces of what changes that touch what is pinned; the rest is no answer to this click."""
    pieces, _ = components(changed, connectivity=6)
    kept = np.unique(pieces[pinned & changed])
    return np.isin(pieces, kept[kept != 0])
