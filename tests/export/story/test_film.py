"""The film is small, slow and says nothing of the patient: made and read by ffmpeg itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from export.story.film import FILM_PICTURES, FILM_SIZE_PX, require_film_maker, write_film
from twin.errors import BackendUnavailable, GeometryError


def _picture(n: int) -> bytes:
    picture = Image.new("RGB", FILM_SIZE_PX, "#C3CFCF")
    picture.paste("#A68471", (20 + 6 * n, 180, 120 + 6 * n, 300))
    return picture.tobytes()


def test_that_without_a_film_maker_there_is_a_word_and_no_film(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BackendUnavailable) as missing:
        write_film([_picture(0)], tmp_path / "film.mp4")
    assert missing.value.message_id == "error.story.no_ffmpeg"
    assert not list(tmp_path.iterdir())


@pytest.mark.peer
def test_that_ffmpeg_makes_a_slow_small_film_without_a_word_in_it(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed (Debian: apt-get install ffmpeg)")
    path = tmp_path / "film.mp4"
    write_film((_picture(n) for n in range(FILM_PICTURES)), path)
    content = path.read_bytes()
    assert len(content) < 1_000_000
    assert content.index(b"moov") < content.index(b"mdat")  # begins to play before it is read to its end
    assert str(tmp_path).encode() not in content
    read = subprocess.run(
        [require_film_maker(), "-hide_banner", "-i", path, "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    assert "h264" in read
    assert "640x480" in read
    assert re.search(rf"frame=\s*{FILM_PICTURES}\b", read)
    seconds = float(re.search(r"Duration: 00:00:(\d+\.\d+)", read)[1])  # type: ignore[index]
    assert 10 <= seconds <= 20
    assert "creation_time" not in read


@pytest.mark.peer
def test_that_what_is_no_picture_makes_no_film(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed (Debian: apt-get install ffmpeg)")
    with pytest.raises(GeometryError):
        write_film([b"no picture"], tmp_path / "film.mp4")
