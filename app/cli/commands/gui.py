"""``twinsight gui``: the workstation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.cli.console import Console


def run(
    ctx: typer.Context,
    path: Annotated[Path | None, typer.Argument(metavar="[CASE|SRC]", help="cli.gui.path")] = None,
) -> None:
    """Open the window; ends when it is closed."""
    from app import composition
    from twin.errors import InputError

    composition.prepare_program()
    console: Console = ctx.obj
    if path is not None and not path.exists():
        raise InputError("error.system.not_there", name=path.name)
    code = composition.run_workstation(path, console.wording.language)
    console.finish({"exit_code": code})
    raise typer.Exit(code)
