"""A figure as it is shown: a value with its 90 % interval, its unit, where it comes from and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

__all__ = ["Figure", "FigureStatus", "ThresholdPosition"]


class FigureStatus(StrEnum):
    """How a figure came to be."""

    MEASURED = "measured"
    COMPUTED = "computed"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"
    STALE = "stale"


class ThresholdPosition(StrEnum):
    """Where a threshold lies with respect to the interval of a figure."""

    BELOW = "below"  # the whole interval lies above the threshold
    INSIDE = "inside"  # the interval does not decide
    ABOVE = "above"  # the whole interval lies below the threshold
    UNDECIDABLE = "undecidable"  # value or interval unknown


@dataclass(frozen=True)
class Figure:
    """A number with its honesty.

    Parameters
    ----------
    value, low, high
        Central value and 90 % interval, in ``unit``; None where unknown.
    unit
        UCUM-like: ``"ml"``, ``"mm"``, ``"%"``, ``"deg"``, ``""``.
    status
        Measured, computed, assumed, unknown or stale.
    source
        What the figure was derived from: formula with citation, or label layer.
    needs
        Names of the facts that are missing, e.g. ``("weight_kg",)``.

    Examples
    --------
    >>> Figure.unknown("%", needs=("weight_kg",)).to_json()["needs"]
    ['weight_kg']
    >>> Figure(30.0, 28.0, 33.0, "%").threshold_position(32.0)
    <ThresholdPosition.INSIDE: 'inside'>
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    status: FigureStatus = FigureStatus.COMPUTED
    source: str = ""
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(number is None or isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"not a finite number: {self.low}, {self.value}, {self.high}; unknown is None")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval upside down: {self.low} > {self.high}")

    @classmethod
    def unknown(cls, unit: str, *, needs: tuple[str, ...] = (), source: str = "") -> Figure:
        """Return a figure that is not computed, and name what it needs."""
        return cls(None, None, None, unit, FigureStatus.UNKNOWN, source, needs)

    @property
    def is_known(self) -> bool:
        """True when there is a value that may be shown as current."""
        return self.value is not None and self.status is not FigureStatus.STALE

    def as_stale(self) -> Figure:
        """Return the same figure marked stale: its inputs changed."""
        return replace(self, status=FigureStatus.STALE)

    def threshold_position(self, threshold: float) -> ThresholdPosition:
        """Compare with a threshold in the same unit; the interval decides, not the value."""
        if self.low is None or self.high is None or not self.is_known:
            return ThresholdPosition.UNDECIDABLE
        if self.low > threshold:
            return ThresholdPosition.BELOW
        if self.high < threshold:
            return ThresholdPosition.ABOVE
        return ThresholdPosition.INSIDE

    def to_json(self) -> dict[str, object]:
        """Return the form of the command line: value, low, high, unit, status, source (and needs if unknown)."""
        data: dict[str, object] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "status": self.status.value,
            "source": self.source,
        }
        if self.needs:
            data["needs"] = list(self.needs)
        return data

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Figure:
        """Read what :meth:`to_json` wrote."""

        def number(name: str) -> float | None:
            found = data[name]
            return None if found is None else float(str(found))

        needs = data.get("needs", [])
        return cls(
            number("value"),
            number("low"),
            number("high"),
            str(data["unit"]),
            FigureStatus(str(data["status"])),
            str(data["source"]),
            tuple(str(name) for name in needs) if isinstance(needs, list) else (),
        )
