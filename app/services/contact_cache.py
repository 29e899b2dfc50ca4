"""Contacts of lesions with vessels, kept in the cache of a case: they follow from labels and names, not from a plan."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from app.services.crash_log import product_version
from simulation.contacts import contacts_of
from twin.case import Case
from twin.contact import Contact
from twin.twin import Twin

__all__ = ["contacts_of_case"]

_MOST_FILES = 8


def contacts_of_case(case: Case, case_path: Path, twin: Twin) -> tuple[Contact, ...]:
    """Return the contacts of a case: from its cache, or measured now and kept there.

    Parameters
    ----------
    case, case_path
        The case and its folder; ``cache/contacts`` in it may be deleted at any time.
    twin
        Of this case, with its trees.
    """
    key = hashlib.sha256(f"{product_version()}|{case.labels_hash}".encode()).hexdigest()[:24]
    path = case_path / "cache" / "contacts" / f"{key}.json"
    try:
        return tuple(Contact.from_json(entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # absent or damaged: they are measured again
    contacts = contacts_of(twin)
    _keep(path, contacts)
    return contacts


def _keep(path: Path, contacts: tuple[Contact, ...]) -> None:
    """Write the contacts; a cache that cannot be written costs time, not results."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump([contact.to_json() for contact in contacts], file)
        os.replace(name, path)
        for old in sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-_MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError:
        return
