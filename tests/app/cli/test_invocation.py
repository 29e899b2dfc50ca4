"""What every command takes."""

import pytest

from app.cli.invocation import Invocation
from twin.errors import UsageError


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "fr_CA.UTF-8", "LANG": "en_GB.UTF-8"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_that_the_language_is_that_of_the_system(environment: dict[str, str], language: str) -> None:
    assert Invocation.from_arguments(["doctor"], environment).language == language


@pytest.mark.parametrize("words", [["--language", "fr"], ["--language=fr"]])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_that_common_options_stand_anywhere(words: list[str], place: int) -> None:
    line = ["segment", "A.twinsight"]
    line[place:place] = words
    invocation = Invocation.from_arguments([*line, "--json"], {})
    assert (invocation.arguments, invocation.language, invocation.is_json) == (("segment", "A.twinsight"), "fr", True)


def test_that_words_after_two_dashes_are_left_alone() -> None:
    invocation = Invocation.from_arguments(["segment", "--", "--json"], {})
    assert invocation.arguments == ("segment", "--", "--json")
    assert not invocation.is_json


def test_that_a_language_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        Invocation.from_arguments(["doctor", "--language", "de"], {}).check()
    assert caught.value.parameters["value"] == "de"
