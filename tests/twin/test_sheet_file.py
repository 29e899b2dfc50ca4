"""The file of a sheet: read to the last bit, refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twin.errors import TwinSightError
from twin.resection import SheetCut
from twin.sheet_file import read_sheet, write_sheet
from twin.wording import Wording

ROWS = [[[0.1, 0.2, 1 / 3], [10, 0, 0]], [[0, 10, 0], [10.5, 10, 2]]]
GOOD = {"format": "twinsight-sheet", "version": 1, "control_points_lps_mm": ROWS}


def test_that_a_sheet_comes_back_bit_by_bit(tmp_path: Path) -> None:
    cut = SheetCut((((0.1, 1 / 3, 2.0), (5.0, 0.0, 1e-7)), ((0.0, 7.0, 0.0), (5.0, 7.0, -3.25))))
    write_sheet(cut, tmp_path / "a.json")
    assert read_sheet(tmp_path / "a.json") == cut
    (tmp_path / "b.json").write_text(json.dumps(GOOD))
    assert read_sheet(tmp_path / "b.json").control_points_lps_mm[0][1] == (10.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        (None, "error.sheet.no_file"),
        ("", "error.sheet.no_json"),
        ("{]", "error.sheet.no_json"),
        ("[" * 100_000, "error.sheet.no_json"),
        ("[]", "error.sheet.bad_file"),
        ("{}", "error.sheet.bad_file"),
        (json.dumps({**GOOD, "version": 2}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "format": "other"}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "unit": "cm"}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "control_points_lps_mm": [[[0, 0], [1, 1]]]}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "control_points_lps_mm": [[["0", 0, 0]]]}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "control_points_lps_mm": [[[10**400, 0, 0]] * 2] * 2}), "error.sheet.bad_file"),
        (json.dumps({**GOOD, "control_points_lps_mm": []}), "error.sheet.bad_net"),
        (json.dumps({**GOOD, "control_points_lps_mm": ROWS[:1]}), "error.sheet.bad_net"),
        (json.dumps({**GOOD, "control_points_lps_mm": [ROWS[0], ROWS[0] * 2]}), "error.sheet.bad_net"),
        (json.dumps({**GOOD, "control_points_lps_mm": [ROWS[0] * 9] * 2}), "error.sheet.bad_net"),
        (json.dumps(GOOD).replace("10.5", "NaN"), "error.sheet.bad_point"),
        (json.dumps(GOOD).replace("10.5", "1e9"), "error.sheet.bad_point"),
    ],
)
def test_that_what_is_no_sheet_is_one_clear_line(tmp_path: Path, text: str | None, message_id: str) -> None:
    path = tmp_path / "cut.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TwinSightError) as refused:
        read_sheet(path)
    assert refused.value.message_id == message_id
    for language in ("en", "fr"):
        line = Wording(language).error(refused.value)
        assert "\n" not in line
        assert "{" not in line
        assert str(tmp_path) not in line
