"""A batch: resumable, and no case stops the others."""

import csv
import json
import threading
from pathlib import Path

import pytest

from app.services.batch import BatchEvent, BatchRequest, BatchResult, run_batch
from app.services.batch_record import RecordStatus
from tests.app.services.batch_functions import process_by_content
from twin.errors import Cancelled, CaseFileError, InputError, UsageError
from twin.job import CancelSource, CancelToken


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def run(source: Path, events: list[BatchEvent] | None = None, cancel: CancelToken | None = None) -> BatchResult:
    heard = events if events is not None else []
    request = BatchRequest(source, source.parent / "out", n_jobs=2)
    return run_batch(request, process_by_content, listener=heard.append, cancel=cancel)


def calls(source: Path) -> list[str]:
    return sorted((source / "calls.log").read_text().split())


def states(result: BatchResult) -> dict[str, RecordStatus]:
    return {record.place: record.status for record in result.records}


def test_that_each_case_ends_by_itself_and_says_why(source: Path) -> None:
    for word in ("good", "fail", "label", "killed", "greedy", "defect"):
        (source / f"{word}.nii").write_text(word)
    result = run(source)
    assert states(result) == {
        "defect.nii": RecordStatus.FAILED,
        "fail.nii": RecordStatus.FAILED,
        "good.nii": RecordStatus.DONE,
        "greedy.nii": RecordStatus.FAILED,
        "killed.nii": RecordStatus.FAILED,
        "label.nii": RecordStatus.SKIPPED,
    }
    reasons = {record.place: record.message_id for record in result.records}
    assert reasons["killed.nii"] == "error.batch.killed"
    assert reasons["greedy.nii"] == "error.batch.memory"
    assert result.n_failed == 4
    assert result.summary_error().exit_code == 3
    assert reasons["defect.nii"] == "error.batch.defect"
    (log,) = (result.manifest.parent / "logs").iterdir()
    assert "ZeroDivisionError" in log.read_text()
    assert "Phantom" not in log.read_text()
    kept = [path.name for path in result.manifest.parent.glob("case-*")]
    assert kept == [record.name for record in result.records if record.place == "good.nii"]


def test_that_manifest_and_table_hold_every_case(source: Path) -> None:
    (source / "good.nii").write_text("good")
    (source / "fail.nii").write_text("fail")
    result = run(source)
    assert [case["status"] for case in json.loads(result.manifest.read_text())["cases"]] == ["failed", "done"]
    rows = list(csv.DictReader(result.table.read_text().splitlines()))
    assert [(row["study"], row["status"], row["liver_ml"]) for row in rows] == [
        ("fail.nii", "failed", ""),
        ("good.nii", "done", "1500.0"),
    ]
    assert rows[0]["reason"]
    assert rows[1]["not_found"] == "aorta"
    assert rows[1]["warnings"] == "a word"


def test_that_a_second_run_does_only_what_is_not_done(source: Path) -> None:
    (source / "good.nii").write_text("good")
    (source / "fail.nii").write_text("fail")
    (source / "label.nii").write_text("label")
    run(source)
    events: list[BatchEvent] = []
    result = run(source, events)
    assert calls(source) == ["fail.nii", "fail.nii", "good.nii", "label.nii"]
    assert {event.record.place for event in events if event.is_reused} == {"good.nii", "label.nii"}
    assert result.records[1].volumes_ml == {"liver": 1500.0}


def test_that_a_changed_study_is_done_again_beside_the_old_result(source: Path) -> None:
    (source / "good.nii").write_text("good")
    first = run(source).records[0]
    (source / "good.nii").write_text("good and longer")
    second = run(source).records[0]
    assert first.name != second.name
    assert (source.parent / "out" / first.name).is_dir()
    assert (source.parent / "out" / second.name).is_dir()


def test_that_what_a_killed_run_left_is_cleared_and_done_again(source: Path) -> None:
    (source / "good.nii").write_text("good")
    result = run(source)
    record = result.records[0]
    manifest = json.loads(result.manifest.read_text())
    manifest["cases"][0]["status"] = "running"
    result.manifest.write_text(json.dumps(manifest))
    left = source.parent / "out" / record.name / "left-behind"
    left.touch()
    assert states(run(source)) == {"good.nii": RecordStatus.DONE}
    assert calls(source) == ["good.nii", "good.nii"]
    assert not left.exists()


def test_that_a_stopped_batch_can_go_on(source: Path) -> None:
    (source / "a-good.nii").write_text("good")
    (source / "b-slow.nii").write_text("slow")
    cancel = CancelSource()
    done = threading.Event()

    def listen(event: BatchEvent) -> None:
        if event.record.status is RecordStatus.DONE:
            done.set()
        if event.progress is not None and event.record.place == "b-slow.nii":
            threading.Thread(target=lambda: (done.wait(60), cancel.cancel())).start()

    with pytest.raises(Cancelled) as caught:
        run_batch(
            BatchRequest(source, source.parent / "out", n_jobs=2), process_by_content, listener=listen,
            cancel=cancel.token,
        )  # fmt: skip
    assert (caught.value.exit_code, caught.value.parameters["finished"]) == (130, 1)
    manifest = json.loads((source.parent / "out" / "manifest.json").read_text())
    assert [case["status"] for case in manifest["cases"]] == ["done", "waiting"]
    (source / "b-slow.nii").write_text("good")
    assert set(states(run(source)).values()) == {RecordStatus.DONE}
    assert calls(source).count("a-good.nii") == 1


def test_that_two_batches_never_write_to_one_folder(source: Path) -> None:
    (source / "slow.nii").write_text("slow")
    cancel = CancelSource()
    running = threading.Event()
    request = BatchRequest(source, source.parent / "out")
    first = threading.Thread(target=_stopped_batch, args=(request, running, cancel.token))
    first.start()
    assert running.wait(60)
    with pytest.raises(CaseFileError) as caught:
        run(source)
    assert caught.value.message_id == "error.batch.running"
    cancel.cancel()
    first.join()


def _stopped_batch(request: BatchRequest, running: threading.Event, cancel: CancelToken) -> None:
    def listen(event: BatchEvent) -> None:
        if event.progress is not None:
            running.set()

    with pytest.raises(Cancelled):
        run_batch(request, process_by_content, listener=listen, cancel=cancel)


def test_that_a_wrong_batch_begins_nothing(source: Path) -> None:
    with pytest.raises(InputError):
        run(source)  # nothing to do
    with pytest.raises(InputError):
        run(source / "absent")
    (source / "good.nii").write_text("good")
    request = BatchRequest(source, source.parent / "out", cuts=("slice",))
    with pytest.raises(UsageError):
        run_batch(request, process_by_content, listener=lambda event: None)
    out = source.parent / "out"
    out.mkdir(exist_ok=True)
    (out / "manifest.json").write_text("{}")
    with pytest.raises(InputError) as caught:
        run(source)
    assert caught.value.message_id == "error.batch.bad_manifest"
    assert (out / "manifest.json").read_text() == "{}"
