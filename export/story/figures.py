"""The white list: the only figures of a plan that a patient is told, and nothing else of the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from export.model import REMNANT, SPECIMEN
from export.story.enclosed_vtk import share_inside
from twin.anatomy import LayerName
from twin.case import Case
from twin.figure import Figure
from twin.outcome import FigureTree, Outcome
from twin.plan import Plan
from twin.resection import AblationZone
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["LesionFate", "ToldLesion", "removed_side", "tenths_that_stay", "told_lesions", "with_fates"]

_MIDDLE_SHARE = 0.36  # of the width of the organ: what lies there is "in the middle"
_SIDES = (("left", "right"), ("back", "front"), ("up", "down"))  # along L, P, S: positive and negative


class LesionFate(StrEnum):
    """What a plan does with a lesion."""

    REMOVED = "removed"
    TREATED = "treated"
    STAYS = "stays"


@dataclass(frozen=True)
class ToldLesion:
    """A lesion that a clinician confirmed, and where it lies: e.g. ``"right_up"``, as the patient's own sides."""

    id: str
    place: str
    fate: LesionFate = LesionFate.REMOVED


def told_lesions(case: Case, twin: Twin, organ: str) -> tuple[ToldLesion, ...]:
    """Return the confirmed lesions that lie in an organ, by their number; candidates and drafts never."""
    layer = twin.layers.get(LayerName.LESIONS)
    organ_mask = twin.mask(organ)
    if layer is None or not organ_mask.any():
        return ()
    box_lps_mm = twin.grid.lps_from_ijk(np.argwhere(organ_mask)[:, ::-1].astype(float))
    low, high = box_lps_mm.min(axis=0), box_lps_mm.max(axis=0)
    told = []
    for lesion_id in layer.structure_ids():
        mask = layer.mask(lesion_id)
        if not case.is_confirmed(lesion_id) or organ_mask[mask].mean() < 0.5:
            continue
        centre = twin.grid.lps_from_ijk(np.argwhere(mask)[:, ::-1].mean(axis=0))
        across, height = (centre[[0, 2]] - low[[0, 2]]) / np.maximum((high - low)[[0, 2]], 1e-6)
        side = "middle" if abs(across - 0.5) < _MIDDLE_SHARE / 2 else "left" if across > 0.5 else "right"
        told.append(ToldLesion(lesion_id, f"{side}_{'up' if height >= 0.5 else 'down'}"))
    return tuple(told)


def with_fates(
    lesions: tuple[ToldLesion, ...], plan: Plan, split: Mapping[str, Surface], surfaces: Mapping[str, Surface]
) -> tuple[ToldLesion, ...]:
    """Return lesions with what the plan does with them: nothing that stays is ever called "to be removed".

    A lesion in an ablation zone is treated in place; else it is removed when more than half of it lies in the specimen.
    """
    treated = {zone.lesion_id for zone in plan.resections if isinstance(zone, AblationZone)}
    specimen = split.get(SPECIMEN)

    def fate(lesion: ToldLesion) -> LesionFate:
        if lesion.id in treated:
            return LesionFate.TREATED
        surface = surfaces.get(lesion.id)
        if specimen is None or surface is None or share_inside(surface, specimen) > 0.5:
            return LesionFate.REMOVED
        return LesionFate.STAYS

    return tuple(replace(lesion, fate=fate(lesion)) for lesion in lesions)


def tenths_that_stay(outcome: Outcome, organ: str) -> int | None:
    """Return how many tenths of the organ stay, rounded, or None when it is not known.

    The liver: volume without lesions that stays, of the whole without lesions. The pancreas: volume that stays, of
    the whole gland.
    """
    tree = outcome.liver if organ == "liver" else outcome.pancreas
    if tree is None:
        return None
    share = _value(tree, "flr_percent") if organ == "liver" else _value(tree, "remnant_percent")
    if share is None:
        stays, whole, gone = (_value(tree, name) for name in ("remnant_ml", "total_ml", "resected_ml"))
        if whole is None and stays is not None and gone is not None:
            whole = stays + gone
        if stays is None or not whole:
            return None
        share = 100.0 * stays / whole
    return round(share / 10.0)


def removed_side(split: Mapping[str, Surface]) -> str | None:
    """Return the side of the organ that is removed (``"right"``, ``"up"``, ...), or None when nothing is divided."""
    if REMNANT not in split or SPECIMEN not in split:
        return None
    away = split[SPECIMEN].points_lps_mm.mean(axis=0) - split[REMNANT].points_lps_mm.mean(axis=0)
    axis = int(np.abs(away).argmax())
    return _SIDES[axis][0 if away[axis] > 0 else 1]


def _value(tree: FigureTree, name: str) -> float | None:
    figure = tree.get(name)
    return figure.value if isinstance(figure, Figure) and figure.is_known else None
