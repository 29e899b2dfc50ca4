"""``twinsight demo``: the whole chain on a made-up patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="cli.demo.out")] = Path("demo-output"),
    is_small: Annotated[bool, typer.Option("--small", help="cli.demo.small")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="cli.demo.seed")] = 1,
) -> None:
    """Build the phantom, run every step, print what was made beside the truth."""
    from app import composition

    composition.prepare_program()
    composition.prepare_computing()
    from app.cli.tables import demo_parts
    from app.services.demo import DemoRequest, run_demo

    console: Console = ctx.obj
    request = DemoRequest(out, console.wording.language, seed=seed, is_small=is_small)
    with console.job() as job:
        result = run_demo(
            request, composition.segmenters(), composition.renderer, progress=job.progress, cancel=job.cancel
        )
    for skipped in result.exported.worded_omissions(console.wording):
        console.say(skipped)
    console.finish(result.to_json(console.wording), demo_parts(result, console.wording))
