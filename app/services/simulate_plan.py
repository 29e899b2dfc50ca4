"""Compute the outcome of a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.check_quality import with_current_doubts
from app.services.contact_cache import contacts_of_case
from app.services.second_scan import second_scan_of
from app.services.tree_cache import traced_vessels_of
from simulation.contacts import ScanState
from simulation.simulate import simulate
from twin.case import Case
from twin.edit import OutcomeEdit
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.outcome import Outcome
from twin.twin import Twin, build_twin

__all__ = [
    "confirmed_structures_of",
    "scan_date_of",
    "scan_state_of",
    "simulate_plan_of_file",
    "simulate_plan_of_session",
]


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
        traced = traced_vessels_of(case, session.folder.path) if case.layers else None
        twin = build_twin(case, structure_ids=(), traced=traced, cancel=cancel)
    progress(Progress(0.1, "progress.simulate.computing", {"plan": plan_name}))
    current = replace(twin, layers=with_current_doubts(twin.layers, case))
    outcome = simulate(
        plan,
        current,
        case.facts,
        scan_date=scan_date_of(case),
        contacts=contacts_of_case(case, session.folder.path, twin),
        scan=scan_state_of(case),
        confirmed=confirmed_structures_of(case),
        second=second_scan_of(case, session.folder.path, cancel=cancel) if "liver" in plan.organ_ids else None,
    )
    if cancel is not None:
        cancel.raise_if_cancelled()
    progress(Progress(1.0, "progress.simulate.done", {"plan": plan_name}))
    session.do(OutcomeEdit(outcome))
    return outcome


def confirmed_structures_of(case: Case) -> tuple[str, ...]:
    """Return the structures that a person declared right, and that have not changed since."""
    return tuple(structure_id for structure_id in case.confirmations if case.is_confirmed(structure_id))


def scan_date_of(case: Case) -> date | None:
    """Return the day of the scan that the surgeon plans on, or None when it does not say."""
    return None if case.planning_volume_id is None else case.planning_volume.scan_day


def scan_state_of(case: Case, *, on_date: date | None = None) -> ScanState:
    """Return phase and age of the scan that the surgeon plans on; the age is counted on ``on_date``, else today."""
    if case.planning_volume_id is None:
        return ScanState()
    scanned = scan_date_of(case)
    age_days = None if scanned is None else ((on_date or date.today()) - scanned).days
    return ScanState(case.planning_volume.phase, age_days)
