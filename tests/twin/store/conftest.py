"""Fixtures of the tests of the store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.twin.store.case_examples import full_edits
from twin.store import CaseFolder


@pytest.fixture
def full_path(tmp_path: Path) -> Path:
    """A saved case that holds something of every kind."""
    path = tmp_path / "full.twinsight"
    with CaseFolder.create(path, "full") as folder:
        for edit in full_edits(folder.case):
            folder.apply(edit)
    return path


@pytest.fixture
def quick_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flushes return at once: for tests that open, write and fail hundreds of times but cut no power."""
    monkeypatch.setattr(os, "fsync", lambda file: os.fstat(file))
