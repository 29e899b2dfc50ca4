"""A program of others in a process of its own: its words are read, and it ends at once with all it has started."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from twin.errors import BackendUnavailable
from twin.job import CancelToken

__all__ = ["offline_environment", "run_program"]

_KEEPER = Path(__file__).with_name("keeper.py")
_POLL_S = 0.05
_KEPT_LINES = 12
_LONGEST_REASON = 200
# A port nobody listens on: programs that would fetch something fail at once instead.
_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


def offline_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without a way to the network, and with these settings.

    Python programs that respect the usual variables can then neither load weights nor send statistics.
    """
    environment = {name: value for name, value in os.environ.items() if name.lower() not in (*_PROXIES, "no_proxy")}
    for name in _PROXIES:
        environment[name] = environment[name.upper()] = _NOWHERE
    return {**environment, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **settings}


def run_program(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    on_text: Callable[[str], None],
    cancel: CancelToken | None = None,
) -> None:
    """Run a program to its end.

    It is killed with every process it has started when the job is cancelled (within about a tenth of a second), when
    ``on_text`` raises, and when this process dies.

    Parameters
    ----------
    command
        Program and arguments.
    environment
        All of its environment.
    folder
        Where it runs.
    on_text
        Given each line, and each state of a progress bar, of its two streams.
    cancel
        Looked at about twenty times a second.

    Raises
    ------
    Cancelled
        When it was cancelled.
    BackendUnavailable
        ``error.external.failed`` when it ends with an error: with its last line, and the last dozen as a note.
    """
    process = subprocess.Popen(
        [sys.executable, str(_KEEPER), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )
    texts: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, texts), daemon=True)
    reader.start()
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        _listen(texts, last, on_text, cancel)
        code = process.wait()
    finally:
        _end(process)
        reader.join(1.0)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
    if code != 0:
        reason = last[-1][:_LONGEST_REASON] if last else "-"
        error = BackendUnavailable("error.external.failed", program=Path(command[0]).name, code=code, reason=reason)
        error.add_note("\n".join(last))
        raise error


def _listen(
    texts: queue.Queue[str | None], last: deque[str], on_text: Callable[[str], None], cancel: CancelToken | None
) -> None:
    while True:
        if cancel is not None:
            cancel.raise_if_cancelled()
        try:
            text = texts.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if text is None:
            return
        last.append(text)
        on_text(text)


def _read(process: subprocess.Popen[bytes], texts: queue.Queue[str | None]) -> None:
    """Cut the output at line ends and at the returns by which progress bars are drawn anew."""
    assert process.stdout is not None
    rest = b""
    with contextlib.suppress(OSError, ValueError):  # closed under our hands after a kill
        while chunk := os.read(process.stdout.fileno(), 65536):
            *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            for line in whole:
                if text := line.decode(errors="replace").strip():
                    texts.put(text)
            if b"%|" in rest:  # a bar is drawn without an end of line: it is heard at once, and again when it is whole
                texts.put(rest.decode(errors="replace").strip())
    if text := rest.decode(errors="replace").strip():
        texts.put(text)
    texts.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what still runs: the group, and descendants that lead groups of their own."""
    if process.poll() is not None and not _group_lives(process.pid):
        return
    descendants: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        descendants = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for descendant in descendants:
        with contextlib.suppress(psutil.Error):
            descendant.kill()
    process.wait()


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
