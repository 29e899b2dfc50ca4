"""``twinsight export``: files out of a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="cli.export.out")],
    formats: Annotated[list[str] | None, typer.Option("--format", metavar="FORMAT", help="cli.export.format")] = None,
    plan: Annotated[str, typer.Option(metavar="NAME", help="cli.export.plan")] = "",
    notes: Annotated[Path | None, typer.Option(metavar="FILE", help="cli.export.notes")] = None,
) -> None:
    """Write every format asked for, or all that the case allows."""
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.services.export_case import ExportRequest, export_case_file
    from app.services.make_storyboard import read_notes

    console: Console = ctx.obj
    request = ExportRequest(out, _formats(formats or []), plan, console.wording.language, notes=read_notes(notes))
    with console.job() as job:
        result = export_case_file(case, request, composition.renderer, progress=job.progress, cancel=job.cancel)
    for skipped in result.worded_omissions(console.wording):
        console.say(skipped)
    console.finish(result.to_json(console.wording), result.lines(console.wording))


def _formats(given: list[str]) -> tuple[str, ...]:
    """Split ``--format stl,glb --format page`` into its names, each once."""
    return tuple(dict.fromkeys(name for text in given for name in text.split(",") if name))
