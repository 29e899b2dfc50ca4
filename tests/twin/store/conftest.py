"""Fixtures of the tests of the store."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def quick_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flushes return at once: for tests that open, write and fail hundreds of times but cut no power."""
    monkeypatch.setattr(os, "fsync", lambda file: os.fstat(file))
