"""Build the twin of a case, taking from its cache the surfaces whose labels have not changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.services.anatomy_checklist import (
    AnatomyChecklist,
    anatomy_checklist,
    answer_edit,
    checklist_items,
    parsed_answer,
)
from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.check_quality import QualitySummary, check_quality
from app.services.name_branches import (
    BranchRequest,
    BranchRow,
    confirm_branch_names,
    listed_branches,
    name_branch,
    set_barriers,
)
from app.services.structure_volume import volume_figure
from app.services.surface_cache import SurfaceCache
from app.services.tree_cache import traced_vessels_of
from app.services.worded_checklist import checklist_document
from twin.anatomy import structure
from twin.case import Case
from twin.edit import GroupEdit
from twin.figure import Figure
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.naming.portal_vein import PortalType
from twin.surface import Surface
from twin.twin import SurfaceQuality, Twin, build_twin
from twin.wording import Wording

__all__ = ["TwinSummary", "build_case_twin", "build_twin_of_file"]


@dataclass(frozen=True)
class TwinSummary:
    """Volumes of a twin, quality of its surfaces, doubts about labels and scan, the first questions, the branches."""

    volumes: Mapping[str, Figure]
    quality: tuple[SurfaceQuality, ...]
    doubts: QualitySummary
    checklist: AnatomyChecklist
    branches: tuple[BranchRow, ...] = ()
    portal_type: PortalType = PortalType.UNKNOWN
    tracing_doubts: tuple[LabelDoubt, ...] = ()

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values by structure, and the doubts with their words."""
        return {
            "quality": self.doubts.to_json(wording),
            "checklist": checklist_document(self.checklist, wording),
            "structures": {
                q.structure_id: {
                    "volume_ml": self.volumes[q.structure_id].to_json(),
                    "surface_ml": q.surface_ml,
                    "difference_percent": q.difference_percent,
                    "n_triangles": q.n_triangles,
                    "is_closed": q.is_closed,
                }
                for q in self.quality
            },
            "portal_type": self.portal_type.value,
            "branches": [row.to_json() for row in self.branches],
            "tracing": [
                {**d.to_json(), "text": wording.text(d.message_id, **d.parameters)} for d in self.tracing_doubts
            ],
        }


def build_twin_of_file(
    case_path: Path,
    *,
    request: BranchRequest | None = None,
    answers: Sequence[str] = (),
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> TwinSummary:
    """Build the twin of a case on disk; its surfaces stay in the cache of the case.

    Parameters
    ----------
    case_path
        Folder of the case.
    request
        Names and barriers that a person gives first; each is a step that can be undone.
    answers
        Of the person of the request to the first questions: :func:`app.services.anatomy_checklist.parsed_answer`.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    UsageError
        When the request cannot be read.
    InputError
        When it names a branch or a place that the trees do not have.
    """
    answered = [parsed_answer(text) for text in answers]  # read whole before anything is done
    with opened_case(case_path) as session:
        if request is not None:
            _do_as_asked(session, request, cancel)
        twin = build_case_twin(session.case, session.folder.path, progress=progress, cancel=cancel)
        doubts = check_quality(session.case, cancel=cancel)
        checklist = anatomy_checklist(session.case, twin, doubts)
        by = "" if request is None else request.by
        edits = [answer_edit(checklist.items, i, said, sight, by=by, note=note) for i, said, sight, note in answered]
        if edits:
            session.do(GroupEdit("edit.checklist", tuple(edits)))
            checklist = replace(checklist, items=checklist_items(session.case, twin))
    volumes = {i: volume_figure(twin.layers[structure(i).layer], i) for i in twin.surfaces}
    derived = (layer for name, layer in twin.layers.items() if name.is_derived)
    tracing = (*twin.doubts, *(doubt for layer in derived for doubt in layer.doubts))
    quality = tuple(twin.quality[i] for i in twin.surfaces)
    return TwinSummary(volumes, quality, doubts, checklist, listed_branches(twin), twin.portal_type, tracing)


def _do_as_asked(session: CaseSession, request: BranchRequest, cancel: CancelToken | None) -> None:
    places, veins = request.places, request.veins  # read whole before anything is done
    if places or request.confirmed:
        case = session.case
        traced = traced_vessels_of(case, session.folder.path) if case.layers else None
        twin = build_twin(case, structure_ids=(), traced=traced, cancel=cancel)
        for point, name in places:
            name_branch(session, twin, name.partition(".")[0], point, name, request.by)
        for tree in dict.fromkeys(name.partition(".")[0] for name in request.confirmed):
            names = [name for name in request.confirmed if name.partition(".")[0] == tree]
            confirm_branch_names(session, twin, tree, names, request.by)
    if veins is not None:
        set_barriers(session, veins)


def build_case_twin(
    case: Case, case_path: Path, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
) -> Twin:
    """Return the twin of an open case with a surface of every structure.

    Raises
    ------
    GeometryError
        When nothing is labelled.
    Cancelled
        When the caller stopped it.
    """
    cache = SurfaceCache(case_path)
    known = {i: surface for i in case.structure_ids() if (surface := cache.find(i, _layer(case, i)))}
    missing = [i for i in case.structure_ids() if i not in known]
    progress(Progress(0.0, "progress.twin.vessels"))
    traced = traced_vessels_of(case, case_path) if case.layers else None
    twin = build_twin(case, structure_ids=missing, traced=traced, progress=progress, cancel=cancel)
    for structure_id, surface in twin.surfaces.items():
        cache.keep(structure_id, surface, _layer(case, structure_id))
    progress(Progress(1.0, "progress.twin.done"))
    surfaces = {i: twin.surfaces.get(i) or known[i] for i in twin.structure_ids if i in known or i in twin.surfaces}
    quality = {i: twin.quality.get(i) or _quality(surface, case) for i, surface in surfaces.items()}
    return replace(twin, surfaces=surfaces, quality=quality)


def _layer(case: Case, structure_id: str) -> LabelLayer:
    return case.layers[structure(structure_id).layer]


def _quality(surface: Surface, case: Case) -> SurfaceQuality:
    label_ml = _layer(case, surface.structure_id).volume_ml(surface.structure_id)
    return SurfaceQuality(surface.structure_id, label_ml, surface.volume_ml, surface.n_triangles, surface.is_closed)
