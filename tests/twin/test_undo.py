"""The memory of undo."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from twin.case import Case
from twin.edit import Edit
from twin.undo import UndoHistory


@dataclass(frozen=True)
class Step:
    """An edit of a known size that does nothing."""

    number: int
    n_bytes: int
    label: str = field(default="edit.example")

    def apply(self, case: Case) -> Case:
        return case

    def inverted(self, case_before: Case) -> Edit:
        return self


def test_that_the_last_step_is_undone_first_and_redone_last() -> None:
    history = UndoHistory()
    steps = [Step(n, 10) for n in range(3)]
    for step in steps:
        history.record_done(step)
    for step in reversed(steps):
        assert history.next_undo is step
        history.record_undone(step)
    assert history.next_undo is None
    for step in steps:
        assert history.next_redo is step
        history.record_redone(step)
    assert history.next_redo is None


def test_that_a_new_step_ends_what_could_be_redone() -> None:
    history = UndoHistory()
    history.record_done(Step(1, 10))
    history.record_undone(Step(1, 10))
    history.record_done(Step(2, 10))
    assert history.next_redo is None
    assert history.n_bytes == 10


def test_that_the_oldest_step_is_forgotten_first() -> None:
    history = UndoHistory(25)
    for number in range(3):
        history.record_done(Step(number, 10))
    undone = []
    while (step := history.next_undo) is not None:
        undone.append(step)
        history.record_undone(step)
    assert [step.number for step in undone if isinstance(step, Step)] == [2, 1]


def test_that_a_step_too_large_for_the_budget_bars_the_way_to_those_before_it() -> None:
    history = UndoHistory(25)
    history.record_done(Step(1, 10))
    history.record_done(Step(2, 100))
    assert history.next_undo is None
    assert history.n_bytes == 0


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.sampled_from(["do", "undo", "redo"]), st.integers(0, 40)), max_size=60),
)
def test_that_the_budget_holds_and_what_is_kept_is_a_run_around_the_present(
    budget_bytes: int, actions: list[tuple[str, int]]
) -> None:
    history = UndoHistory(budget_bytes)
    line: list[int] = []  # every step on the present line of history, those undone included
    n_done = 0
    for number, (action, n_bytes) in enumerate(actions):
        if action == "do":
            del line[n_done:]
            line.append(number)
            history.record_done(Step(number, n_bytes))
            n_done += 1
        elif action == "undo" and isinstance(step := history.next_undo, Step):
            assert step.number == line[n_done - 1]
            history.record_undone(step)
            n_done -= 1
        elif action == "redo" and isinstance(step := history.next_redo, Step):
            assert step.number == line[n_done]
            history.record_redone(step)
            n_done += 1
        assert 0 <= history.n_bytes <= budget_bytes
