"""Lesions of an open case: candidates to look at, a region from clicks, and what accepting one writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from app.services.case_session import CaseSession
from segmentation.lesions.candidates import LesionCandidate, find_lesion_candidates
from segmentation.lesions.refinement import refine_lesion
from segmentation.lesions.stroke import LesionRegion, Stroke
from twin.anatomy import LayerName, lesion_id, structure
from twin.case import Case
from twin.edit import Basis, LayersEdit, VoxelEdit
from twin.errors import GeometryError, InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer, lesion_layer
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Volume

__all__ = [
    "AcceptedLesion",
    "LesionCandidate",
    "LesionOutlining",
    "LesionRegion",
    "OrganGrowth",
    "Stroke",
    "candidates_of_case",
    "organ_growth",
]

_ORGANS = ("liver", "pancreas")
_PRODUCER, _VERSION = "segmenter.lesion_region", "1"


@dataclass(frozen=True, eq=False)
class OrganGrowth:
    """What a whole organ lacks of a lesion in it, as an edit of its own that a person may make.

    Parameters
    ----------
    organ_id, lesion_id
        Which organ, which lesion.
    added_ml
        What the organ gains.
    left_to_others_ml
        Organ id to the part of the lesion outside that is labelled as that organ, and stays so.
    edit
        The change of the layer ``organs``.
    """

    organ_id: str
    lesion_id: str
    added_ml: float
    left_to_others_ml: Mapping[str, float]
    edit: VoxelEdit


@dataclass(frozen=True, eq=False)
class AcceptedLesion:
    """A lesion that a person accepted.

    Parameters
    ----------
    lesion_id
        Its id: lesions are numbered by falling volume, so that those of others may have changed.
    volume_ml
        Its volume.
    renumbered
        Id before to id after, of lesions whose number has changed.
    growth
        What its organ lacks of it; None where nothing is missing or no organ adjoins it.
    """

    lesion_id: str
    volume_ml: float
    renumbered: Mapping[str, str]
    growth: OrganGrowth | None


def candidates_of_case(
    case: Case, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
) -> tuple[LesionCandidate, ...]:
    """Return places of the liver to look at; they are kept nowhere, and are no lesions.

    Raises
    ------
    GeometryError
        ``error.lesion.no_liver`` when no liver is labelled.
    Cancelled
        When ``cancel`` was set.
    """
    organs = case.layer(LayerName.ORGANS)
    if "liver" not in organs.structure_ids():
        raise GeometryError("error.lesion.no_liver")
    known = case.layer(LayerName.VESSELS).voxels > 0
    lesions = case.layer(LayerName.LESIONS).voxels > 0
    found = find_lesion_candidates(
        case.planning_volume, organs.mask("liver"), vessel_mask=known if known.any() else None,
        progress=progress, cancel=cancel,
    )  # fmt: skip
    return tuple(c for c in found if not (lesions[c.region.box.slices] & c.region.mask).any())


class LesionOutlining:
    """Outlines one lesion by strokes; nothing is written before :meth:`accept`.

    Parameters
    ----------
    session
        The open case.
    replaced_id
        The lesion that is drawn anew, e.g. ``"lesion-2"``; None for a new one. Its present mask is the start.
    start
        A candidate's region to start from.

    Raises
    ------
    GeometryError
        ``error.case.structure_absent`` when there is no such lesion.
    """

    def __init__(
        self, session: CaseSession, *, replaced_id: str | None = None, start: LesionRegion | None = None
    ) -> None:
        self._session = session
        self._replaced_id = replaced_id
        case = session.case
        self._basis = Basis.of(case, (LayerName.LESIONS,))
        if replaced_id is not None:
            if replaced_id not in case.layer(LayerName.LESIONS).structure_ids():
                raise GeometryError("error.case.structure_absent", structure=replaced_id)
            start = LesionRegion.of_mask(case.layer(LayerName.LESIONS).mask(replaced_id))
        self._regions: list[LesionRegion | None] = [start]
        self._strokes: list[Stroke] = []

    @property
    def region(self) -> LesionRegion | None:
        """The region so far."""
        return self._regions[-1]

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes so far."""
        return tuple(self._strokes)

    def add(self, stroke: Stroke, *, cancel: CancelToken | None = None) -> LesionRegion:
        """Return the region after one more stroke; raises as :func:`segmentation.lesions.refinement.refine_lesion`."""
        strokes = [*self._strokes, stroke]
        region = refine_lesion(self._volume, self._organ(stroke), strokes, previous=self.region, cancel=cancel)
        self._strokes.append(stroke)
        self._regions.append(region)
        return region

    def start_from_diameter(self, ends_lps_mm: ArrayLike) -> LesionRegion:
        """Begin again from a line (2, 3) across the lesion, which gives its size."""
        ends = np.asarray(ends_lps_mm, dtype=np.float64).reshape(2, 3)
        middle = Stroke(ends.mean(axis=0))
        region = refine_lesion(self._volume, self._organ(middle), [middle], diameter_lps_mm=ends)
        self._strokes, self._regions = [middle], [None, region]
        return region

    def take_back(self) -> LesionRegion | None:
        """Forget the last stroke and return the region before it."""
        if self._strokes:
            self._strokes.pop()
            self._regions.pop()
        return self.region

    def edit(self) -> LayersEdit:
        """Return the edit that writes the region as a lesion, numbers counted anew.

        Raises
        ------
        InputError
            ``error.lesion.no_start`` before the first stroke.
        GeometryError
            ``error.lesion.nothing_left`` when other lesions hold all of it.
        """
        if self.region is None:
            raise InputError("error.lesion.no_start")
        layer, _ = _with_lesion(self._session.case, self.region, self._replaced_id, self._provenance())
        return LayersEdit({LayerName.LESIONS: layer}, basis=self._basis, label="edit.label.lesion")

    def accept(self) -> AcceptedLesion:
        """Write the region as a lesion, one step of undo, because a person says that it is one.

        Raises
        ------
        InputError
            ``error.edit.outdated`` when lesions have changed since the outlining began; and as :meth:`edit`.
        """
        edit, before = self.edit(), self._session.case
        assert self.region is not None
        _, numbers = _with_lesion(before, self.region, self._replaced_id, None)
        case = self._session.do(edit)
        new_id = numbers.pop("new")
        renumbered = {old: new for old, new in numbers.items() if old != new}
        volume_ml = case.layer(LayerName.LESIONS).volume_ml(new_id)
        return AcceptedLesion(new_id, volume_ml, renumbered, organ_growth(case, new_id))

    @property
    def _volume(self) -> Volume:
        return self._session.case.planning_volume

    def _organ(self, stroke: Stroke) -> NDArray[np.bool_]:
        """Return the organ that the strokes lie in or nearest to; an empty mask where none is labelled."""
        organs = self._session.case.layer(LayerName.ORGANS)
        first = (self._strokes or [stroke])[0].points_lps_mm[0]
        masks = [organs.mask(i) for i in _ORGANS if i in organs.structure_ids()]
        if not masks:
            return np.zeros(organs.grid.shape_kji, np.bool_)
        return min(masks, key=lambda mask: _gap_mm(mask, organs, first))

    def _provenance(self) -> Provenance:
        strokes = [[s.is_inside, np.round(s.points_lps_mm, 2).tolist()] for s in self._strokes]
        return Provenance(_PRODUCER, _VERSION, {"strokes": strokes, "replaced": self._replaced_id})


