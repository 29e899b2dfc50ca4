"""What a scan is called on the screen."""

from __future__ import annotations

from twin.volume import Volume
from twin.wording import Wording

__all__ = ["scan_name"]


def scan_name(volume: Volume, wording: Wording) -> str:
    """Name a scan by its kind, its phase and its description."""
    parts = (volume.modality.value, wording.text(f"import.phase.{volume.phase.value}"), volume.description)
    return " · ".join(part for part in parts if part)
