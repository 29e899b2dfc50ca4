"""``twinsight twin``: surfaces and volumes from the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from app.cli.commands.parameters import CaseArgument

if TYPE_CHECKING:
    from rich.table import Table

    from app.cli.console import Console


def run(ctx: typer.Context, case: CaseArgument) -> None:
    """Build the twin and keep its surfaces in the cache of the case."""
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.cli.tables import checklist_parts, twin_table
    from app.services.build_twin import build_twin_of_file

    console: Console = ctx.obj
    with console.job() as job:
        result = build_twin_of_file(case, progress=job.progress, cancel=job.cancel)
    parts: list[str | Table] = [twin_table(result, console.wording), *result.doubts.lines(console.wording)]
    parts += checklist_parts(result.checklist, console.wording)
    console.finish(result.to_json(console.wording), parts)
