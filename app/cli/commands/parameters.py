"""Arguments that several commands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["CaseArgument", "PlanOption"]

CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="cli.argument.case")]
PlanOption = Annotated[str, typer.Option("--plan", metavar="NAME", help="cli.option.plan")]
