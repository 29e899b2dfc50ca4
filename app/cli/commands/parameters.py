"""Arguments that several commands share, declared once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["CaseArgument", "PlanOption", "Scanner", "Units"]

CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="cli.argument.case")]
PlanOption = Annotated[str, typer.Option("--plan", metavar="NAME", help="cli.option.plan")]


class Units(StrEnum):
    """Units of length that a person can state; as in the readers, which are not loaded for a help page."""

    MM = "mm"
    M = "m"
    UM = "um"


class Scanner(StrEnum):
    """Kinds of scanner that a person can state."""

    CT = "CT"
    MR = "MR"
