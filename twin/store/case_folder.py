"""A case on the disk, ``NAME.twinsight/``: opened, edited, committed and closed without ever losing a told edit."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import Edit, VoxelEdit
from twin.errors import CaseFileError
from twin.store import migration
from twin.store.audit_log import EXPORT_ACTION, AuditEntry, AuditLog
from twin.store.blobs import BlobFolder
from twin.store.case_lock import CaseLock
from twin.store.case_reader import (
    RECORD,
    Recovery,
    StoredCase,
    journal_path,
    read_case,
    read_identity,
    write_identity,
)
from twin.store.case_record import case_to_record
from twin.store.durable_file import read_whole, remove_partial_files, sync_folder, write_whole, writing
from twin.store.edit_record import blob_names, edit_to_bytes
from twin.store.journal import Journal, read_journal
from twin.store.manifest import Manifest
from twin.store.removal import purge
from twin.store.working_buffer import WorkingBuffer

__all__ = ["CaseFolder"]

_PRIVATE = 0o700
_FOLDERS = ("blobs", "history", "journal", "cache")
_N_TRIES = 5


class CaseFolder:
    """An open case folder. Use :meth:`create` or :meth:`open`, and close it (or use it in a ``with`` statement).

    Every change is an edit given to :meth:`apply`: when that returns, the edit survives the death of the process.
    :meth:`commit` folds the edits into blobs and a new manifest. Safe to call from several threads.

    Examples
    --------
    >>> import tempfile
    >>> from twin.edit import FactsEdit
    >>> from twin.patient import FactOrigin, PatientFacts
    >>> facts = PatientFacts().with_fact("weight_kg", 70, FactOrigin.ENTERED, "2026-01-02")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "example.twinsight"
    ...     with CaseFolder.create(path) as opened:
    ...         _ = opened.apply(FactsEdit(facts))
    ...     with CaseFolder.open(path) as opened:
    ...         opened.case.facts.number("weight_kg")
    70.0
    """

    def __init__(self, path: Path, lock: CaseLock | None, read_only_reason: str | None) -> None:
        self.path = path
        self.blobs = BlobFolder(path / "blobs")
        self.audit_log = AuditLog(path / "audit.log")
        self._guard = threading.RLock()
        self._lock = lock
        self._read_only_reason = read_only_reason
        self._buffers: dict[LayerName, WorkingBuffer] = {}
        self._is_closed = False
        stored = self._read()
        self._manifest, self._case, self._recovery = stored.manifest, stored.case, stored.recovery
        self._journal = Journal(self._journal_path, stored.manifest.sha256, stored.journal)
        if not self.is_read_only:
            self._tidy_up()
            if stored.manifest.schema < migration.SCHEMA:
                self._write_generation()

    @classmethod
    def create(cls, path: str | os.PathLike[str], case_id: str | None = None) -> CaseFolder:
        """Make a new, empty case and open it. The folder appears whole or not at all.

        Raises
        ------
        CaseFileError
            When something of that name exists (``error.case.exists``) or the place cannot be written.
        """
        path = Path(path)
        if path.exists() or path.is_symlink():
            raise CaseFileError("error.case.exists", path=str(path))
        staging = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
        try:
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                staging.mkdir(mode=_PRIVATE)
                _write_first_generation(staging, Case(case_id or uuid.uuid4().hex))
                if path.exists():
                    raise CaseFileError("error.case.exists", path=str(path))
                os.rename(staging, path)
                sync_folder(path.parent)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> CaseFolder:
        """Open a case. Where another process writes to it, or nobody can, it is opened read-only and says so.

        Raises
        ------
        CaseFileError
            When it is no case, is damaged, or was written by a newer program; it is then left untouched.
        """
        path = Path(path)
        Manifest.read(path)
        if read_only:
            return cls(path, None, "case.read_only.asked")
        lock = CaseLock(path / "lock")
        try:
            if not lock.is_taken():
                return cls(path, None, "case.read_only.open_elsewhere")
        except OSError:
            return cls(path, None, "case.read_only.not_writable")
        try:
            return cls(path, lock, None)
        except BaseException:
            lock.release()
            raise

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self._case

    @property
    def recovery(self) -> Recovery:
        """What opening found in the journal."""
        return self._recovery

    @property
    def is_read_only(self) -> bool:
        """True when nothing can be changed; see :attr:`read_only_reason`."""
        return self._read_only_reason is not None

    @property
    def read_only_reason(self) -> str | None:
        """Message id of why nothing can be changed, or None."""
        return self._read_only_reason

    @property
    def is_closed(self) -> bool:
        """True once :meth:`close` was called."""
        return self._is_closed

    @property
    def generation(self) -> int:
        """Number of the last commit."""
        return self._manifest.generation

    @property
    def is_dirty(self) -> bool:
        """True when edits wait in the journal for the next commit. They are safe all the same."""
        return self._journal.n_records > 0

    @property
    def journal_n_bytes(self) -> int:
        """Size of the journal since the last commit."""
        return self._journal.n_bytes

    @property
    def cache_folder(self) -> Path:
        """Folder for what can be computed again; it may vanish at any time."""
        return self.path / "cache"

    def apply(self, edit: Edit) -> Case:
        """Apply an edit, write it to the journal and flush that; return the changed case.

        Raises
        ------
        TwinSightError
            When the edit does not fit the case (the edit says why).
        CaseFileError
            When it cannot be written. The case is then as before; where the folder can no longer be written
            safely, it has become read-only.
        """
        with self._guard:
            self._require_writable()
            changed = edit.apply(self._case)
            payload = edit_to_bytes(edit, self.blobs)
            try:
                self._journal.append(payload)
            except CaseFileError as error:
                if error.message_id == "error.case.journal_stuck":
                    self._read_only_reason = "case.read_only.write_failed"
                raise
            self._case = changed
            for name, buffer in self._buffers.items():
                buffer.follow(changed, _changed_box(edit, name))
            return changed

    def commit(self) -> None:
        """Fold the journal into blobs and make a new generation; nothing happens when there are no edits.

        Raises
        ------
        CaseFileError
            When it cannot be written. The generation before and its journal are then intact.
        """
        with self._guard:
            self._require_writable()
            if self.is_dirty:
                self._write_generation()

    def working_buffer(self, layer_name: LayerName) -> WorkingBuffer:
        """Return the mutable voxels of a layer; one buffer per layer, made at first use.

        Raises
        ------
        InputError
            When the case has neither a scan nor labels.
        """
        with self._guard:
            if layer_name not in self._buffers:
                self._buffers[layer_name] = WorkingBuffer(self._case, layer_name)
            return self._buffers[layer_name]

    def audit(self, action: str, **details: object) -> None:
        """Write who did what, and when, into the audit log of the case.

        Raises
        ------
        CaseFileError
            When it cannot be written.
        """
        with self._guard:
            self.audit_log.append(action, self._case.identity.patient_id, details)

    def audit_entries(self) -> tuple[AuditEntry, ...]:
        """Return the audit log, oldest entry first.

        Raises
        ------
        CaseFileError
            When it cannot be read.
        """
        return self.audit_log.entries()

    def record_export(self, folder: str | os.PathLike[str], **details: object) -> None:
        """Note in the audit log that something of this case was written to ``folder``: a purge lists it."""
        self.audit(EXPORT_ACTION, folder=str(Path(folder).absolute()), **details)

    def verify(self) -> None:
        """Read everything that the case needs and compare it with its hash.

        Raises
        ------
        CaseFileError
            Names the first file that is missing or damaged.
        """
        with self._guard:
            manifest = Manifest.read(self.path)
            for blob in manifest.objects.values():
                self.blobs.verify(blob.name)
            read_identity(self.path)
            path = journal_path(self.path, manifest.generation)
            content = read_journal(path, manifest.sha256)
            if content.is_damaged:
                raise CaseFileError("error.case.damaged", path=str(path))
            for payload in content.payloads:
                for name in blob_names(payload):
                    self.blobs.verify(name)

    @staticmethod
    def purge(path: str | os.PathLike[str]) -> tuple[AuditEntry, ...]:
        """Remove the case at ``path`` for good; see :func:`twin.store.removal.purge`."""
        return purge(path)

    def close(self) -> None:
        """Commit, remove blobs that no generation uses, and let go of the lock. Closing twice does nothing.

        Raises
        ------
        CaseFileError
            When the commit cannot be written; the folder is closed all the same and its journal keeps the edits.
        """
        with self._guard:
            if self._is_closed:
                return
            try:
                if not self.is_read_only:
                    self.commit()
                    self._collect()
            finally:
                self._is_closed = True
                self._journal.close()
                self._buffers.clear()
                if self._lock is not None:
                    self._lock.release()

    def __enter__(self) -> CaseFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        with suppress(CaseFileError):  # the first error is the one to tell
            self.close()

    @property
    def _journal_path(self) -> Path:
        return journal_path(self.path, self._manifest.generation)

    def _read(self) -> StoredCase:
        """Read the case; a reader that meets a commit of the writer begins again."""
        for _ in range(_N_TRIES):
            manifest = Manifest.read(self.path)
            try:
                return read_case(self.path, self.blobs)
            except CaseFileError:
                if not self.is_read_only or Manifest.read(self.path).sha256 == manifest.sha256:
                    raise
        raise CaseFileError("error.case.busy", path=str(self.path))

    def _require_writable(self) -> None:
        if self._is_closed:
            raise CaseFileError("error.case.closed", path=str(self.path))
        if self._read_only_reason is not None:
            raise CaseFileError("error.case.read_only", path=str(self.path))

    def _tidy_up(self) -> None:
        """Remove what a killed process left, and keep a damaged journal aside before it is written over."""
        if self._recovery.is_damaged:
            aside = self._journal_path.with_suffix(f".damaged-{uuid.uuid4().hex[:8]}")
            write_whole(aside, [read_whole(self._journal_path)])
        if self._recovery.n_dropped_bytes:
            self._journal.drop_rest()
        for folder in (self.path, *(self.path / name for name in _FOLDERS)):
            remove_partial_files(folder)
        for path in (self.path / "journal").glob("*.log"):
            if path != self._journal_path:
                with suppress(OSError):
                    path.unlink()

    def _write_generation(self) -> None:
        before = self._manifest
        record, objects = case_to_record(self._case, self.blobs)
        objects[RECORD] = self.blobs.put_json(record)
        write_identity(self.path, self._case.identity)
        manifest = Manifest.of(self._case.id, before.generation + 1, objects)
        try:
            manifest.write(self.path, before)
        except CaseFileError:
            if not self._is_current(before):
                # The new manifest is in place but may not outlive a power cut: edits written behind it could be
                # lost with it, edits written behind the old one would be. Neither is risked.
                self._read_only_reason = "case.read_only.write_failed"
            raise
        self._journal.close()
        with suppress(OSError):
            self._journal.path.unlink(missing_ok=True)
        self._manifest = manifest
        self._journal = Journal(self._journal_path, manifest.sha256)

    def _is_current(self, manifest: Manifest) -> bool:
        try:
            return Manifest.read(self.path).sha256 == manifest.sha256
        except CaseFileError:
            return False

    def _collect(self) -> None:
        generations = (self._manifest, *Manifest.read_history(self.path))
        used = {blob.name for manifest in generations for blob in manifest.objects.values()}
        self.blobs.collect(used.__contains__)


def _write_first_generation(folder: Path, case: Case) -> None:
    for name in _FOLDERS:
        (folder / name).mkdir(mode=_PRIVATE)
    blobs = BlobFolder(folder / "blobs")
    record, objects = case_to_record(case, blobs)
    objects[RECORD] = blobs.put_json(record)
    write_identity(folder, case.identity)
    Manifest.of(case.id, 1, objects).write(folder, None)


def _changed_box(edit: Edit, layer_name: LayerName) -> Box | None:
    """Box in which a layer differs after an edit, where that is known."""
    return edit.box if isinstance(edit, VoxelEdit) and edit.layer is layer_name else None
