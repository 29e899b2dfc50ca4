"""The liver on a scan of another date, and where that scan lies in the space of the planning volume."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from twin.registration import Registration
from twin.twin import Twin

__all__ = ["SecondScan"]


@dataclass(frozen=True, eq=False)
class SecondScan:
    """A scan of another date with its labels.

    Parameters
    ----------
    volume_id, scan_date
        Which scan, and the day it was made.
    twin
        Its own labels on its own grid; with vessel trees and segments where its vessels are labelled.
    registration
        From this scan to the planning volume.
    """

    volume_id: str
    scan_date: date
    twin: Twin
    registration: Registration

    @property
    def is_doubtful(self) -> bool:
        """True when the registration was said to be doubtful, or was not measured at all."""
        doubts = self.registration.provenance.parameters.get("doubts")
        return bool(doubts) or self.registration.quality.value is None
