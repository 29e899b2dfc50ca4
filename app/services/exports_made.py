"""Exports that were made of a case, marked when the case has moved on."""

from __future__ import annotations

from pathlib import Path

from twin.errors import TwinSightError
from twin.store import CaseFolder
from twin.store.audit_log import EXPORT_ACTION

__all__ = ["export_folders", "supersede_exports"]


def export_folders(folder: CaseFolder) -> tuple[Path, ...]:
    """Folders that exports of this case were written to, oldest first, whether they are still there or not."""
    entries = (entry for entry in folder.audit_entries() if entry.action == EXPORT_ACTION)
    places = (entry.details.get("folder") for entry in entries)
    return tuple(dict.fromkeys(Path(str(place)) for place in places if place))


def supersede_exports(folder: CaseFolder) -> tuple[str, ...]:
    """Mark exported files that no longer show the case as it is; return their names.

    A folder that is gone or cannot be written is passed over: the record beside the files says the rest.
    """
    places = [place for place in export_folders(folder) if place.is_dir()]
    if not places:
        return ()
    from export.manifest import mark_superseded  # loads the whole twin, which most commands do not need

    marked: list[str] = []
    for place in places:
        try:
            marked += mark_superseded(place, folder.case)
        except TwinSightError:
            continue
    return tuple(marked)
