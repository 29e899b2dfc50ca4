"""``twinsight batch``: every study of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import Scanner, Units
from app.cli.failure import Failure
from twin.errors import UsageError

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="SRC", help="cli.batch.source")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="cli.batch.out")],
    jobs: Annotated[int, typer.Option(metavar="N", help="cli.batch.jobs")] = 0,
    memory_gib: Annotated[float, typer.Option(metavar="GIB", help="cli.batch.memory")] = 0.0,
    cut: Annotated[list[str] | None, typer.Option(metavar="CUT", help="cli.batch.cut")] = None,
    formats: Annotated[list[str] | None, typer.Option("--format", metavar="FORMAT", help="cli.export.format")] = None,
    units: Annotated[Units | None, typer.Option(help="cli.import.units")] = None,
    modality: Annotated[Scanner | None, typer.Option(help="cli.import.modality")] = None,
    segmenter: Annotated[str, typer.Option(metavar="ID", help="cli.segment.segmenter")] = "",
) -> None:
    """Run the chain over each study in a process of its own; rerun to go on."""
    if jobs < 0 or memory_gib < 0:
        raise UsageError(
            "error.usage.bad_value", option="--jobs, --memory-gib", value=min(jobs, memory_gib), expected=">0"
        )
    from app import composition

    composition.prepare_program()
    from app.cli.batch_display import batch_display
    from app.cli.commands.export import _formats
    from app.cli.tables import batch_parts
    from app.services.batch import BatchRequest, run_batch

    console: Console = ctx.obj
    request = BatchRequest(
        source=source,
        out=out,
        n_jobs=jobs,
        memory_limit_gib=memory_gib,
        cuts=tuple(cut or ()),
        formats=_formats(formats or []),
        segmenter_id=segmenter,
        language=console.wording.language,
        units=units.value if units else "",
        modality=modality.value if modality else "",
    )
    with batch_display(console) as (listener, cancel):
        result = run_batch(request, composition.process_study, listener=listener, cancel=cancel)
    document = result.to_json()
    if result.n_failed:
        failure = Failure.from_error(result.summary_error(), console.wording)
        document |= failure.to_json()
        console.say(failure.text)
        console.finish(document, batch_parts(result, console.wording))
        raise typer.Exit(failure.exit_code)
    console.finish(document, batch_parts(result, console.wording))
