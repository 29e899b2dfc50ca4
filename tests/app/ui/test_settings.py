"""What the window remembers, and what it does when its memory is damaged."""

from pathlib import Path

import pytest

from app.ui.settings import Settings, read_settings, write_settings


def test_that_settings_come_back(tmp_path: Path) -> None:
    settings = Settings("fr", "light", ("a", "b"), "folder", "Dr Test")
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings


@pytest.mark.parametrize("text", ["", "[]", "{", '{"recent": 3}', '{"language": 5}'])
def test_that_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "window.json").write_text(text, encoding="utf-8")
    assert read_settings(tmp_path) == Settings()


def test_that_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    write_settings(tmp_path / "file" / "settings", Settings("fr"))


def test_that_the_newest_case_is_first_and_each_is_listed_once() -> None:
    settings = Settings()
    for number in (1, 2, 1, *range(3, 12)):
        settings = settings.with_recent(Path(f"case-{number}"))
    assert settings.recent[0] == "case-11"
    assert len(settings.recent) == len(set(settings.recent)) == 8


def test_that_cases_that_are_gone_are_not_listed(tmp_path: Path) -> None:
    assert list(Settings(recent=(str(tmp_path / "gone"),)).recent_cases()) == []
