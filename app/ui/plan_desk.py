"""The plan that is worked on: its cuts, live figures while one is dragged, settled ones once it rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.scene.cut_plane import CutPlane
from app.scene.orbit_camera import bounds_of_surfaces
from app.services.plan_resection import structures_of_figures
from app.services.rehearse_plan import CutFaces, Rehearsal, SettledPlan
from app.services.simulate_plan import confirmed_structures_of
from app.ui.case_work import BuiltTwin, CaseWork
from app.ui.figure_engine import FigureEngine
from app.ui.shown_figures import FigureState, ShownFigures
from app.ui.view_state import ViewState
from app.ui.window_thread import WindowJobs
from twin.case import Case
from twin.edit import ApprovalEdit, GroupEdit, OutcomeEdit, PlanEdit
from twin.errors import TwinSightError
from twin.plan import Plan
from twin.resection import Partition, PlanCondition, PlaneCut, Resection, SheetCut, WedgeCut
from twin.twin import Twin

__all__ = ["ORGAN_ID", "FigureState", "PlanDesk", "ShownFigures", "cut_of_plane"]

ORGAN_ID = "liver"
_FIRST_NORMAL = (-0.866, 0.5, 0.0)  # LPS: to the right and backwards, 30 degrees off the sagittal plane
_SQUARE_PART = 0.4  # half side of the drawn square, of the mean extent of the liver: its knobs stay in view


class PlanDesk(QObject):
    """Plans of the case that is open.

    Parameters
    ----------
    jobs
        Its engine thread answers drags; a newer question drops an older one.
    state
        The plane or sheet that all views show.
    """

    plan_selected = Signal(object)  # str | None
    cut_selected = Signal(int)
    figures_changed = Signal(object)  # ShownFigures
    faces_changed = Signal(object)  # CutFaces | None
    failed = Signal(object)

    def __init__(self, jobs: WindowJobs, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selected: str | None = None
        self.active = 0
        self.shown = ShownFigures(FigureState.NONE)
        self.faces: CutFaces | None = None
        self.previewed: Plan | None = None
        self.engine = FigureEngine(jobs, self.failed.emit)
        self._state = state
        self._work: CaseWork | None = None
        self._half_size_mm = 100.0
        self._wanted_hash = ""
        self._is_dragging = False
        self._dragged: Resection | None = None

    @property
    def plan(self) -> Plan | None:
        """The selected plan as it is in the case."""
        return None if self._work is None or self.selected is None else self._work.case.plans.get(self.selected)

    @property
    def cut(self) -> Resection | None:
        """The cut that is worked on: as it is dragged, else as it is in the plan."""
        if self._dragged is not None:
            return self._dragged
        plan = self.plan
        return plan.resections[self.active] if plan is not None and self.active < len(plan.resections) else None

    @property
    def can_plan(self) -> bool:
        """True when there is a liver or a pancreas to plan on."""
        return self.engine.rehearsal is not None

    @property
    def twin(self) -> Twin | None:
        """The twin that is planned on."""
        return None if self.engine.rehearsal is None else self.engine.rehearsal.twin

    @property
    def is_editable(self) -> bool:
        """True when the plan may be changed: a draft in a case that can be written."""
        plan = self.plan
        return plan is not None and not plan.is_approved and self.can_write

    @property
    def can_write(self) -> bool:
        """True when the case can be written."""
        return self._work is not None and not self._work.session.is_read_only

    def set_work(self, work: CaseWork | None) -> None:
        """Follow another case, or none."""
        self._work = work
        self.engine.rehearsal = None
        self.select(None)

    def set_twin(self, built: BuiltTwin | None) -> None:
        """Plan on another twin."""
        self.engine.rehearsal = None if built is None else built.rehearsal
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
        case, rehearsal = self._work.case, self.engine.rehearsal
        confirmed = confirmed_structures_of(case)
        if rehearsal is not None and (rehearsal.facts is not case.facts or rehearsal.confirmed != confirmed):
            self.engine.rehearsal = rehearsal.with_facts(case.facts, confirmed=confirmed)
            self._wanted_hash = ""
        if self.selected not in case.plans:
            self.select(next(iter(case.plans), None))
            return
        plan = self.plan
        if plan is None or self._is_dragging:
            return
        self.active = min(self.active, len(plan.resections) - 1)
        outcome = case.outcomes.get(plan.name)
        is_current = outcome is not None and not outcome.is_stale
        if plan.hash != self._wanted_hash:
            self._show_cut()
            self._settle(plan)
        elif not (is_current or self.engine.is_settling or self.shown.error):
            self._settle(plan)
        self.plan_selected.emit(self.selected)

    def select(self, name: str | None) -> None:
        """Work on another plan, or on none."""
        self.selected, self.active, self.previewed = name, 0, None
        self._wanted_hash = ""
        self._stop_dragging()
        self.engine.stop()
        plan = self.plan
        self._show_cut()
        if plan is None:
            self._show_faces(None)
            self._show(ShownFigures(FigureState.NONE))
            self.plan_selected.emit(None)
            return
        self.plan_selected.emit(name)
        self._settle(plan)

    def select_cut(self, index: int) -> None:
        """Work on another cut of the plan."""
        plan = self.plan
        if plan is None or not 0 <= index < len(plan.resections) or index == self.active:
            return
        self.active = index
        self._show_cut()
        self.cut_selected.emit(index)
        self._show(self.shown)  # the views draw it beside the cut that is held now

    # What the user does to a cut

    def drag_plane(self, plane: CutPlane) -> None:
        """Move the plane with the pointer; figures follow."""
        if self.plan is not None:
            self._begin_drag(cut_of_plane(plane))
            self._state.set_plane(plane, is_dragging=True)
            self._ask_live()

    def drag_cut(self, cut: Resection) -> None:
        """Change the cut that is worked on for the moment; figures follow."""
        if self.plan is not None:
            self._begin_drag(cut)
            if isinstance(cut, SheetCut):
                self._state.set_sheet(cut, is_dragging=True)
            self._ask_live()

    def release(self) -> None:
        """Let the cut go as it was dragged: it becomes part of the plan, and the figures settle."""
        dragged = self._dragged
        self._stop_dragging()
        if dragged is not None:
            self.set_cut(dragged)

    def release_plane(self) -> None:
        """Let the plane go: it becomes part of the plan, and the figures settle."""
        plane = self._state.plane
        self._stop_dragging()
        if plane is not None:
            self.set_cut(cut_of_plane(plane))

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

    # What the user does to a plan

    def set_cut(self, cut: Resection) -> None:
        """Put another cut in the place of the one that is worked on."""
        plan = self.plan
        if plan is not None:
            cuts = list(plan.resections)
            cuts[self.active] = cut
            self._change(replace(plan, resections=tuple(cuts), approval=None))

    def add_cut(self, cut: Resection) -> None:
        """Add a cut to the plan and work on it."""
        plan = self.plan
        if plan is not None:
            stages = (*plan.stages, 1) if plan.stages else ()
            if isinstance(cut, Partition) and not plan.stages:  # what is removed is left to the second operation
                stages = (*(1 if isinstance(one, PlanCondition) else 2 for one in plan.resections), 1)
            at = len(plan.resections)
            self._change(Plan(plan.name, (*plan.resections, cut), stages=stages), lambda: self.select_cut(at))

    def remove_cut(self, index: int) -> None:
        """Take a cut out of the plan; the last one stays."""
        plan = self.plan
        if plan is None or len(plan.resections) < 2:
            return
        cuts = [r for n, r in enumerate(plan.resections) if n != index]
        stages = tuple(s for n, s in enumerate(plan.stages) if n != index)
        self.active = min(self.active - (index < self.active), len(cuts) - 1)
        self._change(Plan(plan.name, tuple(cuts), stages=stages if 1 in stages else ()))

    def set_stage(self, index: int, stage: int) -> None:
        """Leave a cut to the first or the second operation.

        Raises
        ------
        UsageError
            ``error.plan.bad_stages`` when nothing would be left for the first one.
        """
        plan = self.plan
        if plan is not None:
            stages = [at for at, _ in plan.staged_resections]
            stages[index] = stage
            self._change(Plan(plan.name, plan.resections, stages=tuple(stages)))

    def add_plan(self, name: str, cuts: tuple[Resection, ...], stages: tuple[int, ...] = ()) -> None:
        """Make a plan and work on it."""
        if self._work is not None:
            self._work.do(PlanEdit(name, Plan(name, cuts, stages=stages)), done=lambda: self.select(name))

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

    def preview(self, plan: Plan | None) -> None:
        """Show what a proposal would do, without keeping it; None goes back to the selected plan."""
        if plan is None:
            self.select(self.selected)
            return
        self.previewed = plan
        self._stop_dragging()
        self._state.set_plane(None)
        self._state.set_sheet(None)
        self._show_faces(None)
        self._show(ShownFigures(FigureState.COMPUTING))
        self.engine.ask_settled(plan, self._on_previewed, self._on_settling_failed)

    # What a plan can begin with

    def first_plane(self) -> PlaneCut | None:
        """Return a plane to begin with: the middle of the liver, turned like Cantlie's line, the right side removed.

        A place to start dragging from, not a proposal.
        """
        if self.twin is None or ORGAN_ID not in self.twin.surfaces:
            return None
        points = self.twin.surfaces[ORGAN_ID].points_lps_mm
        x, y, z = (float(v) for v in 0.5 * (points.min(axis=0) + points.max(axis=0)))
        return PlaneCut((x, y, z), _FIRST_NORMAL)

    def lesion_ids(self) -> tuple[str, ...]:
        """Lesions that a wedge can be cut around."""
        return () if self.twin is None else self.twin.lesion_ids

    def wedge(self) -> WedgeCut | None:
        """Return the wedge that is worked on, if it is one."""
        return self.cut if isinstance(self.cut, WedgeCut) else None

    def make_cut(self, make: Callable[[Rehearsal], Resection], done: Callable[[Resection], None]) -> None:
        """Compute a cut to begin with beside the window, such as a sheet along a territory, and go on with it."""
        self.engine.stop()
        self.engine.ask(make, lambda cut: done(cut), self.failed.emit)  # type: ignore[arg-type]

    # Dragging

    def _begin_drag(self, cut: Resection) -> None:
        if not self._is_dragging:
            self._is_dragging = True
            self.engine.stop()
            self._show_faces(None)
        self._dragged = cut

    def _stop_dragging(self) -> None:
        self._is_dragging, self._dragged = False, None
        if self._state.is_dragging_plane:
            self._state.set_plane(self._state.plane)
        if self._state.is_dragging_sheet:
            self._state.set_sheet(self._state.sheet)

    def _ask_live(self) -> None:
        plan, dragged = self.plan, self._dragged
        if plan is None or dragged is None:
            return
        cuts = list(plan.resections)
        cuts[self.active] = dragged

        def answer(shown: ShownFigures) -> None:
            if self._is_dragging:
                self._show(shown)

        self.engine.ask_live(Plan(plan.name, tuple(cuts), stages=plan.stages), dragged, answer)

    def _change(self, changed: Plan, done: Callable[[], None] | None = None) -> None:
        """Give the selected plan other cuts."""
        if self._work is None or self.plan is None:
            return
        if changed.hash == self.plan.hash:
            if self.shown.state in (FigureState.LIVE, FigureState.FAILED):
                self._show_cut()
                self._settle(self.plan)
            return
        self._show(replace(self.shown, state=FigureState.COMPUTING, settled=None, error=None))
        self._work.do(PlanEdit(changed.name, changed), done=done)  # the change of the case makes the figures settle

    # Settling

    def _settle(self, plan: Plan) -> None:
        """Compute everything about a plan, and keep its figures in the case when they are new."""
        self._wanted_hash = plan.hash
        self._show_faces(None)
        if not self.can_plan or self._work is None:
            self._show(ShownFigures(FigureState.NONE))
            return
        if self.shown.state is not FigureState.COMPUTING:
            self._show(replace(self.shown, state=FigureState.COMPUTING, settled=None, error=None))
        self.engine.ask_settled(plan, self._on_settled, self._on_settling_failed)

    def _on_settled(self, settled: SettledPlan) -> None:
        assert self._work is not None
        self._show(_settled_figures(settled, FigureState.SETTLED))
        self.engine.ask_faces(settled.plan, self._show_faces)
        known = self._work.case.outcomes.get(settled.plan.name)
        is_new = known is None or known.is_stale or known.figures_hash != settled.outcome.figures_hash
        # Looking at an approved plan takes no approval back: what was approved is current, and stays what it was.
        is_kept = settled.plan.is_approved and known is not None and not known.is_stale
        if is_new and not is_kept and not self._work.session.is_read_only:
            self._work.do(OutcomeEdit(settled.outcome), is_step=False)

    def _on_previewed(self, settled: SettledPlan) -> None:
        if self.previewed is settled.plan:
            self._show(_settled_figures(settled, FigureState.PREVIEW))
            self.engine.ask_faces(settled.plan, self._show_faces)

    def _on_settling_failed(self, error: TwinSightError) -> None:
        self._show(ShownFigures(FigureState.FAILED, error=error))  # said where the figures would be

    # Showing

    def _show_cut(self) -> None:
        """Let the views hold the plane or the sheet that is worked on."""
        cut = self.cut
        self._state.set_sheet(cut if isinstance(cut, SheetCut) else None)
        if not isinstance(cut, PlaneCut):
            self._state.set_plane(None)
            return
        shown = self._state.plane
        if shown is not None and cut_of_plane(shown) == cut:
            return  # the square stays as it was turned
        self._state.set_plane(CutPlane.through(cut.origin_lps_mm, cut.normal_lps, self._half_size_mm))

    def _show(self, shown: ShownFigures) -> None:
        self.shown = shown
        self.figures_changed.emit(shown)

    def _show_faces(self, faces: CutFaces | None) -> None:
        if faces is not self.faces:
            self.faces = faces
            self.faces_changed.emit(faces)


def cut_of_plane(plane: CutPlane) -> PlaneCut:
    """Return the cut that a plane on the screen stands for."""
    x, y, z = (float(v) for v in plane.origin_lps_mm)
    nx, ny, nz = (float(v) for v in plane.normal_lps)
    return PlaneCut((x, y, z), (nx, ny, nz))


def _settled_figures(settled: SettledPlan, state: FigureState) -> ShownFigures:
    outcome = settled.outcome
    return ShownFigures(state, outcome.liver, settled, pancreas=outcome.pancreas, vessels=outcome.clip_list)
