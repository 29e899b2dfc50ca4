"""Older cases brought to the present schema, step by step, by pure functions on plain JSON documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MIGRATIONS", "SCHEMA", "Migration", "migrated_edit", "migrated_record"]

SCHEMA = 1

Document = dict[str, Any]


@dataclass(frozen=True)
class Migration:
    """One step from a schema to the next.

    Each function takes a document of the older schema and returns a new one of the next; it never changes what it
    is given and reads nothing else.

    Parameters
    ----------
    record
        Of the record of a case.
    edit
        Of one edit of a journal that was not folded into blobs before the program was replaced.
    """

    record: Callable[[Document], Document]
    edit: Callable[[Document], Document]


# Key: the schema a step starts from.
MIGRATIONS: Mapping[int, Migration] = {}


def migrated_record(record: Document, schema: int) -> Document:
    """Return the record of a case brought from ``schema`` to the present one."""
    for step in range(schema, SCHEMA):
        record = MIGRATIONS[step].record(record)
    return record


def migrated_edit(edit: Document, schema: int) -> Document:
    """Return an edit of a journal brought from ``schema`` to the present one."""
    for step in range(schema, SCHEMA):
        edit = MIGRATIONS[step].edit(edit)
    return edit
