"""Weights are compared with what is known of them before they are used."""

import hashlib
import json
from pathlib import Path

import pytest

from segmentation.external.weights import checked_weights
from twin.errors import BackendUnavailable, Cancelled
from twin.job import CancelSource


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model" / "fold_0" / "weights.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    return path


def _checked(weights: Path) -> dict[str, str]:
    return checked_weights(weights.parents[1], (weights,), weights.parents[2] / "settings" / "weights.json")


def _refused(weights: Path) -> BackendUnavailable:
    with pytest.raises(BackendUnavailable) as refused:
        _checked(weights)
    return refused.value


def test_that_checksums_are_remembered_at_first_use_and_compared_later(weights: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    assert _checked(weights) == {"fold_0/weights.pth": digest}
    assert _checked(weights) == {"fold_0/weights.pth": digest}
    weights.write_bytes(b"weightz")
    error = _refused(weights)
    assert (error.message_id, error.parameters["file"]) == ("error.external.weights_changed", "fold_0/weights.pth")


def test_that_a_list_beside_the_weights_counts_from_the_first_use(weights: Path) -> None:
    folder = weights.parents[1]
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(b'weights').hexdigest()} *./fold_0/weights.pth\n")
    _checked(weights)
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  fold_0/weights.pth\n")
    assert _refused(weights).message_id == "error.external.weights_changed"


def test_that_a_checksum_beside_one_file_counts(weights: Path) -> None:
    weights.with_name("weights.pth.sha256").write_text("0" * 64)
    assert _refused(weights).message_id == "error.external.weights_changed"


def test_that_a_missing_file_and_a_damaged_record_are_said(weights: Path) -> None:
    _checked(weights)
    record = weights.parents[2] / "settings" / "weights.json"
    assert json.loads(record.read_text())
    record.write_text("{")
    assert _refused(weights).message_id == "error.external.record_damaged"
    record.unlink()
    weights.unlink()
    assert _refused(weights).message_id == "error.external.weights_missing"


def test_that_checking_can_be_cancelled(weights: Path) -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        checked_weights(weights.parents[1], (weights,), weights.parents[2] / "weights.json", source.token)
