"""Typed errors."""

from __future__ import annotations

import pickle

import pytest

from twin import errors
from twin.errors import Cancelled, InputError, TwinSightError

KINDS = {
    errors.TwinSightError: 1,
    errors.UsageError: 2,
    errors.InputError: 3,
    errors.GeometryError: 4,
    errors.BackendUnavailable: 5,
    errors.CaseFileError: 6,
    errors.SafetyRefusal: 7,
    errors.Cancelled: 130,
}


def test_that_every_error_has_its_exit_code() -> None:
    assert {getattr(errors, name) for name in errors.__all__} == set(KINDS)
    assert {kind: kind.exit_code for kind in KINDS} == KINDS


@pytest.mark.parametrize("kind", list(KINDS))
def test_that_an_error_travels_between_processes(kind: type[TwinSightError]) -> None:
    error = kind("error.example", path="scan", count=3)
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is kind
    assert (found.message_id, found.parameters) == ("error.example", {"path": "scan", "count": 3})


def test_that_an_error_reads_in_a_log_without_words() -> None:
    assert str(InputError("error.example", path="scan", count=3)) == "error.example (path=scan, count=3)"
    assert str(InputError("error.example")) == "error.example"


def test_that_a_cancelled_job_needs_no_message() -> None:
    assert pickle.loads(pickle.dumps(Cancelled())).message_id == "error.cancelled"
