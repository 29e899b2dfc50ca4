"""The command that opens the window; the window itself is tested in tests/app/ui."""

import subprocess
import sys

from tests.app.cli.test_bad_input import assert_one_line
from tests.app.command_line import REPOSITORY, Ended, environment

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def test_that_without_a_screen_the_window_is_refused_in_one_line() -> None:
    blind = {name: value for name, value in environment().items() if name not in _SCREENS}
    line = [sys.executable, "-m", "app.cli.main", "gui", "--json"]
    done = subprocess.run(line, cwd=REPOSITORY, env=blind, capture_output=True, text=True, check=False)
    assert_one_line(Ended(done.returncode, done.stdout, done.stderr), 5)
