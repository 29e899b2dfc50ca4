"""The first questions of a session: what of the vessels is seen, not seen or not assessable; is the scan fit.

The program answers from labels and traced trees alone. What it does not name or measure is "not assessable", with the
reason; an answer of a person outweighs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.services.check_quality import QualitySummary
from app.services.simulate_plan import scan_state_of
from simulation.contacts import LesionDistance, lesion_distances
from twin.anatomy import structure
from twin.case import Case
from twin.checklist import ChecklistAnswer, Judgement, Sight
from twin.edit import ChecklistEdit
from twin.errors import UsageError
from twin.naming.portal_vein import PortalType
from twin.twin import Twin
from twin.vessel_graph import VesselBranch, VesselGraph
from twin.volume import ContrastPhase, Modality

__all__ = [
    "ANSWERS",
    "AnatomyChecklist",
    "ChecklistItem",
    "ScanFitness",
    "anatomy_checklist",
    "answer_edit",
    "checklist_items",
    "parsed_answer",
]

# From this age on the age of a scan is shown in amber (centre setting).
_OLD_DAYS = 28
_WIDE_INFERIOR_VEIN_MM = 5.0  # an inferior right hepatic vein of at least this width is worth keeping
# What a person can answer, in the words of the command line.
ANSWERS: Mapping[str, tuple[Judgement, Sight | None]] = {
    "confirm": (Judgement.CONFIRMED, None),
    "seen": (Judgement.CORRECTED, Sight.SEEN),
    "not-seen": (Judgement.CORRECTED, Sight.NOT_SEEN),
    "not-assessable": (Judgement.CORRECTED, Sight.NOT_ASSESSABLE),
    "not-applicable": (Judgement.NOT_APPLICABLE, None),
}
_SEGMENTS_OF_MIDDLE_VEIN = {"segment_5_vein": "couinaud_5", "segment_8_vein": "couinaud_8"}


@dataclass(frozen=True)
class ChecklistItem:
    """A question, the program's answer, and why: message ids with their parameters; and the answer of a person."""

    id: str
    sight: Sight
    reason_id: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    answer: ChecklistAnswer | None = None

    @property
    def is_outdated(self) -> bool:
        """True when a person confirmed an answer that the program no longer gives."""
        answer = self.answer
        return answer is not None and answer.judgement is Judgement.CONFIRMED and answer.sight is not self.sight


@dataclass(frozen=True)
class ScanFitness:
    """The scan in one line.

    ``stent`` and ``motion`` are message ids of findings of quality control, with their parameters, or None where none
    was found; ``is_old`` when the age is to be shown in amber.
    """

    phase: ContrastPhase
    slice_mm: float | None
    age_days: int | None
    is_old: bool
    stent: tuple[str, Mapping[str, object]] | None
    motion: tuple[str, Mapping[str, object]] | None


@dataclass(frozen=True)
class AnatomyChecklist:
    """Fitness of the scan, answers in the order of the questions, and how far each lesion is from the landmarks."""

    fitness: ScanFitness
    items: tuple[ChecklistItem, ...]
    distances: tuple[LesionDistance, ...]


def anatomy_checklist(
    case: Case, twin: Twin, quality: QualitySummary, *, on_date: date | None = None
) -> AnatomyChecklist:
    """Return the checklist of a case.

    Parameters
    ----------
    case
        With its planning volume, if any.
    twin
        Of this case, with its trees.
    quality
        What quality control found.
    on_date
        The day to which the age of the scan is counted; the present day unless given.
    """
    return AnatomyChecklist(_fitness(case, quality, on_date), checklist_items(case, twin), lesion_distances(twin))


def checklist_items(case: Case, twin: Twin) -> tuple[ChecklistItem, ...]:
    """Return the questions with the program's answers and those of persons, in the order in which they are asked.

    Parameters
    ----------
    case, twin
        As for :func:`anatomy_checklist`.
    """
    return tuple(replace(item, answer=case.checklist_answers.get(item.id)) for item in _items(case, twin))


