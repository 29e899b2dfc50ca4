"""What the machine has, found out by trying."""

from pathlib import Path

from app.services.doctor import Check, Examination, examine
from tests.app.services.test_segment_case import ToldSegmenter


def by_id(examination: Examination, check_id: str) -> Check:
    return next(check for check in examination.checks if check.id == check_id)


def test_that_a_probe_that_crashes_is_a_component_that_is_missing(tmp_path: Path) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    examination = examine(
        [ToldSegmenter(is_available=False)],
        rendering_probe=crash,
        work_folder=tmp_path,
        writable_folders=(tmp_path / "cache",),
    )
    rendering = by_id(examination, "rendering")
    assert (rendering.is_ok, rendering.detail, rendering.advice_id) == (False, "signal 11", "doctor.advice.rendering")
    assert "rendering" in examination.missing()
    assert not examination.is_healthy
    segmenter = by_id(examination, "segmenter")
    assert (segmenter.is_ok, segmenter.advice_id) == (False, "error.segment.none_available")
    assert by_id(examination, "threads").detail == "omp"
    assert by_id(examination, "folder").is_ok
    assert len([check for check in examination.checks if check.id == "codec"]) == 5


def test_that_what_only_some_exports_need_does_not_make_a_machine_ill() -> None:
    checks = (Check("ffmpeg", False, False), Check("rendering", True, True))
    assert Examination(checks, {}).is_healthy
