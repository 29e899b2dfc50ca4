"""Compute the outcome of a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.check_quality import with_current_doubts
from simulation.simulate import simulate
from twin.edit import OutcomeEdit
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.outcome import Outcome
from twin.twin import Twin, build_twin

__all__ = ["simulate_plan_of_file", "simulate_plan_of_session"]


def simulate_plan_of_file(
    case_path: Path, plan_name: str, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
) -> Outcome:
    """Compute the outcome of a plan of a case on disk and keep it there."""
    with opened_case(case_path) as session:
        return simulate_plan_of_session(session, plan_name, progress=progress, cancel=cancel)


def simulate_plan_of_session(
    session: CaseSession,
    plan_name: str,
    *,
    twin: Twin | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> Outcome:
    """Compute the outcome of a plan of an open case and keep it there.

    Parameters
    ----------
    session, plan_name
        The case and one of its plans.
    twin
        The twin of the case where it was built already; figures need no surface of an organ.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    InputError
        When there is no such plan.
    GeometryError
        When the organ that the plan cuts is not labelled.
    UsageError
        When the plan holds a cut that cannot be computed yet.
    """
    case = session.case
    plan = case.plan(plan_name)
    if twin is None or twin.labels_hash != case.labels_hash:
        twin = build_twin(case, structure_ids=(), cancel=cancel)
    progress(Progress(0.1, "progress.simulate.computing", {"plan": plan_name}))
    outcome = simulate(plan, replace(twin, layers=with_current_doubts(twin.layers, case)), case.facts)
    if cancel is not None:
        cancel.raise_if_cancelled()
    progress(Progress(1.0, "progress.simulate.done", {"plan": plan_name}))
    session.do(OutcomeEdit(outcome))
    return outcome
