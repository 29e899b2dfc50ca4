"""Runs one network on the processor with onnxruntime: same input, same output, and it can be stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from twin.errors import BackendUnavailable, Cancelled
from twin.job import CancelToken
from twin.processor import core_count

__all__ = ["NetworkSession"]

FloatVoxels = NDArray[np.float32]
_LOOK_EVERY_S = 0.05
_MOST_THREADS = 8


class NetworkSession:
    """One network, loaded.

    Operators run one after the other, each on a fixed number of threads that sleep between them. Weights stored as
    int8 are unfolded to float32 while loading, once.

    Parameters
    ----------
    path
        ONNX file with one input and one output.
    n_threads
        By default as many as this process has cores (at most 8), or ``OMP_NUM_THREADS`` where it is set, as a batch
        does for its children.

    Raises
    ------
    BackendUnavailable
        ``error.networks.damaged`` when onnxruntime cannot read the file.
    """

    def __init__(self, path: Path, *, n_threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = n_threads or _thread_count()
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Without this the weights would be unfolded anew at every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            # Read as bytes: onnxruntime may not reach a path with letters outside ASCII on every system.
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own types, none of which it documents
            raise BackendUnavailable("error.networks.damaged", file=path.name) from error
        self._input = self._session.get_inputs()[0].name

    def run(self, image: FloatVoxels, *, cancel: CancelToken | None = None) -> FloatVoxels:
        """Return the output for one input.

        Raises
        ------
        Cancelled
            When ``cancel`` was set; the run ends at the next operator, within some hundredths of a second.
        """
        options = onnxruntime.RunOptions()
        options.log_severity_level = 4
        with _watched(options, cancel):
            try:
                (output,) = self._session.run(None, {self._input: image}, options)
            except Exception as error:
                if cancel is not None and cancel.is_cancelled:
                    raise Cancelled() from error
                raise
        if cancel is not None:
            cancel.raise_if_cancelled()
        return np.asarray(output)


@contextmanager
def _watched(options: onnxruntime.RunOptions, cancel: CancelToken | None) -> Iterator[None]:
    """Let a second thread look at the token while onnxruntime computes in this one."""
    if cancel is None:
        yield
        return
    cancel.raise_if_cancelled()
    is_done = threading.Event()

    def look() -> None:
        while not is_done.wait(_LOOK_EVERY_S):
            if cancel.is_cancelled:
                options.terminate = True
                return

    watcher = threading.Thread(target=look, name="network-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def _thread_count() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return min(core_count(), _MOST_THREADS)
