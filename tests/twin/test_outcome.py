"""The outcome of a plan: kept in a file, hashed, made stale."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.store.case_examples import full_case
from tests.twin.test_figure import figures
from twin.figure import Figure, FigureStatus
from twin.outcome import Contact, CrossedVessel, FigureTree, Outcome, OutcomeWarning

NAMES = st.from_regex(r"[a-z]{1,8}_[a-z]{2}", fullmatch=True)
TREES = st.recursive(
    st.dictionaries(NAMES, figures(), max_size=3),
    lambda inner: st.dictionaries(NAMES, st.one_of(figures(), inner), max_size=3),
    max_leaves=5,
)
POINTS = st.tuples(*[st.floats(-500, 500)] * 3)
OUTCOMES = st.builds(
    Outcome,
    st.text(min_size=1),
    st.just("a"),
    st.just("b"),
    st.just("c"),
    st.just({}) | TREES,
    st.none() | TREES,
    st.dictionaries(st.sampled_from(["1", "4a", "8"]), TREES, max_size=2),
    st.none() | st.tuples(POINTS, POINTS),
    st.lists(st.builds(CrossedVessel, st.integers(1, 9), NAMES, NAMES, st.floats(0.1, 20), POINTS), max_size=2).map(
        tuple
    ),
    st.lists(st.builds(Contact, NAMES, figures(), figures(), figures()), max_size=2).map(tuple),
    st.lists(
        st.builds(OutcomeWarning, NAMES, st.dictionaries(NAMES, st.integers() | st.text(), max_size=2)), max_size=2
    ).map(tuple),
    st.booleans(),
)


def _figures(tree: FigureTree) -> Iterator[Figure]:
    for entry in tree.values():
        if isinstance(entry, Mapping):
            yield from _figures(entry)
        else:
            yield entry


def _all_figures(outcome: Outcome) -> list[Figure]:
    trees = [outcome.liver or {}, outcome.pancreas or {}, *outcome.segments.values()]
    found = [figure for tree in trees for figure in _figures(tree)]
    return found + [f for c in outcome.contacts for f in (c.angle_axial_deg, c.angle_normal_deg, c.length_mm)]


@settings(max_examples=40)
@given(OUTCOMES)
def test_that_an_outcome_comes_back_from_a_file_with_its_hash(outcome: Outcome) -> None:
    found = Outcome.from_json(json.loads(json.dumps(outcome.to_json(), allow_nan=False)))
    assert found.to_json() == outcome.to_json()
    assert found.figures_hash == outcome.figures_hash
    assert found == outcome


@settings(max_examples=40)
@given(OUTCOMES)
def test_that_every_figure_of_a_stale_outcome_is_stale(outcome: Outcome) -> None:
    stale = outcome.as_stale()
    assert stale.is_stale
    assert all(figure.status is FigureStatus.STALE for figure in _all_figures(stale))
    assert len(_all_figures(stale)) == len(_all_figures(outcome))


def test_that_the_hash_tells_any_other_figure_apart() -> None:
    outcome = full_case().outcomes["A"]
    other = Figure(1.0, 0.0, 2.1, "ml", source="example")
    (contact,) = outcome.contacts
    changed = [
        replace(outcome, liver={**(outcome.liver or {}), "flr_ml": other}),
        replace(outcome, pancreas={"remnant_ml": other}),
        replace(outcome, segments={"4a": {"resected_ml": other}}),
        replace(outcome, contacts=(replace(contact, length_mm=other),)),
        replace(outcome, clip_list=()),
        replace(outcome, warnings=()),
        replace(outcome, margin_points_lps_mm=None),
        replace(outcome, plan_hash="other"),
    ]
    hashes = {outcome.figures_hash, *(entry.figures_hash for entry in changed)}
    assert len(hashes) == 1 + len(changed)


def test_that_an_organ_that_is_not_in_the_twin_is_null() -> None:
    outcome = Outcome("A", "a", "b", "c", None)
    assert outcome.to_json()["liver"] is None
    assert Outcome.from_json(outcome.to_json()) == outcome
