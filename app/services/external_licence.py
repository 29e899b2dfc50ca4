"""The licence of a segmenter made by others is shown before its first run here, and again when its terms change."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from twin.wording import Wording

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = ["licence_text", "mark_licence_shown"]

_FILE = "licences.json"


def licence_text(segmenter: Segmenter, settings_folder: Path, wording: Wording) -> str | None:
    """Return what must be shown before this segmenter runs; None for ours, and once it was shown.

    Parameters
    ----------
    segmenter
        The one that is about to run.
    settings_folder
        Folder of settings of this user.
    wording
        Language.
    """
    from segmentation.external import ExternalSegmenter

    if not isinstance(segmenter, ExternalSegmenter):
        return None
    licence = segmenter.licence
    if _shown(settings_folder).get(segmenter.id) == licence.text_key:
        return None
    return wording.text(licence.message_id, licence=licence.name, segmenter=segmenter.id)


def mark_licence_shown(segmenter: Segmenter, settings_folder: Path) -> None:
    """Remember that the licence of this segmenter was shown; a folder that cannot be written costs the memory only."""
    from segmentation.external import ExternalSegmenter

    if not isinstance(segmenter, ExternalSegmenter):
        return
    shown = {**_shown(settings_folder), segmenter.id: segmenter.licence.text_key}
    try:
        settings_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=settings_folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(shown, file, indent=1)
        os.replace(name, settings_folder / _FILE)
    except OSError:
        return


def _shown(settings_folder: Path) -> dict[str, str]:
    try:
        data = json.loads((settings_folder / _FILE).read_text(encoding="utf-8"))
        return {str(name): str(key) for name, key in data.items()}
    except (OSError, ValueError, AttributeError):
        return {}
