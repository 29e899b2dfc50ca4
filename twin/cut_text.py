"""A cut as the command line writes it: its stage, and the file of a sheet."""

from __future__ import annotations

from pathlib import Path

from twin.resection import Resection, parse_cut, write_cut
from twin.sheet_file import read_sheet

__all__ = ["read_staged_cut", "write_staged_cut"]

_STAGES = {"stage1:": 1, "stage2:": 2}
_SHEET = "sheet:"


def read_staged_cut(text: str) -> tuple[int, Resection]:
    """Read ``[stage1:|stage2:]CUT``, where CUT is that of :func:`twin.resection.parse_cut` or ``sheet:FILE``.

    Returns
    -------
    The stage, 1 where none is written, and the resection.

    Raises
    ------
    UsageError
        When the text is no cut.
    InputError
        When the file of a sheet cannot be used.

    Examples
    --------
    >>> stage, cut = read_staged_cut("stage2:H5678")
    >>> stage, write_staged_cut(stage, cut)
    (2, 'stage2:H5678')
    """
    stage = next((stage for sign, stage in _STAGES.items() if text.startswith(sign)), None)
    cut = text if stage is None else text.partition(":")[2]
    if cut.startswith(_SHEET):
        return stage or 1, read_sheet(Path(cut.removeprefix(_SHEET)))
    return stage or 1, parse_cut(cut)


def write_staged_cut(stage: int, resection: Resection) -> str:
    """Write a cut with its stage where that is the second."""
    return ("stage2:" if stage == 2 else "") + write_cut(resection)
