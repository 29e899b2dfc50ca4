"""What an export left out, and why, in words: the same for documents and for what the patient takes home."""

from __future__ import annotations

from collections.abc import Mapping

from twin.errors import TwinSightError
from twin.wording import Wording

__all__ = ["omissions_document", "worded_omissions"]


def worded_omissions(omitted: Mapping[str, TwinSightError], wording: Wording) -> list[str]:
    """Return one sentence for each format that was left out."""
    return [wording.text("export.omitted", format=name, reason=wording.error(error)) for name, error in omitted.items()]


def omissions_document(omitted: Mapping[str, TwinSightError], wording: Wording) -> dict[str, object]:
    """Return plain values by format, with their words."""
    return {name: {"message_id": error.message_id, "text": wording.error(error)} for name, error in omitted.items()}
