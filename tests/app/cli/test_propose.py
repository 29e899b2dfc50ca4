"""Proposals by the command: what is refused before anything is computed."""

import pytest

from tests.app.command_line import twinsight


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (("--keep", "portal.left"), 2, "--propose"),
        (("--propose", "3", "--cut", "H58"), 2, "one"),
        (("--propose", "3", "--kind", "laser"), 2, "laser"),
        (("--propose", "3", "--least-margin-mm", "50"), 2, "least-margin-mm"),
    ],
)
def test_that_options_that_do_not_fit_are_refused_in_one_line(tmp_path, options, code, word):
    ended = twinsight("plan", tmp_path / "A.twinsight", *options)
    assert ended.code == code
    assert word in ended.err
    assert "Traceback" not in ended.err
