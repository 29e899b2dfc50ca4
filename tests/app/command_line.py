"""Run ``twinsight`` as a user does: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 280


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a command: English, the kernels of the tests, nothing of the terminal."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    return {**known, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(REPOSITORY), **changes}


def twinsight(*arguments: object, cwd: Path | None = None, **changes: str) -> Ended:
    """Run a command and wait for its end."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", *map(str, arguments)],
        cwd=cwd or REPOSITORY,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def started(*arguments: object, **changes: str) -> subprocess.Popen[str]:
    """Start a command in a session of its own, to be interrupted or killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
