"""``twinsight simulate``: what a plan would leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from app.cli.commands.parameters import CaseArgument, PlanOption

if TYPE_CHECKING:
    from app.cli.console import Console


def run(ctx: typer.Context, case: CaseArgument, plan: PlanOption) -> None:
    """Compute every figure of a plan and keep the outcome in the case."""
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.cli.outcome_tables import outcome_parts
    from app.services.simulate_plan import simulate_plan_of_file

    console: Console = ctx.obj
    with console.job() as job:
        outcome = simulate_plan_of_file(case, plan, progress=job.progress, cancel=job.cancel)
    console.finish(outcome.to_json(), outcome_parts(outcome, console.wording))
