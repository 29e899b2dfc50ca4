"""The file of a sheet: its control points as JSON, written by the window, read by the command line.

``{"format": "twinsight-sheet", "version": 1, "control_points_lps_mm": [[[x, y, z], ...], ...]}``: rows of points in
DICOM patient space, millimetres. Nothing else belongs in it, so that a file drawn by another program can be checked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, ValidationError

from twin.errors import InputError
from twin.resection import SheetCut

__all__ = ["read_sheet", "write_sheet"]

_FORMAT = "twinsight-sheet"
_LARGEST_FILE_BYTES = 1_000_000  # 16 x 16 points take a hundredth of it

_Number = StrictFloat | StrictInt
_Point = Annotated[list[_Number], Field(min_length=3, max_length=3)]


class _SheetFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["twinsight-sheet"]
    version: Literal[1]
    control_points_lps_mm: list[list[_Point]]


def read_sheet(path: Path) -> SheetCut:
    """Read a sheet from its file.

    Raises
    ------
    InputError
        ``error.sheet.no_file`` when it cannot be read, ``error.sheet.no_json`` with the line where it is no JSON,
        ``error.sheet.bad_file`` with the entry that is not as described.
    UsageError
        As :class:`twin.resection.SheetCut`.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise InputError("error.sheet.bad_file", file=path.name, entry="-")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("error.sheet.no_file", file=path.name) from error
    except json.JSONDecodeError as error:
        raise InputError("error.sheet.no_json", file=path.name, line=error.lineno) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError("error.sheet.no_json", file=path.name, line=1) from error
    try:
        content = _SheetFile.model_validate(data)
    except ValidationError as error:
        entry = ".".join(str(part) for part in error.errors()[0]["loc"]) or "-"
        raise InputError("error.sheet.bad_file", file=path.name, entry=entry) from error
    rows = content.control_points_lps_mm
    try:
        return SheetCut(tuple(tuple((float(x), float(y), float(z)) for x, y, z in row) for row in rows))
    except OverflowError as error:  # a whole number too large for any machine
        raise InputError("error.sheet.bad_file", file=path.name, entry="control_points_lps_mm") from error


def write_sheet(cut: SheetCut, path: Path) -> None:
    """Write a sheet to a file that :func:`read_sheet` reads back to the last bit."""
    rows = [[list(point) for point in row] for row in cut.control_points_lps_mm]
    document = {"format": _FORMAT, "version": 1, "control_points_lps_mm": rows}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
