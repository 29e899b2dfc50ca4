"""The thread that draws: the window asks for a picture and goes on; only the newest request is drawn."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.scene.offscreen_view import OffscreenView
from app.scene.orbit_camera import OrbitCamera
from app.scene.twin_scene import TwinScene

__all__ = ["Frame", "FrameRequest", "RenderThread"]

_LOGGER = logging.getLogger(__name__)
SceneChange = Callable[[TwinScene], None]


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """A picture that is wanted.

    Parameters
    ----------
    camera
        Where the eye is.
    size_px
        Width and height in device pixels.
    is_moving
        Something moves: coarse and fast will do.
    pixel_ratio
        Device pixels per pixel of the screen.
    """

    camera: OrbitCamera
    size_px: tuple[int, int]
    is_moving: bool = False
    pixel_ratio: float = 1.0


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture: uint8 ``[row, column, RGBA]``, what it was made for and how long it took."""

    pixels: NDArray[np.uint8]
    request: FrameRequest
    elapsed_s: float


class RenderThread:
    """Owns the scene and its graphics context: nobody else ever touches them.

    VTK lets go of Python's lock while it draws, so that the window stays free even where a picture takes a third
    of a second (software rendering on two cores).

    Parameters
    ----------
    on_frame
        Called in this thread with each picture.
    on_failure
        Called in this thread when a change or a picture failed; the thread goes on.
    """

    def __init__(self, on_frame: Callable[[Frame], None], on_failure: Callable[[Exception], None]) -> None:
        self._on_frame = on_frame
        self._on_failure = on_failure
        self._changes: deque[SceneChange] = deque()
        self._request: FrameRequest | None = None
        self._is_closing = False
        self._is_busy = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="twinsight-render", daemon=True)
        self._thread.start()

    def post(self, change: SceneChange) -> None:
        """Change the scene, in the order of the calls, before the next picture."""
        with self._wake:
            self._changes.append(change)
            self._wake.notify_all()

    def request(self, request: FrameRequest) -> None:
        """Ask for a picture; a request still waiting is dropped."""
        with self._wake:
            self._request = request
            self._wake.notify_all()

    def is_idle(self) -> bool:
        """Tell whether everything asked for is drawn."""
        with self._wake:
            return not (self._changes or self._request is not None or self._is_busy)

    def close(self) -> None:
        """Stop, free the graphics memory and wait for the end of the thread."""
        with self._wake:
            self._is_closing = True
            self._wake.notify_all()
        self._thread.join()

    def _run(self) -> None:
        scene = TwinScene(OffscreenView())
        while True:
            with self._wake:
                self._is_busy = False
                while not (self._changes or self._request is not None or self._is_closing):
                    self._wake.wait()
                if self._is_closing:
                    break
                changes, self._changes = self._changes, deque()
                request, self._request = self._request, None
                self._is_busy = True
            self._work(scene, changes, request)
        scene.close()

    def _work(self, scene: TwinScene, changes: deque[SceneChange], request: FrameRequest | None) -> None:
        try:
            for change in changes:
                change(scene)
            if request is None:
                return
            start = time.perf_counter()
            pixels = scene.rendered(
                request.camera, request.size_px, is_moving=request.is_moving, pixel_ratio=request.pixel_ratio
            )
            self._on_frame(Frame(pixels, request, time.perf_counter() - start))
        except Exception as error:  # a picture that fails must not end the window
            _LOGGER.exception("drawing failed")
            self._on_failure(error)
