"""Errors in the words of the window: names of structures and facts instead of their ids."""

from __future__ import annotations

from app.services.system_fault import error_of_system
from twin.anatomy import structure
from twin.errors import InputError, TwinSightError
from twin.wording import Wording

__all__ = ["typed_error", "worded_error"]


def typed_error(error: Exception) -> TwinSightError | None:
    """Return an error that can be told in one line, or None for a defect of ours."""
    if isinstance(error, TwinSightError):
        return error
    return error_of_system(error) if isinstance(error, OSError | MemoryError) else None


def worded_error(error: TwinSightError, wording: Wording) -> str:
    """Word an error in one line."""
    parameters = dict(error.parameters)
    field = parameters.get("field")
    if isinstance(field, str):
        parameters["field"] = wording.text(f"fact.{field}").capitalize()
    structures = parameters.get("structures")
    if isinstance(structures, str):
        parameters["structures"] = ", ".join(_name(i, wording) for i in structures.split(", "))
    return " ".join(wording.text(error.message_id, **parameters).split())


def _name(structure_id: str, wording: Wording) -> str:
    try:
        return structure(structure_id).name(wording.language)
    except InputError:
        return structure_id
