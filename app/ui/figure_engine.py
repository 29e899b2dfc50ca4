"""Questions to the engine thread: figures of a cut that is dragged, of a plan that rests, and the cut face."""

from __future__ import annotations

from collections.abc import Callable

from app.services.jobs import Job, JobHandle
from app.services.rehearse_plan import CutFaces, Rehearsal, SettledPlan
from app.ui.shown_figures import FigureState, ShownFigures
from app.ui.window_thread import JobAnswers, WindowJobs
from twin.errors import TwinSightError
from twin.job import CancelToken, ProgressListener
from twin.plan import Plan
from twin.resection import PancreasCut, PancreasOperation, PlaneCut, Resection, SheetCut

__all__ = ["FigureEngine", "live_figures"]


class FigureEngine:
    """Asks the engine; a newer question drops an older one that still waits.

    Parameters
    ----------
    jobs
        Its engine thread answers.
    failed
        Told what no user can mend.
    """

    def __init__(self, jobs: WindowJobs, failed: Callable[[Exception], None]) -> None:
        self.rehearsal: Rehearsal | None = None
        self._jobs = jobs
        self._failed = failed
        self._settling: JobHandle | None = None
        self._question = 0

    @property
    def is_settling(self) -> bool:
        """True while figures of a plan at rest are awaited."""
        return self._settling is not None

    def ask_live(self, plan: Plan, cut: Resection, answered: Callable[[ShownFigures], None]) -> None:
        """Ask for the figures of a plan in which a cut is dragged."""
        rehearsal = self.rehearsal
        if rehearsal is None:
            return

        def failed(error: Exception) -> None:
            if isinstance(error, TwinSightError):  # a cut beside the organ, a sheet that folds: said with the figures
                answered(ShownFigures(FigureState.FAILED, error=error, cut=cut))
            else:
                self._failed(error)

        work = Job("ui.task.live", lambda progress, cancel: live_figures(rehearsal, plan, cut))
        self._jobs.submit_newest(work, JobAnswers(_if_figures(answered), failed))

    def ask_settled(
        self, plan: Plan, answered: Callable[[SettledPlan], None], failed: Callable[[TwinSightError], None]
    ) -> None:
        """Ask for everything about a plan."""
        rehearsal = self.rehearsal
        assert rehearsal is not None
        self.stop()
        question = self._question

        def compute(progress: ProgressListener, cancel: CancelToken) -> SettledPlan:
            return rehearsal.settled(plan, stop=cancel.raise_if_cancelled)

        def answer(result: object) -> None:
            if question == self._question and isinstance(result, SettledPlan):
                self._settling = None
                answered(result)

        def refuse(error: Exception) -> None:
            if question == self._question:
                self._settling = None
                failed(error) if isinstance(error, TwinSightError) else self._failed(error)

        self._settling = self._jobs.submit_newest(Job("ui.task.settle", compute), JobAnswers(answer, refuse))

    def ask_faces(self, plan: Plan, answered: Callable[[CutFaces], None]) -> None:
        """Ask what the cut looks like; an answer that comes too late is dropped."""
        question = self._question

        def answer(result: object) -> None:
            if question == self._question and isinstance(result, CutFaces):
                answered(result)

        self.ask(lambda rehearsal: rehearsal.cut_faces(plan), answer, lambda error: None)

    def ask(
        self,
        question: Callable[[Rehearsal], object],
        answered: Callable[[object], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Ask anything else of the rehearsal, on the one thread that may use it."""
        rehearsal = self.rehearsal
        if rehearsal is not None:
            work = Job("ui.task.settle", lambda progress, cancel: question(rehearsal))
            self._jobs.submit_newest(work, JobAnswers(answered, failed))

    def stop(self) -> None:
        """Want no answer that is still on its way."""
        self._question += 1
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None


def live_figures(rehearsal: Rehearsal, plan: Plan, cut: Resection) -> ShownFigures:
    """Return the figures of a plan whose ``cut`` is dragged: by the fastest way that is right for it.

    A plane or a sheet that is all of the plan is answered within a frame, a cut along the axis of the pancreas too; any
    other plan in tenths of a second.
    """
    on_liver = [one for one in plan.resections if not isinstance(one, PancreasCut)]
    if isinstance(cut, PancreasCut):
        if cut.operation is PancreasOperation.ENUCLEATION:
            outcome = rehearsal.settled(Plan(plan.name, (cut,))).outcome
            return ShownFigures(FigureState.LIVE, pancreas=outcome.pancreas, cut=cut)
        gland = rehearsal.live_pancreas(cut)
        return ShownFigures(FigureState.LIVE, pancreas=gland.pancreas, cut=cut, planes=gland.planes)
    is_alone = on_liver == [cut] and isinstance(cut, PlaneCut | SheetCut)
    liver = rehearsal.live_figures(cut) if is_alone else rehearsal.live_plan(plan)  # type: ignore[arg-type]
    return ShownFigures(FigureState.LIVE, liver.liver, cut=cut, vessels=liver.clip_list)


def _if_figures(answered: Callable[[ShownFigures], None]) -> Callable[[object], None]:
    return lambda result: answered(result) if isinstance(result, ShownFigures) else None
