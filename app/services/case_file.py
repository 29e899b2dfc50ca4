"""A case opened for the length of one command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.services.case_session import CaseSession
from app.services.exports_made import supersede_exports
from twin.case import Case
from twin.errors import CaseFileError
from twin.store import CaseFolder

__all__ = ["case_read", "new_case", "opened_case"]


@contextmanager
def opened_case(path: Path) -> Iterator[CaseSession]:
    """Open a case to change it; what was done is saved when the block ends well.

    Exports that no longer show the case as it is are marked as superseded.

    Raises
    ------
    CaseFileError
        When it cannot be opened, or can only be read.
    """
    with CaseFolder.open(path) as folder:
        if folder.read_only_reason == "case.read_only.open_elsewhere":
            raise CaseFileError("error.case.open_elsewhere", path=str(path))
        if folder.is_read_only:
            raise CaseFileError("error.system.no_permission", name=path.name)
        session = _session(folder)
        yield session
        session.save()
        supersede_exports(folder)


@contextmanager
def new_case(path: Path) -> Iterator[CaseSession]:
    """Make a case; when the block fails nothing of it stays.

    Raises
    ------
    CaseFileError
        When something of that name exists or the place cannot be written.
    """
    folder = CaseFolder.create(path)
    try:
        with folder:
            session = _session(folder)
            yield session
            session.save()
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


@contextmanager
def case_read(path: Path) -> Iterator[Case]:
    """Open a case to look at it, also while it is open elsewhere."""
    with CaseFolder.open(path, read_only=True) as folder:
        yield folder.case


def _session(folder: CaseFolder) -> CaseSession:
    """A command is over too soon to undo anything or to save after a pause."""
    return CaseSession(folder, undo_budget_bytes=0, idle_save_s=None)
