"""Walk through the window and keep pictures: ``python -m tests.app.sessions {phantom,ircadb17,pancreas} FOLDER``.

Needs a screen; ``xvfb-run`` gives one. ``--quick`` takes one language and theme, ``--small`` the small phantom.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from tests.app.sessions.album import LOOKS  # noqa: E402
from tests.app.sessions.sessions import SESSIONS, run_session  # noqa: E402


def main() -> None:
    """Run one session and say how long each step took and what was cut off."""
    parser = argparse.ArgumentParser(prog="python -m tests.app.sessions", description=__doc__)
    parser.add_argument("session", choices=sorted(SESSIONS))
    parser.add_argument("folder", type=Path, help="where pictures go")
    parser.add_argument("--quick", action="store_true", help="English and dark only")
    parser.add_argument("--small", action="store_true", help="the small phantom")
    parser.add_argument("--size", default="1366x768", help="of the window")
    chosen = parser.parse_args()
    os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
    width, height = (int(part) for part in chosen.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="twinsight-session-") as work:
        walked = run_session(
            chosen.session,
            Path(work),
            chosen.folder,
            looks=LOOKS[:1] if chosen.quick else LOOKS,
            is_small=chosen.small,
            size=(width, height),
        )
    for name, seconds in walked.seconds.items():
        print(f"{name:<12} {seconds:6.1f} s")
    print(f"{'together':<12} {sum(walked.seconds.values()):6.1f} s")
    for fault in walked.album.faults:
        print(fault)


if __name__ == "__main__":
    main()
