"""Compilation ahead of the first click."""

import pytest

from simulation.warm_up import warm_up
from twin.errors import Cancelled
from twin.job import CancelSource


def test_that_warming_up_runs_through_and_says_so():
    heard = []
    warm_up(progress=heard.append)
    assert heard[0].message_id == "progress.engine.warm_up"
    assert (heard[-1].message_id, heard[-1].fraction) == ("progress.engine.ready", 1.0)


def test_that_warming_up_stops_when_asked():
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        warm_up(cancel=source.token)
