"""The harness times what it says: interleaved, warmed up, at least seven rounds."""

import pytest

from tests.benchmarks import bench
from tests.benchmarks.bench import LEAST_ROUNDS, Benchmark, measured


@pytest.fixture(autouse=True)
def no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each round the harness collects garbage, which takes long beside all that tests have built."""
    monkeypatch.setattr(bench.gc, "collect", lambda: 0)


def test_that_both_sides_take_turns_and_the_first_place_alternates() -> None:
    calls: list[str] = []
    measured(Benchmark("turns", lambda: calls.append("ours"), "peer", lambda: calls.append("peer")))
    warm_up, rounds = calls[:2], calls[2:]
    assert warm_up == ["ours", "peer"]
    assert rounds == ["ours", "peer", "peer", "ours"] * (LEAST_ROUNDS // 2) + ["ours", "peer"]


def test_that_a_row_without_a_peer_has_no_ratio() -> None:
    row = measured(Benchmark("alone", lambda: None, rounds=3))
    assert (row.peer, row.peer_ms, row.ratio, row.rounds) == (None, None, None, LEAST_ROUNDS)


def test_that_the_ratio_of_medians_is_above_one_when_ours_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    def ours() -> None: ...

    def peer() -> None: ...

    monkeypatch.setattr(bench, "_elapsed_ms", lambda work: 10.0 if work is ours else 25.0)
    assert measured(Benchmark("known", ours, "peer", peer)).ratio == 2.5


def test_that_a_row_that_makes_pictures_says_how_many_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_elapsed_ms", lambda work: 40.0)
    row = measured(Benchmark("drag", lambda: None, frames_asked=20, note="small"))
    assert row.note == "25 frames a second, 20 asked; small"