def answer_edit(
    items: Sequence[ChecklistItem], item_id: str, judgement: Judgement, sight: Sight | None, *, by: str, note: str = ""
) -> ChecklistEdit:
    """Return the edit by which a person answers a question; a confirmation keeps what the program answers now.

    Raises
    ------
    InputError, SafetyRefusal
        As :meth:`twin.checklist.ChecklistAnswer.given`.
    """
    if judgement is Judgement.CONFIRMED:
        sight = next((item.sight for item in items if item.id == item_id), None)
    return ChecklistEdit(item_id, ChecklistAnswer.given(item_id, judgement, sight, by=by, note=note))


def parsed_answer(text: str) -> tuple[str, Judgement, Sight | None, str]:
    """Read ``ITEM=ANSWER[:NOTE]``; ANSWER is confirm, seen, not-seen, not-assessable or not-applicable.

    Raises
    ------
    UsageError
        ``error.checklist.bad_answer`` when the text is no answer.

    Examples
    --------
    >>> parsed_answer("bile_ducts=seen:MRCP")[0], parsed_answer("bile_ducts=seen:MRCP")[3]
    ('bile_ducts', 'MRCP')
    """
    item_id, _, rest = text.partition("=")
    word, _, note = rest.partition(":")
    found = ANSWERS.get(word.strip())
    if found is None or not item_id.strip():
        raise UsageError("error.checklist.bad_answer", text=text, known=", ".join(ANSWERS))
    return item_id.strip(), *found, note.strip()


def _fitness(case: Case, quality: QualitySummary, on_date: date | None) -> ScanFitness:
    state = scan_state_of(case, on_date=on_date)
    by_id = {f.message_id: (f.message_id, f.parameters) for f in reversed(quality.findings)}
    slice_mm = case.planning_volume.grid.slice_thickness_mm if case.planning_volume_id is not None else None
    is_old = state.age_days is not None and state.age_days > _OLD_DAYS
    return ScanFitness(
        state.phase, slice_mm, state.age_days, is_old, by_id.get("quality.stent_possible"), by_id.get("quality.motion")
    )


def _items(case: Case, twin: Twin) -> Iterator[ChecklistItem]:
    yield _right_hepatic_artery(case, twin)
    yield _not_assessable("left_hepatic_artery", "checklist.reason.left_gastric")
    yield _not_assessable("coeliac_stenosis", "checklist.reason.narrowing")
    yield _portal_type(twin)
    yield _inferior_right_vein(twin)
    for item_id, segment in _SEGMENTS_OF_MIDDLE_VEIN.items():
        yield _vein_to_middle(twin, item_id, segment)
    is_ct = case.planning_volume_id is not None and case.planning_volume.modality is Modality.CT
    yield _not_assessable("bile_ducts", "checklist.reason.ducts_on_ct" if is_ct else "checklist.reason.ducts")
    yield _not_assessable("first_jejunal_vein", "checklist.reason.mesenteric_branches")
    yield _not_assessable("gastrocolic_trunk", "checklist.reason.mesenteric_branches")
    yield _splenic_entry(twin)


def _not_assessable(item_id: str, reason_id: str, **parameters: object) -> ChecklistItem:
    return ChecklistItem(item_id, Sight.NOT_ASSESSABLE, reason_id, parameters)


def _right_hepatic_artery(case: Case, twin: Twin) -> ChecklistItem:
    """Look for an artery that reaches the liver by way of the superior mesenteric artery."""
    item_id = "right_hepatic_artery"
    graph = twin.graphs.get("arterial")
    missing = tuple(name for name in ("liver", "superior_mesenteric_artery") if not twin.has(name))
    if graph is None or missing:
        return _not_assessable(item_id, "checklist.reason.not_labelled", structure=missing or ("other_artery",))
    in_liver = np.flatnonzero(_nodes_in(graph, twin, "liver"))
    if in_liver.size == 0:
        return _not_assessable(item_id, "checklist.reason.no_artery_to_liver")
    in_mesenteric = _nodes_in(graph, twin, "superior_mesenteric_artery")
    for node in in_liver.tolist():
        way = _way_to_root(graph, node)
        if in_mesenteric[way].any():
            diameter_mm = round(2.0 * float(graph.radii_mm[node]), 1)
            return ChecklistItem(item_id, Sight.SEEN, "checklist.reason.from_mesenteric", {"diameter_mm": diameter_mm})
    if case.planning_volume_id is None or case.planning_volume.phase is not ContrastPhase.ARTERIAL:
        return _not_assessable(item_id, "checklist.reason.no_arterial_phase")
    return ChecklistItem(item_id, Sight.NOT_SEEN, "checklist.reason.none_from_mesenteric")


