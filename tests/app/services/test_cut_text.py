"""A cut with its stage, and the file of a sheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.services.batch import _cut_content
from twin.cut_text import read_staged_cut, write_staged_cut
from twin.errors import InputError, UsageError
from twin.resection import SheetCut, parse_cut
from twin.sheet_file import write_sheet

SHEET = SheetCut((((0.0, 0.0, 0.0), (0.0, 50.0, 0.0)), ((0.0, 0.0, 50.0), (1.0, 50.0, 50.0))))


@pytest.mark.parametrize("text", ["stage2:H5678", "H5678", "stage2:embolised:portal.right"])
def test_that_a_cut_keeps_its_stage(text: str) -> None:
    assert write_staged_cut(*read_staged_cut(text)) == text
    assert read_staged_cut("stage1:H5") == (1, parse_cut("H5"))
    with pytest.raises(UsageError):
        read_staged_cut("stage3:H5")


def test_that_a_sheet_is_read_from_its_file_in_both_stages(tmp_path: Path) -> None:
    write_sheet(SHEET, tmp_path / "a.json")
    assert read_staged_cut(f"sheet:{tmp_path / 'a.json'}") == (1, SHEET)
    assert read_staged_cut(f"stage2:sheet:{tmp_path / 'a.json'}") == (2, SHEET)
    with pytest.raises(InputError):
        read_staged_cut(f"sheet:{tmp_path / 'b.json'}")


def test_that_a_batch_tells_sheets_apart_by_their_points_not_by_their_file(tmp_path: Path) -> None:
    moved = SheetCut((SHEET.control_points_lps_mm[0], ((0.0, 0.0, 50.0), (2.0, 50.0, 50.0))))
    for name, sheet in (("a", SHEET), ("b", SHEET), ("c", moved)):
        write_sheet(sheet, tmp_path / f"{name}.json")
    same, other, different = (_cut_content(f"sheet:{tmp_path / name}.json") for name in "abc")
    assert same == other != different
    assert _cut_content("H5678") == "H5678"
