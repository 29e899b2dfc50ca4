"""What the window remembers between two sessions: language, theme, layout, recent cases, folder last used."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

__all__ = ["Settings", "read_settings", "write_settings"]

_FILE = "window.json"
_MOST_RECENT = 8


@dataclass(frozen=True)
class Settings:
    """Remembered choices; nothing of a patient but the paths of cases."""

    language: str = ""
    theme: str = "dark"
    recent: tuple[str, ...] = ()
    last_folder: str = ""
    layout: str = "four"
    declared_name: str = field(default="", repr=False)

    def with_recent(self, path: Path) -> Settings:
        """Return the settings with a case on top of the recent ones."""
        text = str(path)
        return replace(self, recent=(text, *(known for known in self.recent if known != text))[:_MOST_RECENT])

    def recent_cases(self) -> Sequence[Path]:
        """Recent cases that are still there."""
        return [path for path in map(Path, self.recent) if (path / "manifest.json").is_file()]


def read_settings(folder: Path) -> Settings:
    """Return what was remembered; a file that cannot be read is as none."""
    try:
        data = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        known = {key: data[key] for key in asdict(Settings()) if isinstance(data.get(key), str)}
        recent = tuple(str(path) for path in data.get("recent", ()))
        return Settings(**known, recent=recent)
    except (OSError, ValueError, TypeError, AttributeError):
        return Settings()


def write_settings(folder: Path, settings: Settings) -> None:
    """Remember choices; a folder that cannot be written costs the memory, not the work."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(settings), file, indent=1)
        os.replace(name, folder / _FILE)
    except OSError:
        return
