"""``twinsight twin``: surfaces and volumes from the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument
from twin.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    name_branch: Annotated[list[str] | None, typer.Option(metavar="X,Y,Z=NAME", help="cli.twin.name_branch")] = None,
    confirm_branch: Annotated[list[str] | None, typer.Option(metavar="NAME", help="cli.twin.confirm_branch")] = None,
    barrier: Annotated[list[str] | None, typer.Option(metavar="VEIN", help="cli.twin.barrier")] = None,
    answer: Annotated[list[str] | None, typer.Option(metavar="ITEM=ANSWER[:NOTE]", help="cli.twin.answer")] = None,
    by: Annotated[str, typer.Option(metavar="WHO", help="cli.twin.by")] = "",
) -> None:
    """Build the twin and keep its surfaces in the cache of the case; first do what is said of its branches."""
    if (name_branch or confirm_branch or answer) and not by.strip():
        raise UsageError("error.usage.missing", option="--by")
    if by and not (name_branch or confirm_branch or answer):
        raise UsageError("error.twin.by_alone")
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.cli.tables import branch_parts, checklist_parts, twin_table
    from app.services.build_twin import build_twin_of_file
    from app.services.name_branches import BranchRequest

    console: Console = ctx.obj
    with console.job() as job:
        request = BranchRequest(tuple(name_branch or ()), tuple(confirm_branch or ()), tuple(barrier or ()), by.strip())
        result = build_twin_of_file(
            case, request=request, answers=tuple(answer or ()), progress=job.progress, cancel=job.cancel
        )
    parts: list[str | Table] = [twin_table(result, console.wording), *result.doubts.lines(console.wording)]
    parts += branch_parts(result, console.wording)
    parts += checklist_parts(result.checklist, console.wording)
    console.finish(result.to_json(console.wording), parts)
