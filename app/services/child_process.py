"""Calls in a process of their own: for third-party code that cannot be stopped otherwise, and for batches."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from twin.errors import TwinSightError
from twin.job import CancelToken, Progress, ProgressListener, no_progress

__all__ = ["run_in_child"]

Result = TypeVar("Result")

_POLL_S = 0.05
_END_S = 10.0


def run_in_child(
    function: Callable[..., Result],
    *args: object,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> Result:
    """Call ``function(*args, progress=...)`` in a new process and return its result.

    The process is spawned, never forked: it shares no lock, no thread and no open file with this one. When the
    call is cancelled it is killed with every process it has started; it also ends when this process dies.

    Parameters
    ----------
    function
        A function of a module (it travels by name) that takes ``progress`` by keyword.
    *args
        Its arguments; they, the result and the errors travel by pickle.
    progress
        Called on this thread.
    cancel
        Looked at about twenty times a second.

    Raises
    ------
    Cancelled
        When it was cancelled.
    TwinSightError
        What the function raised, or ``error.job.child_died`` when the process ended without an answer.
    Exception
        Any other error of the function; its note holds the place in the child.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    lifeline, held = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, lifeline, function, args), daemon=False)
    with receiver, held:
        try:
            process.start()
        finally:
            sender.close()
            lifeline.close()
        is_answered = False
        try:
            kind, value = _answer(receiver, process, progress, cancel)
            is_answered = True
        finally:
            _end(process, wait_s=_END_S if is_answered else 0.0)
    if kind == "died":
        raise TwinSightError("error.job.child_died", name=function.__name__, code=value)
    if kind == "error":
        raise value
    return value  # type: ignore[no-any-return]


def _answer(
    receiver: Connection, process: BaseProcess, progress: ProgressListener, cancel: CancelToken | None
) -> tuple[str, Any]:
    """Pass progress on until the result, an error or the end of the process arrives."""
    while True:
        if cancel is not None:
            cancel.raise_if_cancelled()
        if not receiver.poll(_POLL_S):
            continue
        try:
            kind, value = receiver.recv()
        except EOFError:
            process.join(_END_S)
            return "died", process.exitcode
        if kind != "progress":
            return kind, value
        progress(value)


def _end(process: BaseProcess, *, wait_s: float) -> None:
    """Kill the process with all it has started, unless it ends by itself within ``wait_s``; what it left goes too."""
    process.join(wait_s)
    if process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # the group that it leads, see _serve
    if process.is_alive():
        process.kill()
    process.join()
    process.close()


def _serve(sender: Connection, lifeline: Connection, function: Callable[..., object], args: tuple[object, ...]) -> None:
    """Run in the child: lead a group of its own, die with the parent, answer once."""
    os.setsid()
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    guard = threading.Lock()

    def send(kind: str, value: object) -> None:
        content = pickle.dumps((kind, value))
        with guard:
            sender.send_bytes(content)

    def progress(value: Progress) -> None:
        send("progress", value)

    try:
        result = function(*args, progress=progress)
        send("result", result)
    except Exception as error:
        error.add_note(traceback.format_exc())
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:  # an error that cannot travel is told by its name
            error = RuntimeError(f"{type(error).__name__}\n{traceback.format_exc()}")
        send("error", error)
    sender.close()


def _die_with_parent(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()  # nothing is ever sent: it returns when the other end is gone
    os.killpg(os.getpgrp(), signal.SIGKILL)
