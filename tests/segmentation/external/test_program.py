"""A program of others runs by itself, is heard, and ends at once with all it has started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segmentation.external.program import offline_environment, run_program
from tests.segmentation.external.stand_ins import ends, lives, program
from twin.errors import BackendUnavailable, Cancelled
from twin.job import CancelSource
from twin.wording import LANGUAGES, Wording

# Starts a child, and a grandchild that leads a session of its own, and tells who they are.
FAMILY = """
    child = subprocess.Popen(["sleep", "600"])
    away = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("pids", os.getpid(), child.pid, away.pid, flush=True)
    time.sleep(600)
"""


def _heard(command: list[str], folder: Path) -> list[str]:
    texts: list[str] = []
    run_program(command, environment=offline_environment(), folder=folder, on_text=texts.append)
    return texts


def test_that_lines_and_states_of_a_bar_are_heard(tmp_path: Path) -> None:
    path = program(tmp_path, "teller", "print('hello é')\nbar(10)\nbar(90)\nprint('end')")
    texts = _heard([str(path)], tmp_path)
    assert texts[0] == "hello é"
    assert list(dict.fromkeys(text[:4] for text in texts if "%|" in text)) == ["10%|", "90%|"]


def test_that_cancelling_kills_the_program_and_all_it_has_started(tmp_path: Path) -> None:
    source, pids = CancelSource(), list[int]()

    def on_text(text: str) -> None:
        if text.startswith("pids"):
            pids.extend(int(word) for word in text.split()[1:])
            source.cancel()

    with pytest.raises(Cancelled):
        run_program(
            [str(program(tmp_path, "family", FAMILY))],
            environment=offline_environment(),
            folder=tmp_path,
            on_text=on_text,
            cancel=source.token,
        )
    assert len(pids) == 3
    assert all(ends(pid) for pid in pids)


def test_that_the_program_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    path = program(tmp_path, "family", FAMILY)
    script = (
        "from pathlib import Path\n"
        "from segmentation.external.program import offline_environment, run_program\n"
        f"run_program([{str(path)!r}], environment=offline_environment(), folder=Path({str(tmp_path)!r}),\n"
        "    on_text=lambda text: print(text, flush=True))"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root) as starter:
        assert starter.stdout is not None
        pids = [int(word) for word in starter.stdout.readline().split()[1:]]
        starter.kill()
        starter.wait()
    assert all(ends(pid) for pid in pids[:2])  # who leads a session of its own is found by cancel only
    if lives(pids[2]):
        subprocess.run(["kill", "-9", str(pids[2])], check=False)


def test_that_a_program_that_fails_is_one_typed_error_with_its_last_line(tmp_path: Path) -> None:
    path = program(tmp_path, "failing", "print('loading')\nsys.exit('out of memory')")
    with pytest.raises(BackendUnavailable) as failed:
        _heard([str(path)], tmp_path)
    assert failed.value.parameters == {"program": "failing", "code": 1, "reason": "out of memory"}
    assert failed.value.__notes__ == ["loading\nout of memory"]
    for language in LANGUAGES:
        assert "out of memory" in Wording(language).error(failed.value)


def test_that_a_program_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable) as failed:
        _heard([str(tmp_path / "absent")], tmp_path)
    assert failed.value.parameters["code"] == 127


def test_that_a_program_killed_from_outside_is_a_failure(tmp_path: Path) -> None:
    path = program(tmp_path, "dying", "import signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(BackendUnavailable) as failed:
        _heard([str(path)], tmp_path)
    assert failed.value.parameters["code"] == 137


def test_that_an_error_of_the_listener_ends_the_program(tmp_path: Path) -> None:
    pids: list[int] = []

    def on_text(text: str) -> None:
        pids.extend(int(word) for word in text.split()[1:])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_program(
            [str(program(tmp_path, "family", FAMILY))],
            environment=offline_environment(),
            folder=tmp_path,
            on_text=on_text,
        )
    assert all(ends(pid) for pid in pids)


def test_that_a_program_cannot_fetch_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    body = """
        import urllib.request
        try:
            urllib.request.urlopen("http://example.org", timeout=20)
            print("fetched")
        except OSError as error:
            print("refused", error.reason)
    """
    texts = _heard([str(program(tmp_path, "fetching", body))], tmp_path)
    assert texts[-1].startswith("refused")
    assert "refused" in texts[-1].removeprefix("refused").lower()
