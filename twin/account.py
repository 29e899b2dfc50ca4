"""Who and when, as the system knows it: for confirmations, approvals and the audit log."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime

__all__ = ["system_account", "utc_now"]


def system_account() -> str:
    """Return the name of the account the program runs under, or its number where the system knows no name."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # an account without an entry, as in a container
        return str(os.getuid())


def utc_now() -> str:
    """Return the present time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
