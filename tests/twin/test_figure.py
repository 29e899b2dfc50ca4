"""A figure with its interval."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.figure import Figure, FigureStatus, ThresholdPosition

NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    bounds = sorted(draw(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3)))
    low, value, high = (draw(st.sampled_from([bound, None])) for bound in bounds)
    status = draw(st.sampled_from(FigureStatus))
    return Figure(
        value, low, high, draw(st.sampled_from(["ml", "mm", "%", ""])), status, draw(st.text()), ("weight_kg",)
    )


@given(figures())
def test_that_a_figure_comes_back_from_a_file(figure: Figure) -> None:
    assert Figure.from_json(json.loads(json.dumps(figure.to_json()))) == figure


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_that_a_figure_is_finite_or_unknown(bad: float) -> None:
    for numbers in ((bad, None, None), (1.0, bad, None), (1.0, None, bad)):
        with pytest.raises(ValueError):
            Figure(*numbers, "ml")


def test_that_an_interval_upside_down_is_refused() -> None:
    with pytest.raises(ValueError):
        Figure(1.0, 2.0, 1.0, "ml")


@pytest.mark.parametrize(
    ("low", "high", "position"),
    [
        (28.0, 33.0, ThresholdPosition.INSIDE),
        (30.0, 33.0, ThresholdPosition.INSIDE),
        (30.1, 33.0, ThresholdPosition.BELOW),
        (25.0, 29.9, ThresholdPosition.ABOVE),
        (None, 33.0, ThresholdPosition.UNDECIDABLE),
    ],
)
def test_that_the_interval_decides_where_a_threshold_lies(
    low: float | None, high: float, position: ThresholdPosition
) -> None:
    figure = Figure(30.0, low, high, "%")
    assert figure.threshold_position(30.0) is position
    assert figure.as_stale().threshold_position(30.0) is ThresholdPosition.UNDECIDABLE


def test_that_a_stale_figure_keeps_its_value_and_is_not_known() -> None:
    stale = Figure(1.0, 0.5, 2.0, "ml").as_stale()
    assert (stale.value, stale.status, stale.is_known) == (1.0, FigureStatus.STALE, False)


def test_that_an_unknown_figure_says_what_it_needs() -> None:
    figure = Figure.unknown("%", needs=("weight_kg", "height_cm"))
    assert figure.to_json() == {
        "value": None,
        "low": None,
        "high": None,
        "unit": "%",
        "status": "unknown",
        "source": "",
        "needs": ["weight_kg", "height_cm"],
    }
