"""Bad input gives one clear line and the promised exit code; nothing is lost or half-written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.app.command_line import REPOSITORY, Ended, environment, started, twinsight
from tests.app.made_up_study import labelled_case_on_disk, study_on_disk
from tests.phantoms import small_phantom
from twin.store import CaseFolder

Prepare = Callable[[Path], Path]
InProcess = Callable[..., Ended]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> InProcess:
    """Run a command inside the process of the tests, whose logging it must not change."""
    from app.cli.main import exit_code_of

    monkeypatch.setattr("app.composition.prepare_program", lambda: None)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: object) -> Ended:
        code = exit_code_of([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(code, "" if code else captured.out, captured.err)

    return run


def text_named_dcm(folder: Path) -> Path:
    (folder / "scan").mkdir()
    (folder / "scan" / "image.dcm").write_text("this is a letter, not an image\n" * 100)
    return folder / "scan"


def empty_folder(folder: Path) -> Path:
    (folder / "scan").mkdir()
    return folder / "scan"


def absent_folder(folder: Path) -> Path:
    return folder / "scan"


def truncated_series(folder: Path) -> Path:
    """Every file ends in the middle of its pixels, as after a copy that was interrupted."""
    (folder / "scan").mkdir()
    for path in sorted((study_on_disk() / "study").iterdir())[:20]:
        content = path.read_bytes()
        (folder / "scan" / path.name).write_bytes(content[: len(content) // 2])
    return folder / "scan"


def two_patients(folder: Path) -> Path:
    (folder / "scan").mkdir()
    for number, path in enumerate(sorted((study_on_disk() / "study").iterdir())[:20]):
        image = pydicom.dcmread(path)
        if number >= 10:
            image.PatientID, image.PatientName = "OTHER-2", "Other^Phantom"
        image.save_as(folder / "scan" / path.name)
    return folder / "scan"


def zip_with_path_traversal(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "scan.zip", "w") as archive:
        for path in sorted((study_on_disk() / "study").iterdir())[:10]:
            archive.write(path, f"../../outside/{path.name}")
    return folder / "scan.zip"


def nifti_without_units(folder: Path) -> Path:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.zeros((20, 30, 40), np.int16))
    sitk.WriteImage(image, str(folder / "scan.nii"))
    content = bytearray((folder / "scan.nii").read_bytes())
    content[123] = 0  # xyzt_units of the header (NIfTI-1): unknown
    (folder / "scan.nii").write_bytes(content)
    return folder / "scan.nii"


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (text_named_dcm, 3),
        (empty_folder, 3),
        (absent_folder, 3),
        (truncated_series, 3),
        (two_patients, 7),
        (zip_with_path_traversal, 3),
        (nifti_without_units, 3),
    ],
)
def test_that_a_bad_scan_gives_one_line_and_no_case(
    prepare: Prepare, code: int, tmp_path: Path, in_process: InProcess
) -> None:
    scan = prepare(tmp_path)
    before = _files(tmp_path)
    ended = in_process("import", scan, "--case", tmp_path / "A.twinsight")
    assert_one_line(ended, code)
    assert _files(tmp_path) == before
    assert not (tmp_path.parent / "outside").exists()


def test_that_a_case_of_the_future_is_refused_untouched(tmp_path: Path, in_process: InProcess) -> None:
    case = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))
    manifest = json.loads((case / "manifest.json").read_text())
    manifest["schema"] = 999
    (case / "manifest.json").write_text(json.dumps(manifest))
    before = _contents(case)
    assert_one_line(twinsight("twin", case, "--json"), 6)
    for line in (["patient", case, "--sex", "f"], ["import", study_on_disk() / "study", "--case", case]):
        assert_one_line(in_process(*line), 6)
    assert _contents(case) == before


@pytest.mark.parametrize("content", [None, {}, {"letter.txt": "hello"}])
def test_that_what_is_no_case_is_refused_untouched(
    content: dict[str, str] | None, tmp_path: Path, in_process: InProcess
) -> None:
    case = tmp_path / "A.twinsight"
    if content is not None:
        case.mkdir()
        for name, text in content.items():
            (case / name).write_text(text)
    before = _files(tmp_path)
    assert_one_line(in_process("segment", case), 6)
    assert_one_line(in_process("purge", case, "--yes"), 6)
    assert _files(tmp_path) == before


@pytest.mark.slow
def test_that_a_scan_without_an_abdomen_is_no_defect(tmp_path: Path) -> None:
    from app.services.case_file import new_case
    from twin.edit import VolumesEdit
    from twin.phantom import PhantomRecipe, build_phantom

    with new_case(tmp_path / "A.twinsight") as session:
        session.do(VolumesEdit.adding(build_phantom(PhantomRecipe.limb()).volume))
    ended = twinsight("segment", tmp_path / "A.twinsight", "--json")
    if ended.code == 0:
        assert "liver" in ended.document["not_found"]
    else:
        assert_one_line(ended, 4)


def test_that_a_full_disk_leaves_the_case_as_it_was(tmp_path: Path) -> None:
    case = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))
    small = 300_000
    assert_one_line(
        _with_small_files(small, "import", study_on_disk() / "study", "--case", tmp_path / "B.twinsight"), 6
    )
    assert not (tmp_path / "B.twinsight").exists()
    ended = _with_small_files(small, "export", case, "--format", "nifti,stl", "--out", tmp_path / "out")
    assert_one_line(ended, 3)
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["A.twinsight"]
    with CaseFolder.open(case, read_only=True) as folder:
        folder.verify()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_that_a_really_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    with _mounted(tmp_path / "disk", "size=2m"):
        case = tmp_path / "disk" / "A.twinsight"
        assert_one_line(twinsight("import", study_on_disk() / "study", "--case", case, "--json"), 6)
        assert list((tmp_path / "disk").iterdir()) == []


def test_that_a_read_only_folder_is_named(tmp_path: Path, in_process: InProcess) -> None:
    closed = tmp_path / "closed"
    shutil.copytree(labelled_case_on_disk(), closed / "A.twinsight")
    with _read_only(closed):
        case = closed / "A.twinsight"
        assert_one_line(in_process("patient", case, "--sex", "f"), 6)
        assert in_process("patient", case).code == 0  # looking is allowed
        assert_one_line(in_process("import", study_on_disk() / "study", "--case", closed / "B.twinsight"), 6)
    case = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))
    with _read_only(closed):
        assert_one_line(in_process("export", case, "--format", "nifti", "--out", closed / "out"), 3)


def test_that_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    command = started("demo", "--small", "--out", tmp_path / "demo", "--json")
    deadline = time.monotonic() + 60
    while not (tmp_path / "demo").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=120)
    assert command.returncode == 130, err
    assert "Traceback" not in err
    assert json.loads(out)["error"]["message_id"] == "error.cancelled"


def test_that_a_defect_of_ours_is_said_and_logged_without_identity(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "import app.services.patient_facts as service\n"
        "def broken(*args): raise ZeroDivisionError('Phantom^TwinSight')\n"
        "service.set_patient_facts = broken\n"
        "from app.cli.main import main\n"
        "main(['patient', 'A.twinsight', '--json'])\n"
    )
    home = {name: str(tmp_path) for name in ("HOME", "XDG_STATE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env=environment(**home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_line(Ended(done.returncode, done.stdout, done.stderr), 1)
    (log,) = tmp_path.rglob("crash-*.log")
    assert str(log) in done.stderr
    assert "ZeroDivisionError" in log.read_text()
    assert "Phantom" not in log.read_text()
    assert "Phantom" not in done.stderr


def assert_one_line(ended: Ended, code: int) -> None:
    """One document, one line that names no catalogue key and shows no traceback, the promised code."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert "OTHER" not in ended.err
    assert len(ended.err.splitlines()) == 1, ended.err
    text = ended.err.strip()
    assert " " in text
    assert "{" not in text
    if ended.out:
        error = ended.document["error"]
        assert (error["exit_code"], error["text"]) == (code, text)
        assert error["message_id"] not in text


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _with_small_files(limit_bytes: int, *arguments: object) -> Ended:
    """Run a command that can write no file larger than this: each write fails as on a full disk."""
    line = [sys.executable, "-m", "app.cli.main", *map(str, arguments), "--json"]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    done = subprocess.run(
        line, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False, preexec_fn=limit
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only: by its rights, or for root, who may write everywhere, by a mount over itself."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    for line in (["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder]):
        if subprocess.run(line, capture_output=True, check=False).returncode != 0:
            subprocess.run(["umount", folder], capture_output=True, check=False)
            pytest.skip("this machine allows no mounts")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_that_the_phantom_of_these_tests_has_an_identity_to_leak() -> None:
    assert small_phantom().identity.name == "Phantom^TwinSight"
