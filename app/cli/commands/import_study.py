"""``twinsight import``: scans and labels into a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import Scanner, Units
from twin.errors import UsageError

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: Annotated[Path, typer.Option("--case", metavar="CASE", help="cli.import.case")],
    source: Annotated[Path | None, typer.Argument(metavar="SRC", help="cli.import.source")] = None,
    series: Annotated[list[str] | None, typer.Option(metavar="UID|N", help="cli.import.series")] = None,
    planning: Annotated[str, typer.Option(metavar="UID|N", help="cli.import.planning")] = "",
    labels: Annotated[Path | None, typer.Option(metavar="FILE", help="cli.import.labels")] = None,
    value_map: Annotated[Path | None, typer.Option("--map", metavar="FILE.json", help="cli.import.map")] = None,
    organ: Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help="cli.import.organ")] = None,
    resample: Annotated[bool, typer.Option("--resample-labels", help="cli.import.resample")] = False,
    units: Annotated[Units | None, typer.Option(help="cli.import.units")] = None,
    modality: Annotated[Scanner | None, typer.Option(help="cli.import.modality")] = None,
    scan: Annotated[str, typer.Option(metavar="N|ID|DATE", help="cli.import.scan")] = "",
    join_reason: Annotated[str, typer.Option(metavar="TEXT", help="cli.import.join_reason")] = "",
) -> None:
    """Import scans, labels, or both."""
    from app import composition

    composition.prepare_program()
    if scan:
        if labels is None or source is not None or series or planning:
            raise UsageError("error.import.scan_with_labels")
        _import_scan_labels(ctx.obj, case, scan, (labels, value_map, _organ_files(organ or []), resample))
        return
    from app.services.import_result import worded_problem
    from app.services.import_study import ImportRequest, import_into_case
    from twin.readers.image_file import LengthUnit
    from twin.volume import Modality

    request = ImportRequest(
        case=case,
        source=source,
        series=tuple(series or ()),
        planning=planning,
        labels=labels,
        value_map=value_map,
        organ_files=_organ_files(organ or []),
        resamples_labels=resample,
        join_reason=join_reason,
        units=None if units is None else LengthUnit(units.value),
        modality=None if modality is None else Modality(modality.value),
    )
    console: Console = ctx.obj
    with console.job() as job:
        result = import_into_case(request, progress=job.progress, cancel=job.cancel)
    for problem in result.all_problems:
        console.say(worded_problem(problem, console.wording))
    for line in result.quality.lines(console.wording):
        console.say(line)
    console.finish(result.to_json(console.wording), result.lines(console.wording))


def _import_scan_labels(
    console: Console, case: Path, scan: str, given: tuple[Path, Path | None, dict[str, Path], bool]
) -> None:
    """Labels of a scan of another date: kept beside those of the planning volume, for growth."""
    from app.services.second_scan import import_scan_labels

    labels, value_map, organ_files, resamples = given
    with console.job() as job:
        result = import_scan_labels(
            case,
            scan,
            labels,
            value_map=value_map,
            organ_files=organ_files,
            resamples_labels=resamples,
            progress=job.progress,
            cancel=job.cancel,
        )
    console.finish(result.to_json(console.wording), result.lines(console.wording))


def _organ_files(pairs: list[str]) -> dict[str, Path]:
    files = {}
    for pair in pairs:
        name, equals, file = pair.partition("=")
        if not (name and equals and file):
            raise UsageError("error.usage.bad_value", option="--organ", value=pair, expected="NAME=FILE")
        files[name] = Path(file)
    return files
