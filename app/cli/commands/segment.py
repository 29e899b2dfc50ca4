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
    scan: Annotated[str, typer.Option(metavar="N|ID|DATE", help="cli.segment.scan")] = "",
) -> None:
    """Label what a segmenter finds, and say what it did not find."""
    from app import composition

    composition.prepare_program()
    from app.services.external_licence import licence_text, mark_licence_shown
    from app.services.second_scan import segment_scan_of_file
    from app.services.segment_case import choose_segmenter, segment_case_file

    console: Console = ctx.obj
    chosen, folder = choose_segmenter(composition.segmenters(), segmenter), composition.user_folders().settings
    terms = licence_text(chosen, folder, console.wording)
    if terms is not None:
        console.say(terms)
        mark_licence_shown(chosen, folder)
    if scan:
        with console.job() as job:
            labelled = segment_scan_of_file(case, scan, chosen, progress=job.progress, cancel=job.cancel)
        console.finish(labelled.to_json(console.wording), labelled.lines(console.wording))
        return
    with console.job() as job:
        result = segment_case_file(case, [chosen], progress=job.progress, cancel=job.cancel)
    console.finish(result.to_json(console.wording), result.lines(console.wording))
