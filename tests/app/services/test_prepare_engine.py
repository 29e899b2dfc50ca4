"""Kernels compiled before a click needs them, and said."""

import numba
import pytest

from app.services.prepare_engine import prepare_engine, told_of_compilation
from twin.errors import Cancelled
from twin.job import CancelSource


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled without JIT")
def test_that_compiling_is_told_once_and_only_while_asked():
    told = []

    def doubled(x):
        return x * 2

    with told_of_compilation(lambda: told.append(1)):
        numba.njit(doubled)(3)
        numba.njit(doubled)(3.0)
    assert told == [1]
    numba.njit(doubled)(2)
    assert told == [1]


def test_that_the_whole_engine_is_prepared_with_rising_progress_and_can_be_stopped():
    heard = []
    prepare_engine(progress=heard.append)
    assert [p.fraction for p in heard] == sorted(p.fraction for p in heard)
    assert heard[-1].fraction == 1.0
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        prepare_engine(cancel=source.token)
