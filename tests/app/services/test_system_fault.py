"""Refusals of the machine become one clear line."""

import errno

import pytest

from app.services.system_fault import error_of_system
from twin.wording import LANGUAGES, Wording


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(errno.ENOSPC, 6), (errno.EDQUOT, 6), (errno.EFBIG, 6), (errno.EROFS, 6), (errno.EACCES, 6), (errno.ENOENT, 3)],
)
def test_that_each_refusal_has_words_and_a_code(number: int, exit_code: int, language: str) -> None:
    error = error_of_system(OSError(number, "system text", "/some/where/report.pdf"))
    assert error is not None
    assert error.exit_code == exit_code
    words = Wording(language).error(error)
    assert "report.pdf" in words
    assert "/some" not in words


def test_that_an_unforeseen_refusal_stays_a_defect() -> None:
    assert error_of_system(OSError(errno.EBADF, "bad file descriptor")) is None


def test_that_missing_memory_is_explained() -> None:
    error = error_of_system(MemoryError())
    assert error is not None
    assert error.message_id == "error.system.out_of_memory"
