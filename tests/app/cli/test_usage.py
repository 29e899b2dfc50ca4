"""Help pages, versions and lines that are wrong."""

import json
import re
import subprocess
import sys

import pytest

from app.cli.commands import COMMANDS
from tests.app.command_line import REPOSITORY, environment, twinsight
from twin.wording import LANGUAGES, NOT_A_DEVICE, Wording

HEAVY = ("vtkmodules", "numba", "SimpleITK", "PySide6", "scipy", "pydicom", "weasyprint")


@pytest.fixture(autouse=True)
def _no_technical_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """These commands run inside the process of the tests, whose logging they must not change."""
    monkeypatch.setattr("app.composition.prepare_program", lambda: None)


def in_process(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    from app.cli.main import exit_code_of

    code = exit_code_of(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_that_the_first_help_page_loads_no_heavy_library() -> None:
    script = (
        "import sys; from app.cli.main import exit_code_of; code = exit_code_of(['--help'])\n"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "assert not loaded, loaded\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_that_every_help_page_is_worded(command: str, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [command] if command else []
    code, out, err = in_process(capsys, *words, "--help", "--language", language)
    assert (code, err) == (0, "")
    assert re.findall(r"\b(?:cli|error|notice)\.[a-z_.]+", out) == []
    assert "--json" in out
    assert "--language fr|en" in out
    if not command:
        assert all(re.search(rf"^  {name}\s", out, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_the_version_carries_the_notice(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = in_process(capsys, "--version", "--language", language)
    assert code == 0
    assert Wording(language).text(NOT_A_DEVICE) in out


@pytest.mark.parametrize(
    "line",
    [
        ["no-such-command"],
        ["segment"],
        ["segment", "A", "B"],
        ["segment", "A", "--no-such-option"],
        ["patient", "A", "--height-cm", "tall"],
        ["patient", "A", "--height-cm"],
        ["patient", "A", "--sex", "x"],
        ["import", "scan"],
        ["import", "--case", "A"],
        ["import", "scan", "--case", "A", "--organ", "liver"],
        ["plan", "A"],
        ["plan", "A", "--name", "P"],
        ["plan", "A", "--list", "--name", "P", "--cut", "total"],
        ["plan", "A", "--confirm", "liver"],
        ["plan", "A", "--by", "me"],
        ["plan", "A", "--propose", "many"],
        ["simulate", "A"],
        ["export", "A"],
        ["batch", "A", "--out", "B", "--jobs", "-1"],
        ["batch", "A", "--out", "B", "--cut", "slice"],
        ["doctor", "--language", "de"],
    ],
)
def test_that_a_wrong_line_gives_one_line_and_code_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = in_process(capsys, *line, "--language", "fr")
    if line == ["doctor", "--language", "de"]:
        code, out, err = in_process(capsys, *line)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "error." not in err
    assert "Traceback" not in err


def test_that_with_json_a_failure_is_one_document_on_standard_output() -> None:
    ended = twinsight("patient", "A.twinsight", "--sex", "x", "--json", "--language", "en")
    assert ended.code == 2
    error = json.loads(ended.out)["error"]
    assert (error["message_id"], error["exit_code"]) == ("error.usage.not_accepted", 2)
    assert error["text"] == ended.err.strip()


def test_that_a_reader_that_goes_away_is_no_defect() -> None:
    """As in ``twinsight doctor | head -1``."""
    line = f"{sys.executable} -m app.cli.main --help | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; for n in 1 2 3; do {line}; done"],
        cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert "Traceback" not in done.stdout


def test_that_a_second_ctrl_c_still_answers_with_a_document() -> None:
    script = (
        "import app.services.patient_facts as service\n"
        "def stopped(*args): raise KeyboardInterrupt\n"
        "service.set_patient_facts = stopped\n"
        "from app.cli.main import main\n"
        "main(['patient', 'A.twinsight', '--json'])\n"
    )
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert json.loads(done.stdout)["error"]["message_id"] == "error.cancelled"
