"""Pieces and cavities of a structure, and the rules by which a label is not believed: nothing is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.networks.sliding_window import ClassFields
from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.grid import Grid

__all__ = ["SeenStructure", "ShapeRule", "is_believed", "rule_of", "seen_structures", "with_border"]

BoolVoxels = NDArray[np.bool_]
Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class ShapeRule:
    """How the pieces of a class become one structure.

    Parameters
    ----------
    smallest_ml
        Largest piece below which there is no such structure.
    most_pieces
        Number of pieces that are kept, the largest first.
    smallest_share
        Of the largest piece, for a further piece to be kept.
    is_solid
        Whether cavities are filled: vessels and lesions inside an organ belong to it.
    needs_abdomen
        Whether it is believed only where liver or spleen is.
    smallest_mean
        Mean probability over it below which it is not believed on CT; a model card may set its own.
    smallest_mean_on_mr
        The same on MR; by default 0.05 more than on CT.
    """

    smallest_ml: float
    most_pieces: int = 1
    smallest_share: float = 1.0
    is_solid: bool = False
    needs_abdomen: bool = False
    smallest_mean: float = 0.5
    smallest_mean_on_mr: float | None = None


# Smallest sizes: about half of the smallest adult organ that is not diseased beyond use for planning; of the liver, the
# 120 ml below which no twin is made (docs/decisions/0027), of the great vessels 40 mm of a tube 15 mm wide. Smallest
# means: between what true organs of scans never learned from gave (liver 0.85 and more, spleen 0.72, kidney 0.71, aorta
# 0.81, vena cava 0.68, stomach 0.60) and what pelvis, chest, thigh and noise gave (0.68, 0.65, 0.66, 0.61, 0.59, 0.60).
# Both femurs of a scan never learned from were kidneys to 0.80: without liver or spleen there are none (and no plan).
# Heart and bowel beyond the liver gave livers of 0.83 and 0.77 on CT, true ones never learned from 0.87 and more. Of MR
# little was learned: a thigh gave a liver of 0.78, and true ones of kinds never learned from 0.76 and 0.81.
# Thin structures are blurred by the voxels: their true voxels are less sure, and other organs are asked for.
_RULES = {
    "liver": ShapeRule(120.0, is_solid=True, smallest_mean=0.85, smallest_mean_on_mr=0.8),
    "spleen": ShapeRule(30.0, is_solid=True, smallest_mean=0.7),
    "kidney": ShapeRule(20.0, 2, 0.2, is_solid=True, needs_abdomen=True, smallest_mean=0.7),
    "stomach": ShapeRule(15.0, 2, 0.2, is_solid=True, needs_abdomen=True, smallest_mean=0.6),
    "pancreas": ShapeRule(8.0, 4, 0.1, needs_abdomen=True, smallest_mean=0.5),
    "portal_vein": ShapeRule(3.0, 3, 0.15, needs_abdomen=True, smallest_mean=0.5),
    "inferior_vena_cava": ShapeRule(7.0, 3, 0.15, smallest_mean=0.62),
    "aorta": ShapeRule(7.0, 3, 0.15, smallest_mean=0.68),
    "bile_duct": ShapeRule(2.0, is_solid=True, needs_abdomen=True, smallest_mean=0.5),
}
_ABDOMEN = ("liver", "spleen")
_MORE_CERTAIN_ON_MR = 0.05
# Believed where the members do not contradict each other by more than this.
_LARGEST_DISAGREEMENT = 0.30
_REACH_VOXELS = 2


@dataclass(frozen=True, eq=False)
class SeenStructure:
    """A structure on the working grid.

    Parameters
    ----------
    mask
        bool ``[k, j, i]`` after the rules.
    field
        uint8 ``[k, j, i]``, its probability after the rules: zero away from the mask, 255 in filled cavities.
    volume_ml, mean_probability, disagreement
        What was measured over the mask before cavities were filled.
    absence
        Message id of the reason why it is not believed, or None.
    """

    mask: BoolVoxels
    field: Levels
    volume_ml: float
    mean_probability: float
    disagreement: float
    absence: str | None


def rule_of(structure_id: str) -> ShapeRule:
    """Return the rule of a structure; one without a rule of its own is kept whole."""
    return _RULES.get(structure_id, ShapeRule(0.0, 255, 0.0))


def is_believed(structures: Mapping[str, SeenStructure], structure_id: str) -> bool:
    """Tell whether a structure was looked for and no rule speaks against it."""
    return structure_id in structures and structures[structure_id].absence is None


def seen_structures(
    seen: ClassFields,
    grid: Grid,
    structure_ids: tuple[str, ...],
    smallest_means: Mapping[str, float] = MappingProxyType({}),
    *,
    is_mr: bool = False,
) -> dict[str, SeenStructure]:
    """Apply the rules to every class.

    Parameters
    ----------
    seen
        What an ensemble saw.
    grid
        Grid of its fields.
    structure_ids
        Structure of each field, in their order.
    smallest_means
        Structure id to the smallest mean probability, where the card sets it.
    is_mr
        Whether the scan is an MR.
    """
    winners = _winners(seen.fields)
    rules = {n: _certain_rule(n, smallest_means, is_mr=is_mr) for n in structure_ids}
    found = {name: _seen(seen, grid, rules[name], winners == n + 1, n) for n, name in enumerate(structure_ids)}
    is_abdomen = any(is_believed(found, name) for name in _ABDOMEN)
    return {name: one if is_abdomen else _without_abdomen(name, one) for name, one in found.items()}


def _certain_rule(name: str, smallest_means: Mapping[str, float], *, is_mr: bool) -> ShapeRule:
    """Return a rule with the smallest mean that holds for the card and the kind of scan."""
    rule = rule_of(name)
    if name in smallest_means:
        rule = replace(rule, smallest_mean=smallest_means[name], smallest_mean_on_mr=None)
    if not is_mr:
        return rule
    on_mr = rule.smallest_mean_on_mr
    return replace(rule, smallest_mean=rule.smallest_mean + _MORE_CERTAIN_ON_MR if on_mr is None else on_mr)


def _without_abdomen(name: str, one: SeenStructure) -> SeenStructure:
    if one.absence is not None or not rule_of(name).needs_abdomen:
        return one
    return replace(one, absence="networks.not_found.no_neighbours")


def _winners(fields: Levels) -> Levels:
    """Class of the largest probability plus one, 0 where background is larger."""
    rest = 255 - fields.sum(axis=0, dtype=np.int16)
    best = fields.max(axis=0)
    return np.where(best > rest, fields.argmax(axis=0) + 1, 0).astype(np.uint8)


def _seen(seen: ClassFields, grid: Grid, rule: ShapeRule, mask: BoolVoxels, n: int) -> SeenStructure:
    field = seen.fields[n]
    box = Box.around(mask)
    if box is None:
        return SeenStructure(mask, np.zeros_like(field), 0.0, 0.0, 0.0, "networks.not_found.nothing_like_it")
    box = box.grown(_REACH_VOXELS + 1, mask.shape)
    pieces, largest_ml = _pieces(mask[box.slices], rule, grid.voxel_volume_ml)
    mean = float(field[box.slices][pieces].mean()) / 255
    apart = float(seen.disagreement[box.slices][pieces].mean()) / 255
    kept, kept_field = np.zeros_like(mask), np.zeros_like(field)
    kept[box.slices], kept_field[box.slices] = _kept(field[box.slices], mask[box.slices], pieces, rule)
    volume_ml = float(np.count_nonzero(pieces)) * grid.voxel_volume_ml
    doubt = _doubt(rule, largest_ml, mean, apart)
    return SeenStructure(kept, kept_field, volume_ml, mean, apart, doubt)


def _kept(field: Levels, mask: BoolVoxels, pieces: BoolVoxels, rule: ShapeRule) -> tuple[BoolVoxels, Levels]:
    """Return the pieces, filled where the rule says so, and the probability in and around them."""
    near = ndimage.binary_dilation(pieces, iterations=_REACH_VOXELS)
    kept_field = np.where(near & (pieces | ~mask), field, 0).astype(np.uint8)
    whole = _filled(pieces) if rule.is_solid else pieces
    kept_field[whole & ~pieces] = 255
    return whole, kept_field


def with_border(
    seen: SeenStructure, name: str, box: Box, probability: NDArray[np.float32], voxel_volume_ml: float
) -> SeenStructure:
    """Return a structure with another border; what was measured of it stays.

    Parameters
    ----------
    seen, name
        The structure.
    box
        A box around it.
    probability
        float32 ``[k, j, i]`` of the box. Where less than the smallest size of the structure would be left, it keeps
        the border it has.
    voxel_volume_ml
        Of one voxel.
    """
    rule, mask = rule_of(name), probability > 0.5
    if not mask.any():
        return seen
    pieces, largest_ml = _pieces(mask, rule, voxel_volume_ml)
    if largest_ml < rule.smallest_ml:
        return seen
    field = np.rint(probability * 255.0).astype(np.uint8)
    kept, kept_field = np.zeros_like(seen.mask), np.zeros_like(seen.field)
    kept[box.slices], kept_field[box.slices] = _kept(field, mask, pieces, rule)
    return replace(seen, mask=kept, field=kept_field)


def _doubt(rule: ShapeRule, largest_ml: float, mean: float, apart: float) -> str | None:
    if largest_ml < rule.smallest_ml:
        return "networks.not_found.too_small"
    if mean < rule.smallest_mean:
        return "networks.not_found.not_sure"
    return "networks.not_found.members_disagree" if apart > _LARGEST_DISAGREEMENT else None


def _pieces(mask: BoolVoxels, rule: ShapeRule, voxel_ml: float) -> tuple[BoolVoxels, float]:
    """Return the pieces to keep and the volume of the largest."""
    labels, n_voxels = components(mask, connectivity=6 if rule.is_solid else 26)
    is_kept = np.zeros(len(n_voxels) + 1, np.bool_)
    is_kept[1 : 1 + rule.most_pieces] = n_voxels[: rule.most_pieces] >= rule.smallest_share * n_voxels[0]
    return is_kept[labels], float(n_voxels[0]) * voxel_ml


def _filled(mask: BoolVoxels) -> BoolVoxels:
    """Fill what is enclosed in space, and what is enclosed in two of the three planes through it."""
    filled = ndimage.binary_fill_holes(mask)
    votes = np.zeros(mask.shape, np.uint8)
    for axis in range(3):
        planes = np.moveaxis(filled, axis, 0)
        votes += np.moveaxis(np.stack([ndimage.binary_fill_holes(plane) for plane in planes]), 0, axis)
    return np.asarray(filled | (votes >= 2))
