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
    """Write pictures of :data:`FILM_SIZE_PX`, rows of red, green and blue, as an MP4 (H.264) without metadata.

    Each picture is handed on when it comes: no film lies in memory.

    Raises
    ------
    BackendUnavailable
        ``error.story.no_ffmpeg``.
    GeometryError
        ``error.story.film_failed`` when the program could not make it.
    """
    width, height = FILM_SIZE_PX
    line = [
        *(require_film_maker(), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{width}x{height}", "-framerate", str(_PICTURES_PER_SECOND), "-i", "-"),
        *("-c:v", "libx264", "-crf", "24", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4", str(path)),
    ]
    maker = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert maker.stdin is not None
    n_bytes = 0
    try:
        with maker.stdin as pipe:
            for picture in pictures:
                n_bytes += len(picture)
                pipe.write(picture)
    except BrokenPipeError:
        pass  # it stopped: its answer tells
    except BaseException:
        maker.kill()
        raise
    finally:
        is_made = maker.wait(_PATIENCE_S) == 0
    if not is_made or not path.exists() or not n_bytes or n_bytes % (3 * width * height):
        raise GeometryError("error.story.film_failed")