def _portal_type(twin: Twin) -> ChecklistItem:
    if twin.portal_type is PortalType.UNKNOWN:
        return _not_assessable("portal_type", "checklist.reason.portal_not_named")
    kind = f"checklist.portal_type.{twin.portal_type.value}"
    return ChecklistItem("portal_type", Sight.SEEN, "checklist.reason.portal_type", {"kind": kind})


def _inferior_right_vein(twin: Twin) -> ChecklistItem:
    item_id = "inferior_right_hepatic_vein"
    graph = twin.graphs.get("hepatic")
    if graph is None or not any(branch.name == "hepatic.right" for branch in graph.branches):
        return _not_assessable(item_id, "checklist.reason.hepatic_not_named")
    widths_mm = _widths_mm(graph, lambda branch: branch.name.startswith("hepatic.inferior_right"))
    if not widths_mm:
        return ChecklistItem(item_id, Sight.NOT_SEEN, "checklist.reason.no_inferior_vein")
    widest_mm = round(max(widths_mm), 1)
    sight = Sight.SEEN if widest_mm >= _WIDE_INFERIOR_VEIN_MM else Sight.NOT_SEEN
    return ChecklistItem(item_id, sight, "checklist.reason.inferior_vein", {"diameter_mm": widest_mm})


def _vein_to_middle(twin: Twin, item_id: str, segment: str) -> ChecklistItem:
    graph = twin.graphs.get("hepatic")
    if graph is None or not any(branch.name == "hepatic.middle" for branch in graph.branches):
        return _not_assessable(item_id, "checklist.reason.hepatic_not_named")
    if not twin.has(segment):
        return _not_assessable(item_id, "checklist.reason.no_segments")
    in_segment = _nodes_in(graph, twin, segment)

    def drains(branch: VesselBranch) -> bool:
        nodes = graph.branch_of_node == branch.index
        is_of_middle = branch.name.startswith("hepatic.middle.") and not branch.name.startswith("hepatic.middle_left")
        return is_of_middle and bool(nodes.any()) and 2 * int(in_segment[nodes].sum()) > int(nodes.sum())

    widths_mm = _widths_mm(graph, drains)
    if not widths_mm:
        return ChecklistItem(item_id, Sight.NOT_SEEN, "checklist.reason.no_vein_to_middle")
    parameters = {"diameter_mm": round(max(widths_mm), 1)}
    return ChecklistItem(item_id, Sight.SEEN, "checklist.reason.veins_to_middle", parameters)


def _splenic_entry(twin: Twin) -> ChecklistItem:
    graph = twin.graphs.get("portal")
    if graph is not None and any(branch.name == "portal.splenic" for branch in graph.branches):
        return ChecklistItem("splenic_entry", Sight.SEEN, "checklist.reason.splenic_named")
    return _not_assessable("splenic_entry", "checklist.reason.splenic_not_named")


def _widths_mm(graph: VesselGraph, is_wanted: Callable[[VesselBranch], bool]) -> list[float]:
    return [graph.mean_diameters_mm[branch.index] for branch in graph.branches if is_wanted(branch)]


def _nodes_in(graph: VesselGraph, twin: Twin, structure_id: str) -> NDArray[np.bool_]:
    """Tell which nodes of a tree lie in a structure."""
    wanted = structure(structure_id)
    voxels = np.rint(twin.grid.ijk_from_lps(graph.nodes_lps_mm)).astype(np.int64)[:, ::-1]
    voxels = np.clip(voxels, 0, np.array(twin.grid.shape_kji) - 1)
    return np.asarray(twin.layers[wanted.layer].voxels[tuple(voxels.T)] == wanted.value)


def _way_to_root(graph: VesselGraph, node: int) -> list[int]:
    way = [node]
    while graph.parents[way[-1]] >= 0:
        way.append(int(graph.parents[way[-1]]))
    return way
