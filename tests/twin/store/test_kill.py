"""A process that edits and saves is killed at a random moment: nothing it was told is safe may be lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.twin.store.case_examples import content
from tests.twin.store.editing_child import n_edits_of, next_edit
from twin.case import Case
from twin.store import CaseFolder

MOST_LINES = 24  # told by the child before it is killed
LONGEST_S = 0.03  # and then this long, at most: in the midst of a write, a flush, a save


@dataclass
class Figures:
    """What the kills met, for the report."""

    n_kills: int = 0
    n_told: int = 0
    n_saves: int = 0
    n_replayed: int = 0
    n_torn: int = 0
    n_leftovers: int = 0
    n_under_way: int = 0

    def __str__(self) -> str:
        return (
            f"{self.n_kills} kills: {self.n_told} edits told, {self.n_saves} saves, {self.n_replayed} edits replayed, "
            f"{self.n_torn} records cut short, {self.n_leftovers} times a file half-written, "
            f"{self.n_under_way} edits under way found whole; lost: 0"
        )


@pytest.mark.kill
@pytest.mark.parametrize("n_kills", [20, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])])
def test_that_a_case_killed_at_random_moments_reopens_with_all_that_was_told(tmp_path: Path, n_kills: int) -> None:
    chance = random.Random(n_kills)
    path = tmp_path / "a.twinsight"
    figures = Figures()
    with CaseFolder.create(path, "example") as folder:
        expected = folder.case
    for _ in range(n_kills):
        lines = _killed_child(path, chance)
        told = [int(line.split()[1]) for line in lines if line.startswith("edit ")]
        last_told = told[-1] if told else n_edits_of(expected)
        figures.n_leftovers += any(path.rglob("*.partial"))
        with CaseFolder.open(path) as folder:
            assert not folder.is_read_only, "the lock of a killed process bars nobody"
            folder.verify()
            found = folder.case
            figures.n_replayed += folder.recovery.n_edits
            figures.n_torn += folder.recovery.n_dropped_bytes > 0
            assert not folder.recovery.is_damaged
        assert last_told <= n_edits_of(found) <= last_told + 1
        expected = _edited_up_to(expected, n_edits_of(found))
        assert content(found) == content(expected)
        figures.n_kills += 1
        figures.n_told += len(told)
        figures.n_saves += lines.count("save")
        figures.n_under_way += n_edits_of(found) > last_told
    print(figures)
    assert figures.n_told > n_kills


def _edited_up_to(case: Case, n_edits: int) -> Case:
    while n_edits_of(case) < n_edits:
        case = next_edit(case).apply(case)
    return case


def _killed_child(path: Path, chance: random.Random) -> list[str]:
    """Run the child, kill it after a random time, return what it told."""
    command = [sys.executable, "-m", "tests.twin.store.editing_child", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline().strip() for _ in range(1 + chance.randrange(MOST_LINES))]
        assert lines[0] == "open"
        time.sleep(chance.uniform(0, LONGEST_S))
        child.send_signal(signal.SIGKILL)
        lines += [line.strip() for line in child.stdout.read().splitlines()]
        assert child.wait() == -signal.SIGKILL
    return lines