def organ_growth(case: Case, accepted_id: str) -> OrganGrowth | None:
    """Return the edit that lets the whole organ contain a lesion in it, for a person to decide.

    Organs are whole organs with their lesions inside. Only voxels that no organ holds are added; the organ is the
    liver or the pancreas, whichever the lesion overlaps or adjoins most.

    Raises
    ------
    GeometryError
        ``error.case.structure_absent`` when there is no such lesion.
    """
    lesions, organs = case.layer(LayerName.LESIONS), case.layer(LayerName.ORGANS)
    box = lesions.box(accepted_id) if accepted_id in lesions.structure_ids() else None
    if box is None:
        raise GeometryError("error.case.structure_absent", structure=accepted_id)
    box = box.grown(1, organs.grid.shape_kji)
    lesion = lesions.voxels[box.slices] == structure(accepted_id).value
    labels = organs.voxels[box.slices]
    around = ndimage.binary_dilation(lesion)
    contacts = {i: int(np.count_nonzero((labels == structure(i).value) & around)) for i in _ORGANS}
    organ_id = max(contacts, key=lambda i: contacts[i])
    joins = lesion & (labels == 0)
    if contacts[organ_id] == 0 or not joins.any():
        return None
    after = labels.copy()
    after[joins] = structure(organ_id).value
    edit = VoxelEdit.between(case, LayerName.ORGANS, box, after, label="edit.label.lesion_organ")
    if edit is None:
        return None
    voxel_ml = organs.grid.voxel_volume_ml
    others = {
        i: float(np.count_nonzero(lesion & (labels == structure(i).value))) * voxel_ml
        for i in organs.structure_ids() if i != organ_id
    }  # fmt: skip
    left = {i: ml for i, ml in others.items() if ml > 0.0}
    return OrganGrowth(organ_id, accepted_id, float(np.count_nonzero(joins)) * voxel_ml, left, edit)


def _with_lesion(
    case: Case, region: LesionRegion, replaced_id: str | None, provenance: Provenance | None
) -> tuple[LabelLayer, dict[str, str]]:
    """Return the layer of lesions with the region added, and the new id of each lesion and of ``"new"``."""
    layer = case.layer(LayerName.LESIONS)
    kept = [i for i in layer.structure_ids() if i != replaced_id]
    masks = {i: layer.mask(i) for i in kept}
    new = region.whole(layer.grid)
    for mask in masks.values():
        new &= ~mask  # a voxel belongs to one lesion; it stays with the one accepted first
    if not new.any():
        raise GeometryError("error.lesion.nothing_left")
    masks["new"] = new
    drawn = lesion_layer(layer.grid, list(masks.values()), provenance)
    numbers = {old: lesion_id(int(drawn.voxels[mask][0])) for old, mask in masks.items()}
    uncertainties = {numbers[i]: layer.uncertainties[i] for i in kept if i in layer.uncertainties}
    uncertainties[numbers["new"]] = BoundaryUncertainty.of_origin(LabelOrigin.EDITED)
    doubts = tuple(
        replace(doubt, structure_id=numbers.get(doubt.structure_id, doubt.structure_id))
        for doubt in layer.doubts if doubt.structure_id is not None and doubt.structure_id != replaced_id
    )  # fmt: skip
    general = tuple(doubt for doubt in layer.doubts if doubt.structure_id is None)
    return LabelLayer(
        layer.name, layer.grid, drawn.voxels, uncertainties, provenance, doubts=(*general, *doubts)
    ), numbers


def _gap_mm(mask: NDArray[np.bool_], layer: LabelLayer, point_lps_mm: NDArray[np.float64]) -> float:
    """Distance from a point to the box around a mask and, inside it, to the nearest of its voxels."""
    kji = np.argwhere(mask[::2, ::2, ::2]) * 2
    if not len(kji):
        return float("inf")
    gaps = layer.grid.lps_from_ijk(kji[:, ::-1]) - point_lps_mm
    return float(np.sqrt((gaps**2).sum(axis=1).min()))
