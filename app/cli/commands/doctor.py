"""``twinsight doctor``: what this machine lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from app.cli.console import Console


def run(ctx: typer.Context) -> None:
    """Try each component and say what to do about those that are missing."""
    from app import composition

    composition.prepare_program()
    from app.cli.tables import doctor_document, doctor_parts
    from app.services.doctor import examine

    console: Console = ctx.obj
    folders = composition.user_folders()
    examination = examine(
        composition.segmenters(),
        rendering_probe=composition.RENDERING_PROBE,
        work_folder=Path.cwd(),
        writable_folders=(folders.cache, folders.logs, folders.settings),
    )
    console.finish(doctor_document(examination, console.wording), doctor_parts(examination, console.wording))
    if not examination.is_healthy:
        console.note("error.doctor.unhealthy", missing=", ".join(examination.missing()))
        raise typer.Exit(5)
