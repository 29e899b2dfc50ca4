"""``twinsight segment``: find the structures on the planning volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    segmenter: Annotated[str, typer.Option(metavar="ID", help="cli.segment.segmenter")] = "",
) -> None:
    """Label what a segmenter finds, and say what it did not find."""
    from app import composition

    composition.prepare_program()
    from app.services.segment_case import segment_case_file

    console: Console = ctx.obj
    with console.job() as job:
        result = segment_case_file(
            case, composition.segmenters(), segmenter_id=segmenter, progress=job.progress, cancel=job.cancel
        )
    console.finish(result.to_json(console.wording), result.lines(console.wording))
