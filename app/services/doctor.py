"""What this machine has of what TwinSight needs, each found out by trying it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from resources import resource_path

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = ["Check", "Examination", "examine"]

_LIBRARIES = (
    "numpy", "numba", "SimpleITK", "vtk", "pyvista", "pydicom", "scipy", "PySide6-Essentials", "weasyprint",
    "meshio", "trimesh", "lib3mf",
)  # fmt: skip
_CODECS = {
    "JPEG": "1.2.840.10008.1.2.4.50",
    "JPEG Lossless": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "RLE": "1.2.840.10008.1.2.5",
}
_PROBE_SECONDS = 120
_LEAST_DISK_GIB = 2.0  # a case of one CT takes about 0.3 GiB with its history
_LEAST_MEMORY_GIB = 6.0
_GIB = 1024.0**3


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Parameters
    ----------
    id
        Stable id, e.g. ``"rendering"``; its name is the message ``doctor.<id>``.
    is_ok
        True when it works.
    is_needed
        False for what only some exports need.
    detail
        Version, size or place: facts, the same in each language.
    advice_id
        Message id of what to do, when it does not work.
    """

    id: str
    is_ok: bool
    is_needed: bool
    detail: str = ""
    advice_id: str | None = None


@dataclass(frozen=True)
class Examination:
    """All checks, with the versions of the libraries."""

    checks: tuple[Check, ...]
    versions: dict[str, str]

    @property
    def is_healthy(self) -> bool:
        """True when everything that is needed works."""
        return not self.missing()

    def missing(self) -> tuple[str, ...]:
        """Ids of what is needed and does not work."""
        return tuple(dict.fromkeys(check.id for check in self.checks if check.is_needed and not check.is_ok))


def examine(
    segmenters: Sequence[Segmenter], *, rendering_probe: str, work_folder: Path, writable_folders: Sequence[Path]
) -> Examination:
    """Try each component.

    Parameters
    ----------
    segmenters
        The automatic segmenters that are wired.
    rendering_probe
        Python source that renders a picture; run in a process of its own, because VTK without a software
        renderer ends the process instead of raising.
    work_folder
        Folder whose disk must have space.
    writable_folders
        Cache, logs and settings of the user.
    """
    checks = [
        _tried_in_child("rendering", rendering_probe, "doctor.advice.rendering"),
        _tried_in_child("window", _WINDOW_PROBE, "doctor.advice.window"),
        _tried_in_child("report", _REPORT_PROBE, "doctor.advice.report"),
        _tried_in_child("threads", _THREADS_PROBE, "doctor.advice.threads"),
        _fonts(),
        *_codecs(),
        *(_segmenter(segmenter) for segmenter in segmenters),
        _viewer(),
        _ffmpeg(),
        _disk(work_folder),
        _memory(),
        *(_writable(folder) for folder in writable_folders),
    ]
    return Examination(tuple(checks), _versions())


_WINDOW_PROBE = (
    "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
    "from PySide6.QtWidgets import QApplication; QApplication([])"
)
_REPORT_PROBE = "import weasyprint; assert weasyprint.HTML(string='<p>é</p>').write_pdf()[:4] == b'%PDF'"
_THREADS_PROBE = (
    "from twin.geometry.numba_environment import *\nprepare_numba_environment(); print(check_threading_layer())"
)


def _tried_in_child(check_id: str, source: str, advice_id: str) -> Check:
    """Run a probe in a child: it may end by a segmentation fault."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(check_id, False, True, type(error).__name__, advice_id)
    if done.returncode == 0:
        last = done.stdout.strip().splitlines()
        return Check(check_id, True, True, last[-1] if last else "")
    if done.returncode < 0:
        return Check(check_id, False, True, f"signal {-done.returncode}", advice_id)
    reason = (done.stderr.strip().splitlines() or ["?"])[-1]
    return Check(check_id, False, True, reason.split(":")[0], advice_id)


def _fonts() -> Check:
    lister = shutil.which("fc-list")
    if lister is None:
        return Check("fonts", False, False, "fc-list", "doctor.advice.fonts")
    found = subprocess.run([lister, ":lang=fr", "family"], capture_output=True, text=True, timeout=60, check=False)
    families = {line.split(",")[0] for line in found.stdout.splitlines() if line}
    return Check("fonts", bool(families), True, str(len(families)), None if families else "doctor.advice.fonts")


def _codecs() -> list[Check]:
    from pydicom.pixels import get_decoder

    checks = []
    for name, uid in _CODECS.items():
        decoder = get_decoder(uid)
        plugins = ", ".join(decoder.available_plugins)
        advice = None if decoder.is_available else "doctor.advice.codec"
        checks.append(Check("codec", decoder.is_available, True, f"{name}: {plugins or '-'}", advice))
    return checks


def _segmenter(segmenter: Segmenter) -> Check:
    availability = segmenter.availability()
    detail = f"{segmenter.id} {segmenter.version}"
    return Check("segmenter", availability.is_available, False, detail, availability.message_id)


def _viewer() -> Check:
    try:
        size = resource_path("viewer/viewer.js").stat().st_size
    except FileNotFoundError:
        return Check("viewer", False, True, "", "doctor.advice.viewer")
    return Check("viewer", True, True, f"{size / 1024:.0f} KiB")


def _ffmpeg() -> Check:
    found = shutil.which("ffmpeg")
    return Check("ffmpeg", found is not None, False, "", None if found else "doctor.advice.ffmpeg")


def _disk(folder: Path) -> Check:
    free_gib = shutil.disk_usage(folder).free / _GIB
    is_ok = free_gib >= _LEAST_DISK_GIB
    return Check("disk", is_ok, True, f"{free_gib:.1f} GiB", None if is_ok else "doctor.advice.disk")


def _memory() -> Check:
    from app.services.memory import usable_memory_bytes
    from twin.processor import core_count

    gib = usable_memory_bytes() / _GIB
    is_ok = gib >= _LEAST_MEMORY_GIB
    text = f"{gib:.1f} GiB, {core_count()} CPU"
    return Check("memory", is_ok, False, text, None if is_ok else "doctor.advice.memory")


def _writable(folder: Path) -> Check:
    def try_it() -> bool:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
        return True

    is_ok = _succeeds(try_it)
    return Check("folder", is_ok, False, str(folder), None if is_ok else "doctor.advice.folder")


def _succeeds(action: Callable[[], bool]) -> bool:
    try:
        return action()
    except OSError:
        return False


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "-"
    return found
