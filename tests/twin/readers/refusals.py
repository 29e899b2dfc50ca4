"""How a refusal must look: typed, one line, worded in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError, SafetyRefusal
from twin.readers.study import read_study
from twin.wording import LANGUAGES, Wording


def check_is_one_clear_line(error: InputError | SafetyRefusal) -> None:
    for language in LANGUAGES:
        line = Wording(language).error(error)
        assert line != error.message_id
        assert "\n" not in line
        assert "{" not in line
        assert "term." not in line


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_study(path)
    check_is_one_clear_line(caught.value)
    assert caught.value.exit_code == 3
    return caught.value
