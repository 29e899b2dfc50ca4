"""A zip that a user can send after a failure: where it happened and on what machine, nothing of the patient."""

from __future__ import annotations

import os
import platform
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from app.services.crash_log import product_version
from twin.errors import InputError

__all__ = ["write_log_bundle"]

_MOST_CRASHES = 20
_MOST_LINES = 2000
# Time, process, level and logger of a line as the technical log writes it; its text stays behind, it may hold a path.
_LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ [A-Z]+ [A-Za-z_][\w.]*) ")


def write_log_bundle(target: Path, logs: Path, *, about: Mapping[str, str]) -> int:
    """Write a bundle of logs, mode 0600, and return how many crashes it tells of.

    Crash logs hold types, files of the program and line numbers by construction (see `write_crash_log`). Of the
    technical log only times, levels and modules are taken: its texts may hold the name of a folder.

    Parameters
    ----------
    target
        The zip to write; one that is there is replaced.
    logs
        Folder of logs of the user.
    about
        Facts of the window (language, theme, step), worded by the program, never typed by a person.

    Raises
    ------
    InputError
        ``error.logs.not_written`` where the file cannot be written.
    """
    crashes = sorted(logs.glob("crash-*.log"))[-_MOST_CRASHES:]
    facts = {
        "TwinSight": product_version(),
        "Python": platform.python_version(),
        "system": platform.platform(),
        "processors": str(os.cpu_count()),
        **about,
    }
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("about.txt", "".join(f"{name}: {value}\n" for name, value in facts.items()))
            bundle.writestr("log-times.txt", "\n".join(_lines_without_texts(logs / "twinsight.log")) + "\n")
            for crash in crashes:
                bundle.write(crash, crash.name)
    except OSError as error:
        raise InputError("error.logs.not_written", file=target.name) from error
    return len(crashes)


def _lines_without_texts(log: Path) -> list[str]:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_MOST_LINES:]
    except OSError:
        return []
    return [found.group(1) for line in lines if (found := _LINE.match(line))]
