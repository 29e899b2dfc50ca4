"""What is kept of a defect."""

from pathlib import Path

from app.services.crash_log import write_crash_log


def test_that_a_crash_log_says_where_and_never_who(tmp_path: Path) -> None:
    secret = "Dupont^Jeanne"
    try:
        try:
            raise KeyError(secret)
        except KeyError as inner:
            raise ValueError(f"no {secret} in {tmp_path}") from inner
    except ValueError as error:
        path = write_crash_log(error, tmp_path / "logs", doing="import")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "tests/app/services/test_crash_log.py" in text
    assert "doing: import" in text
    assert secret not in text
    assert str(tmp_path) not in text
    assert path.stat().st_mode & 0o077 == 0


def test_that_a_log_that_cannot_be_written_is_no_second_crash(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert write_crash_log(ValueError("x"), tmp_path / "file" / "logs", doing="import") is None
