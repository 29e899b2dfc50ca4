"""The journal of one generation: edits as records that are on the disk before anyone is told they are done.

The file begins with a header (magic bytes, the hash of the manifest it follows, a checksum). Each record is its
length, a checksum over its number, length and payload, and the payload. A record is acknowledged once ``fsync`` has
returned; a record that is not whole was never acknowledged.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from twin.errors import CaseFileError
from twin.store.durable_file import read_whole, sync_folder, write_all, writing

__all__ = ["Journal", "JournalContent", "is_begun", "read_journal"]

log = logging.getLogger(__name__)

_MAGIC = b"TWJ1"
_HEADER = struct.Struct("<4s32sI")  # magic, manifest hash, checksum of both
_RECORD = struct.Struct("<QI")  # length of the payload, checksum of number, length and payload
_NUMBER = struct.Struct("<QQ")
_LONGEST_PAYLOAD = 1 << 40


@dataclass(frozen=True)
class JournalContent:
    """What a journal holds.

    Parameters
    ----------
    payloads
        The whole records, in order.
    n_sound_bytes
        Where the last whole record ends.
    n_dropped_bytes
        Bytes after it.
    is_damaged
        True when what follows is not just one record cut short: something that was on the disk has changed.
    """

    payloads: tuple[bytes, ...] = ()
    n_sound_bytes: int = 0
    n_dropped_bytes: int = 0
    is_damaged: bool = False


def is_begun(path: Path) -> bool:
    """Tell whether a journal holds anything beside its header; absent or empty it holds nothing."""
    return path.is_file() and path.stat().st_size > _HEADER.size


def read_journal(path: Path, manifest_sha256: str) -> JournalContent:
    """Read the whole records of a journal; an absent file is an empty journal.

    Raises
    ------
    CaseFileError
        When it cannot be read, or belongs to another manifest (``error.case.journal_foreign``).
    """
    if not path.exists():
        return JournalContent()
    content = read_whole(path)
    if len(content) < _HEADER.size:
        return JournalContent(n_dropped_bytes=len(content))  # killed while it was begun: nothing was acknowledged
    magic, owner, checksum = _HEADER.unpack_from(content)
    if magic != _MAGIC or checksum != zlib.crc32(content[: _HEADER.size - 4]):
        return JournalContent(n_dropped_bytes=len(content), is_damaged=len(content) > _HEADER.size)
    if owner != bytes.fromhex(manifest_sha256):
        raise CaseFileError("error.case.journal_foreign", path=str(path))
    payloads: list[bytes] = []
    position = _HEADER.size
    while (end := _record_end(content, position, len(payloads))) is not None:
        payloads.append(content[position + _RECORD.size : end])
        position = end
    is_damaged = _is_damaged(content, position)
    return JournalContent(tuple(payloads), position, len(content) - position, is_damaged)


class Journal:
    """Appends records to the journal of one generation.

    Parameters
    ----------
    path
        The file; made at the first record.
    manifest_sha256
        Hash of the manifest that the edits follow.
    content
        What :func:`read_journal` found there; anything after its last whole record is cut off.
    """

    def __init__(self, path: Path, manifest_sha256: str, content: JournalContent | None = None) -> None:
        self.path = path
        self.n_records = len(content.payloads) if content else 0
        self.n_bytes = content.n_sound_bytes if content else 0
        self._manifest_sha256 = manifest_sha256
        self._file: int | None = None

    def append(self, payload: bytes) -> None:
        """Append a record and flush it to the disk; when this returns the record is acknowledged.

        Raises
        ------
        CaseFileError
            When it cannot be written. The journal then ends where it ended before; where even that cannot be
            ensured, ``error.case.journal_stuck`` says so and nothing may be appended any more.
        """
        try:
            with writing(self.path):
                file = self._opened()
                write_all(file, _record(payload, self.n_records))
                os.fsync(file)
        except CaseFileError as error:
            self._cut_back(error)
            raise
        self.n_records += 1
        self.n_bytes += _RECORD.size + len(payload)

    def drop_rest(self) -> None:
        """Cut off what follows the last whole record.

        Raises
        ------
        CaseFileError
            When it cannot be written.
        """
        with writing(self.path):
            os.fsync(self._opened())

    def close(self) -> None:
        """Close the file; nothing is written."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        """Return the file, positioned at the end of the last whole record; begin it where there is none yet."""
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, self.n_bytes)
        os.lseek(self._file, self.n_bytes, os.SEEK_SET)
        if self.n_bytes == 0:
            header = _HEADER.pack(_MAGIC, bytes.fromhex(self._manifest_sha256), 0)[:-4]
            write_all(self._file, header + struct.pack("<I", zlib.crc32(header)))
            os.fsync(self._file)
            sync_folder(self.path.parent)
            self.n_bytes = _HEADER.size
        return self._file

    def _cut_back(self, cause: CaseFileError) -> None:
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self.n_bytes)
            os.fsync(self._file)
        except OSError as error:
            log.error("the journal could not be cut back: %s", type(error).__name__)
            raise CaseFileError("error.case.journal_stuck", path=str(self.path)) from cause


def _record(payload: bytes, number: int) -> bytes:
    return _RECORD.pack(len(payload), _checksum(payload, number)) + payload


def _checksum(payload: bytes, number: int) -> int:
    return zlib.crc32(payload, zlib.crc32(_NUMBER.pack(number, len(payload))))


def _record_end(content: bytes, position: int, number: int) -> int | None:
    """Where the record that begins at ``position`` ends, or None when it is not whole."""
    if position + _RECORD.size > len(content):
        return None
    length, checksum = _RECORD.unpack_from(content, position)
    begin = position + _RECORD.size
    if length > _LONGEST_PAYLOAD or begin + length > len(content):
        return None
    payload = content[begin : begin + length]
    return begin + length if checksum == _checksum(payload, number) else None


def _is_damaged(content: bytes, position: int) -> bool:
    """Tell whether the bytes from ``position`` on are more than one record cut short by a crash."""
    rest = content[position:]
    if len(rest) < _RECORD.size or not rest.strip(b"\0"):
        return False
    length: int = _RECORD.unpack_from(rest)[0]
    return _RECORD.size + length < len(rest)
