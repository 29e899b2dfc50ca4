"""``twinsight purge``: remove a case for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument
from twin.errors import UsageError

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    yes: Annotated[bool, typer.Option("--yes", help="cli.purge.yes")] = False,
) -> None:
    """Ask, remove the case with its history and caches, and list the exports that were made of it."""
    from app import composition

    composition.prepare_program()
    from app.services.purge_case import purge_case, size_of_case, worded_size

    console: Console = ctx.obj
    size = size_of_case(case)
    if not yes:
        if console.is_json or not console.is_interactive:
            raise UsageError("error.purge.not_confirmed")
        console.note("cli.purge.question", case=case.name, size=worded_size(size, console.wording))
        if input("> ").strip().casefold() != console.wording.text("cli.purge.answer"):
            raise typer.Abort
    result = purge_case(case)
    composition.forget_case(case)
    console.finish(result.to_json(), result.lines(console.wording))
