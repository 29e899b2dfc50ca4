"""The journal: what was appended comes back, what was cut short is dropped, what was changed is noticed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import CaseFileError
from twin.store.journal import Journal, read_journal

OWNER = "ab" * 32
PAYLOADS = st.lists(st.binary(min_size=0, max_size=60), min_size=1, max_size=8)


def _written(path: Path, payloads: list[bytes]) -> list[int]:
    """Write a journal; return where each record ends."""
    journal = Journal(path, OWNER)
    ends = []
    for payload in payloads:
        journal.append(payload)
        ends.append(journal.n_bytes)
    journal.close()
    return ends


@given(PAYLOADS)
def test_that_a_journal_gives_back_what_was_appended(payloads: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        _written(path, payloads)
        content = read_journal(path, OWNER)
        assert list(content.payloads) == payloads
        assert (content.n_dropped_bytes, content.is_damaged) == (0, False)


@given(PAYLOADS, st.data())
def test_that_a_journal_cut_short_anywhere_keeps_every_whole_record(payloads: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        ends = _written(path, payloads)
        length = data.draw(st.integers(0, ends[-1]))
        path.write_bytes(path.read_bytes()[:length])
        content = read_journal(path, OWNER)
        n_whole = sum(end <= length for end in ends)
        assert list(content.payloads) == payloads[:n_whole]
        assert not content.is_damaged
        # Going on writes over the rest.
        journal = Journal(path, OWNER, content)
        journal.append(b"next")
        journal.close()
        assert list(read_journal(path, OWNER).payloads) == [*payloads[:n_whole], b"next"]


@given(PAYLOADS, st.data())
def test_that_a_changed_bit_never_passes(payloads: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        ends = _written(path, payloads)
        changed = bytearray(path.read_bytes())
        position = data.draw(st.integers(0, ends[-1] - 1))
        changed[position] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(changed)
        content = read_journal(path, OWNER)
        n_sound = sum(end <= position for end in ends)
        assert list(content.payloads) == payloads[:n_sound]
        assert content.n_dropped_bytes > 0


def test_that_a_change_in_the_middle_is_told_apart_from_a_record_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    ends = _written(path, [b"first", b"second", b"third"])
    changed = bytearray(path.read_bytes())
    changed[ends[0] - 1] ^= 1
    path.write_bytes(changed)
    assert read_journal(path, OWNER).is_damaged


def test_that_zeros_left_by_a_power_cut_are_a_record_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    _written(path, [b"first"])
    path.write_bytes(path.read_bytes() + bytes(4096))
    content = read_journal(path, OWNER)
    assert (content.payloads, content.n_dropped_bytes, content.is_damaged) == ((b"first",), 4096, False)


def test_that_records_in_another_order_do_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    first, second = _written(path, [b"aaaa", b"bbbb"])
    written = path.read_bytes()
    length = second - first
    path.write_bytes(written[: first - length] + written[first:] + written[first - length : first])
    assert read_journal(path, OWNER).payloads == ()


def test_that_a_journal_of_another_manifest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    _written(path, [b"first"])
    with pytest.raises(CaseFileError) as caught:
        read_journal(path, "cd" * 32)
    assert caught.value.message_id == "error.case.journal_foreign"


def test_that_no_file_is_an_empty_journal(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "1.log", OWNER).payloads == ()
