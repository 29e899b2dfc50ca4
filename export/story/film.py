"""The turntable: once around the patient's organ, as a film that plays anywhere."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from twin.errors import BackendUnavailable, GeometryError

__all__ = ["FILM_PICTURES", "FILM_SIZE_PX", "require_film_maker", "write_film"]

FILM_PICTURES = 72
FILM_SIZE_PX = (640, 480)
_PICTURES_PER_SECOND = 6  # once around in twelve seconds: calm, and few pictures to draw
_PATIENCE_S = 120


def require_film_maker() -> str:
    """Return the program that makes films.

    Raises
    ------
    BackendUnavailable
        ``error.story.no_ffmpeg`` when it is not installed.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise BackendUnavailable("error.story.no_ffmpeg")
    return program


def write_film(pictures: Iterable[bytes], path: Path) -> None:
    """Write PNGs as an MP4 (H.264) without metadata.

    Raises
    ------
    BackendUnavailable
        ``error.story.no_ffmpeg``.
    GeometryError
        ``error.story.film_failed`` when the program could not make it.
    """
    line = [
        *(require_film_maker(), "-loglevel", "error", "-y", "-f", "image2pipe"),
        *("-framerate", str(_PICTURES_PER_SECOND), "-c:v", "png", "-i", "-"),
        *("-c:v", "libx264", "-crf", "24", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4", str(path)),
    ]
    done = subprocess.run(line, input=b"".join(pictures), capture_output=True, timeout=_PATIENCE_S, check=False)
    if done.returncode != 0 or not path.exists():
        raise GeometryError("error.story.film_failed")
