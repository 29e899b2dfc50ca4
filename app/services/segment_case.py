"""Label the planning volume with a segmenter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.layer_union import with_structures_of
from app.services.progress_part import part_of
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.edit import Basis, LayersEdit, PackedLayer
from twin.errors import BackendUnavailable, GeometryError, UsageError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.wording import NOT_A_DEVICE, Wording

if TYPE_CHECKING:
    from segmentation.segmenter import SegmentationResult, SegmentationWarning, Segmenter

__all__ = [
    "SegmentSummary",
    "SegmenterState",
    "choose_segmenter",
    "segment_case_file",
    "segment_session",
    "states_of_segmenters",
]


@dataclass(frozen=True)
class SegmentSummary:
    """What a segmenter found.

    Parameters
    ----------
    segmenter_id
        Who did it.
    volumes_ml
        Structure id to volume.
    not_found
        Structure id to reason (message id).
    warnings
        Doubts of the segmenter.
    seconds
        Time it took.
    """

    segmenter_id: str
    volumes_ml: Mapping[str, float]
    not_found: Mapping[str, str]
    warnings: tuple[SegmentationWarning, ...]
    seconds: float

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values, reasons with their words."""
        return {
            "segmenter": self.segmenter_id,
            "volumes_ml": dict(self.volumes_ml),
            "not_found": {i: {"message_id": m, "text": wording.text(m)} for i, m in self.not_found.items()},
            "warnings": [
                {
                    "message_id": w.message_id,
                    "structure": w.structure_id,
                    "text": wording.text(w.message_id, **w.parameters),
                }
                for w in self.warnings
            ],
            "seconds": round(self.seconds, 2),
        }

    def lines(self, wording: Wording) -> list[str]:
        """One line a structure, then what was not found, the warnings and the notice."""
        found = [
            wording.text("segment.line_found", structure=_name(i, wording), volume=wording.quantity(ml, "ml"))
            for i, ml in self.volumes_ml.items()
        ]
        absent = [
            wording.text("segment.line_not_found", structure=_name(i, wording), reason=wording.text(reason))
            for i, reason in self.not_found.items()
        ]
        doubts = [wording.text(w.message_id, **w.parameters) for w in self.warnings]
        return [*found, *absent, *doubts, wording.text("notice.unverified"), wording.text(NOT_A_DEVICE)]


def segment_case_file(
    case_path: Path,
    segmenters: Sequence[Segmenter],
    *,
    segmenter_id: str = "",
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> SegmentSummary:
    """Segment the planning volume of a case on disk and save the labels."""
    segmenter = choose_segmenter(segmenters, segmenter_id)
    with opened_case(case_path) as session:
        return segment_session(session, segmenter, progress=progress, cancel=cancel)


def segment_session(
    session: CaseSession,
    segmenter: Segmenter,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> SegmentSummary:
    """Segment the planning volume of an open case and trace the vessels of its liver; one edit, which can be undone.

    Raises
    ------
    GeometryError
        ``error.segment.nothing_found``; then the case is left as it was.
    """
    from segmentation.vessels.automatic import with_vessels

    started = time.monotonic()
    volume = session.case.planning_volume
    result = segmenter.segment(volume, progress=part_of(progress, 0.0, 0.75), cancel=cancel)
    result = with_vessels(volume, result, progress=part_of(progress, 0.75, 1.0), cancel=cancel)
    session.do(segmentation_edit(session.case, result))
    volumes_ml = {i: layer.volume_ml(i) for layer in result.layers.values() for i in layer.structure_ids()}
    return SegmentSummary(segmenter.id, volumes_ml, dict(result.not_found), result.warnings, time.monotonic() - started)


def segmentation_edit(case: Case, result: SegmentationResult) -> LayersEdit:
    """Return the edit that puts a result into a case; structures that were not searched stay.

    Raises
    ------
    GeometryError
        ``error.segment.nothing_found`` when no structure was found at all.
    """
    if not any(layer.structure_ids() for layer in result.layers.values()):
        raise GeometryError("error.segment.nothing_found")
    layers: dict[LayerName, LabelLayer | PackedLayer | None] = {
        name: with_structures_of(layer, case.layers.get(name), new_is_automatic=True)
        for name, layer in _with_doubts(result).items()
    }
    kept = case.structure_ids()
    not_found = {i: reason for i, reason in result.not_found.items() if i not in kept}
    return LayersEdit(layers, not_found, Basis.of(case, layers), "edit.segmentation")


def _with_doubts(result: SegmentationResult) -> dict[LayerName, LabelLayer]:
    """Write each doubt on the layer of its structure, and those about the scan on the first layer found."""
    first = next(name for name, layer in result.layers.items() if layer.structure_ids())
    of_layer: dict[LayerName, list[LabelDoubt]] = {name: [] for name in result.layers}
    for warning in result.warnings:
        about = first if warning.structure_id is None else structure(warning.structure_id).layer
        doubt = LabelDoubt(warning.message_id, warning.structure_id, warning.parameters)
        of_layer.get(about, of_layer[first]).append(doubt)
    return {name: replace(layer, doubts=tuple(of_layer[name])) for name, layer in result.layers.items()}


@dataclass(frozen=True)
class SegmenterState:
    """A segmenter and whether it can run here.

    Parameters
    ----------
    id, version
        As it calls itself.
    is_available
        True when it can run.
    reason_id
        Message id of what is missing, when it cannot.
    """

    id: str
    version: str
    is_available: bool
    reason_id: str | None = None


def states_of_segmenters(segmenters: Sequence[Segmenter]) -> Iterator[SegmenterState]:
    """Ask each segmenter whether it can run here; one of another program is started for it, which takes a while."""
    for segmenter in segmenters:
        availability = segmenter.availability()
        yield SegmenterState(segmenter.id, segmenter.version, availability.is_available, availability.message_id)


def choose_segmenter(segmenters: Sequence[Segmenter], segmenter_id: str = "") -> Segmenter:
    """Return a segmenter by its id, or the first that can run here.

    Raises
    ------
    UsageError
        When no segmenter has this id.
    BackendUnavailable
        When it cannot run here.
    """
    known = {segmenter.id: segmenter for segmenter in segmenters}
    if segmenter_id and segmenter_id not in known:
        raise UsageError("error.segment.no_such_segmenter", segmenter=segmenter_id, known=", ".join(known))
    wanted = [known[segmenter_id]] if segmenter_id else list(segmenters)
    for segmenter in wanted:
        if segmenter.availability().is_available:
            return segmenter
    reason = wanted[0].availability().message_id if wanted else None
    raise BackendUnavailable(reason or "error.segment.none_available")


def _name(structure_id: str, wording: Wording) -> str:
    return structure(structure_id).name(wording.language)
