"""The plan that is worked on: its plane, live figures while it is dragged, settled ones once it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from app.scene.cut_plane import CutPlane
from app.scene.orbit_camera import bounds_of_surfaces
from app.services.jobs import Job, JobHandle
from app.services.plan_resection import structures_of_figures
from app.services.rehearse_plan import LiveFigures, Rehearsal, SettledPlan
from app.ui.case_work import BuiltTwin, CaseWork
from app.ui.view_state import ViewState
from app.ui.window_thread import JobAnswers, WindowJobs
from twin.case import Case
from twin.edit import ApprovalEdit, GroupEdit, OutcomeEdit, PlanEdit
from twin.errors import TwinSightError
from twin.figure import Figure
from twin.job import CancelToken, ProgressListener
from twin.outcome import FigureTree
from twin.plan import Plan
from twin.resection import PlaneCut, Resection, WedgeCut

__all__ = ["FigureState", "PlanDesk", "ShownFigures", "cut_of_plane"]

ORGAN_ID = "liver"
_FIRST_NORMAL = (-0.866, 0.5, 0.0)  # LPS: to the right and backwards, 30 degrees off the sagittal plane
_SQUARE_PART = 0.4  # half side of the drawn square, of the mean extent of the liver: its knobs stay in view


class FigureState(StrEnum):
    """How far the figures of a plan are."""

    NONE = "none"
    LIVE = "live"  # of the plane under the pointer
    COMPUTING = "computing"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class ShownFigures:
    """Figures to be shown, and how far they are.

    ``error`` says why there are none; ``cut`` is the plane that live ones belong to.
    """

    state: FigureState
    liver: Mapping[str, Figure | FigureTree] | None = None
    settled: SettledPlan | None = None
    error: TwinSightError | None = None
    cut: PlaneCut | None = None


class PlanDesk(QObject):
    """Plans of the case that is open.

    Parameters
    ----------
    jobs
        Its engine thread answers drags; a newer question drops an older one.
    state
        The plane that all views show.
    """

    plan_selected = Signal(object)  # str | None
    figures_changed = Signal(object)  # ShownFigures
    failed = Signal(object)

    def __init__(self, jobs: WindowJobs, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selected: str | None = None
        self.shown = ShownFigures(FigureState.NONE)
        self._jobs = jobs
        self._state = state
        self._work: CaseWork | None = None
        self._rehearsal: Rehearsal | None = None
        self._half_size_mm = 100.0
        self._settling: JobHandle | None = None
        self._question = 0
        self._wanted_hash = ""

    @property
    def plan(self) -> Plan | None:
        """The selected plan as it is in the case."""
        return None if self._work is None or self.selected is None else self._work.case.plans.get(self.selected)

    @property
    def can_plan(self) -> bool:
        """True when there is a liver to plan on."""
        return self._rehearsal is not None

    def set_work(self, work: CaseWork | None) -> None:
        """Follow another case, or none."""
        self._work = work
        self._rehearsal = None
        self.select(None)

    def set_twin(self, built: BuiltTwin | None) -> None:
        """Plan on another twin."""
        self._rehearsal = None if built is None else built.rehearsal
        if built is not None and ORGAN_ID in built.twin.surfaces:
            box = bounds_of_surfaces([built.twin.surfaces[ORGAN_ID]])
            assert box is not None
            self._half_size_mm = _SQUARE_PART * float((box[:, 1] - box[:, 0]).mean())
        self._wanted_hash = ""
        self.follow_case()

    def follow_case(self) -> None:
        """Take over what changed in the case: plans made, renamed, undone, figures stale."""
        if self._work is None:
            return
        case = self._work.case
        if self._rehearsal is not None and self._rehearsal.facts is not case.facts:
            self._rehearsal = self._rehearsal.with_facts(case.facts)
            self._wanted_hash = ""
        if self.selected not in case.plans:
            self.select(next(iter(case.plans), None))
            return
        plan = self.plan
        if plan is None or self._state.is_dragging_plane:
            return
        outcome = case.outcomes.get(plan.name)
        is_current = outcome is not None and not outcome.is_stale
        if plan.hash != self._wanted_hash:
            self._show_plane_of(plan)
            self._settle(plan)
        elif not (is_current or self._settling or self.shown.error):
            self._settle(plan)
        self.plan_selected.emit(self.selected)

    def select(self, name: str | None) -> None:
        """Work on another plan, or on none."""
        self.selected = name
        self._wanted_hash = ""
        self._stop_settling()
        plan = self.plan
        if plan is None:
            self._state.set_plane(None)
            self._show(ShownFigures(FigureState.NONE))
            self.plan_selected.emit(None)
            return
        self._show_plane_of(plan)
        self.plan_selected.emit(name)
        self._settle(plan)

    # What the user does

    def drag_plane(self, plane: CutPlane) -> None:
        """Move the plane with the pointer; figures follow."""
        if self.plan is None:
            return
        if not self._state.is_dragging_plane:
            self._stop_settling()
        self._state.set_plane(plane, is_dragging=True)
        rehearsal = self._rehearsal
        if rehearsal is None:
            return
        cut = cut_of_plane(plane)

        def answer(result: object) -> None:
            if self._state.is_dragging_plane and isinstance(result, LiveFigures):
                self._show(ShownFigures(FigureState.LIVE, result.liver, cut=cut))

        work = Job("ui.task.live", lambda progress, cancel: rehearsal.live_figures(cut))
        self._jobs.submit_newest(work, JobAnswers(answer, self._on_live_failed))

    def release_plane(self) -> None:
        """Let the plane go: it becomes part of the plan, and the figures settle."""
        plane, plan = self._state.plane, self.plan
        self._state.set_plane(plane)
        if plane is None or plan is None or self._work is None:
            return
        self.replace_cuts(tuple(cut_of_plane(plane) if isinstance(r, PlaneCut) else r for r in plan.resections))

    def flip_plane(self) -> None:
        """Remove the other side."""
        if self._state.plane is not None:
            self._state.set_plane(self._state.plane.flipped())
            self.release_plane()

    def centre_plane(self) -> None:
        """Move the plane to the crosshair, without turning it."""
        if self._state.plane is not None:
            self._state.set_plane(self._state.plane.with_origin(self._state.crosshair_lps_mm))
            self.release_plane()

    def replace_cuts(self, cuts: tuple[Resection, ...]) -> None:
        """Give the selected plan other cuts."""
        if self._work is None or self.plan is None:
            return
        changed = Plan(self.plan.name, cuts, stages=_stages_of(cuts, self.plan))
        if changed.hash == self.plan.hash:
            if self.shown.state is FigureState.LIVE:
                self._settle(self.plan)
            return
        self._wanted_hash = changed.hash
        self._show(ShownFigures(FigureState.COMPUTING, self.shown.liver))
        self._work.do(PlanEdit(changed.name, changed))  # the change of the case makes the figures settle

    def add_plan(self, name: str, cuts: tuple[Resection, ...]) -> None:
        """Make a plan and work on it."""
        if self._work is not None:
            self._work.do(PlanEdit(name, Plan(name, cuts)), done=lambda: self.select(name))

    def rename_plan(self, name: str) -> None:
        """Give the selected plan another name."""
        plan = self.plan
        if self._work is None or plan is None or name == plan.name:
            return
        edits = (PlanEdit(plan.name, None), PlanEdit(name, Plan(name, plan.resections, stages=plan.stages)))
        self._work.do(GroupEdit("ui.edit.rename_plan", edits), done=lambda: self.select(name))

    def delete_plan(self) -> None:
        """Remove the selected plan."""
        if self._work is not None and self.plan is not None:
            self._work.do(PlanEdit(self.plan.name, None))

    def approve(self, by: str) -> None:
        """Approve the selected plan; refused with the reason while something it uses is unconfirmed."""
        plan = self.plan
        if self._work is None or plan is None:
            return
        name = plan.name

        def declared(case: Case) -> ApprovalEdit:
            return ApprovalEdit.declaring(case, name, by, structures_of_figures(case, case.plan(name)))

        self._work.do(declared)

    def first_plane(self) -> PlaneCut | None:
        """Return a plane to begin with: the middle of the liver, turned like Cantlie's line, the right side removed.

        A place to start dragging from, not a proposal.
        """
        if self._rehearsal is None:
            return None
        points = self._rehearsal.twin.surfaces[ORGAN_ID].points_lps_mm
        x, y, z = (float(v) for v in 0.5 * (points.min(axis=0) + points.max(axis=0)))
        return PlaneCut((x, y, z), _FIRST_NORMAL)

    def lesion_ids(self) -> tuple[str, ...]:
        """Lesions that a wedge can be cut around."""
        return () if self._rehearsal is None else self._rehearsal.twin.lesion_ids

    def wedge(self) -> WedgeCut | None:
        """Return the wedge of the selected plan, if it is one."""
        return next((r for r in self.plan.resections if isinstance(r, WedgeCut)), None) if self.plan else None

    # Settling

    def _settle(self, plan: Plan) -> None:
        """Compute everything about a plan, and keep its figures in the case when they are new."""
        rehearsal, work = self._rehearsal, self._work
        self._wanted_hash = plan.hash
        if rehearsal is None or work is None:
            self._show(ShownFigures(FigureState.NONE))
            return
        self._stop_settling()
        question = self._question
        if self.shown.state is not FigureState.COMPUTING:
            self._show(ShownFigures(FigureState.COMPUTING, self.shown.liver))

        def compute(progress: ProgressListener, cancel: CancelToken) -> SettledPlan:
            return rehearsal.settled(plan, stop=cancel.raise_if_cancelled)

        def answer(result: object) -> None:
            if question == self._question and isinstance(result, SettledPlan):
                self._settling = None
                self._on_settled(result)

        answers = JobAnswers(answer, lambda error: self._on_settling_failed(question, error))
        self._settling = self._jobs.submit_newest(Job("ui.task.settle", compute), answers)

    def _on_settled(self, settled: SettledPlan) -> None:
        assert self._work is not None
        self._show(ShownFigures(FigureState.SETTLED, settled.outcome.liver, settled))
        known = self._work.case.outcomes.get(settled.plan.name)
        is_new = known is None or known.is_stale or known.figures_hash != settled.outcome.figures_hash
        if is_new and not self._work.session.is_read_only:
            self._work.do(OutcomeEdit(settled.outcome), is_step=False)

    def _on_settling_failed(self, question: int, error: Exception) -> None:
        if question != self._question:
            return
        self._settling = None
        if isinstance(error, TwinSightError):  # a plane beside the liver: said where the figures would be
            self._show(ShownFigures(FigureState.FAILED, error=error))
        else:
            self.failed.emit(error)

    def _on_live_failed(self, error: Exception) -> None:
        if not isinstance(error, TwinSightError):
            self.failed.emit(error)

    def _stop_settling(self) -> None:
        self._question += 1  # an answer on its way is no longer wanted
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None

    def _show_plane_of(self, plan: Plan) -> None:
        cut = next((r for r in plan.resections if isinstance(r, PlaneCut)), None)
        if cut is None:
            self._state.set_plane(None)
            return
        shown = self._state.plane
        if shown is not None and cut_of_plane(shown) == cut:
            return  # the square stays as it was turned
        self._state.set_plane(CutPlane.through(cut.origin_lps_mm, cut.normal_lps, self._half_size_mm))

    def _show(self, shown: ShownFigures) -> None:
        self.shown = shown
        self.figures_changed.emit(shown)


def cut_of_plane(plane: CutPlane) -> PlaneCut:
    """Return the cut that a plane on the screen stands for."""
    x, y, z = (float(v) for v in plane.origin_lps_mm)
    nx, ny, nz = (float(v) for v in plane.normal_lps)
    return PlaneCut((x, y, z), (nx, ny, nz))


def _stages_of(cuts: tuple[Resection, ...], plan: Plan) -> tuple[int, ...]:
    """Return the stage of each cut: that of the cut of the plan in its place, or of the equal one where some went."""
    if len(cuts) == len(plan.resections):
        return plan.stages
    known = [(resection, stage) for stage, resection in plan.staged_resections]
    stages = tuple(next((stage for resection, stage in known if resection == cut), 1) for cut in cuts)
    return stages if 1 in stages else ()
