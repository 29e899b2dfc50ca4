"""``twinsight consult``: what the patient takes home, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument, PlanOption

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    plan: PlanOption,
    out: Annotated[Path, typer.Option(metavar="DIR", help="cli.consult.out")],
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help="cli.consult.choices")] = None,
    beside: Annotated[str, typer.Option(metavar="LANGUAGE", help="cli.consult.beside")] = "",
    scene: Annotated[list[str] | None, typer.Option(metavar="SCENE", help="cli.consult.scene")] = None,
    passphrase_file: Annotated[Path | None, typer.Option(metavar="FILE", help="cli.consult.passphrase_file")] = None,
) -> None:
    """Write page, leaflet, model and film of a plan."""
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.services.make_take_home import TakeHomeRequest, make_take_home, read_choices

    console: Console = ctx.obj
    chosen = read_choices(choices, console.wording.language, tuple(scene or ()))
    other = chosen.worded_in(beside) if beside else None
    request = TakeHomeRequest(out, plan, chosen, passphrase_file, beside=other)
    with console.job() as job:
        result = make_take_home(case, request, composition.renderer, progress=job.progress, cancel=job.cancel)
    for note in result.notes(console.wording):
        console.say(note)
    console.finish(result.to_json(console.wording), result.lines(console.wording))
