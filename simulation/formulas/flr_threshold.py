"""Published cut-offs of the remnant. Each is compared with the ratio it was derived from, never with another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twin.figure import Figure, ThresholdPosition

__all__ = ["FLR_THRESHOLDS", "FlrRatio", "FlrThreshold", "positions", "thresholds_for"]


class FlrRatio(StrEnum):
    """The ratio a cut-off was derived from, named as in the outcome of a plan."""

    SFLR_VAUTHEY = "sflr_percent.vauthey"
    SFLR_URATA = "sflr_percent.urata"
    MEASURED = "flr_percent"
    DONOR_REMNANT = "donor_remnant_percent"


@dataclass(frozen=True)
class FlrThreshold:
    """One row of the table.

    ``parenchyma`` is the choice of the patient facts (``"donor"`` for a living donor's remnant). ``upper_percent``
    is set where the source gives a range.
    """

    parenchyma: str
    percent: float
    ratio: FlrRatio
    source: str
    upper_percent: float | None = None


_PMC = "PMC6422720, table 1"

FLR_THRESHOLDS: tuple[FlrThreshold, ...] = (
    FlrThreshold("normal", 20.0, FlrRatio.SFLR_VAUTHEY, f"Kishi ({_PMC})"),
    FlrThreshold("normal", 25.0, FlrRatio.SFLR_URATA, f"Vauthey 2000 ({_PMC})"),
    FlrThreshold("normal", 25.0, FlrRatio.MEASURED, f"Shoup ({_PMC})"),
    FlrThreshold("normal", 26.6, FlrRatio.MEASURED, "Schindl (PMC1774834)"),
    FlrThreshold("chemotherapy", 30.0, FlrRatio.SFLR_VAUTHEY, f"Shindoh, over 3 months ({_PMC})"),
    FlrThreshold("fibrosis", 40.0, FlrRatio.MEASURED, f"Azoulay ({_PMC})"),
    FlrThreshold("fibrosis", 40.0, FlrRatio.MEASURED, f"Kubota, by ICG ({_PMC})", upper_percent=50.0),
    FlrThreshold("cirrhosis", 40.0, FlrRatio.MEASURED, f"Azoulay ({_PMC})"),
    FlrThreshold("cirrhosis", 40.0, FlrRatio.MEASURED, f"Kubota, by ICG ({_PMC})", upper_percent=50.0),
    FlrThreshold("donor", 30.0, FlrRatio.DONOR_REMNANT, "Soin 2019, 10.1097/TP.0000000000002475"),
)


def thresholds_for(parenchyma: str) -> tuple[FlrThreshold, ...]:
    """Return the published rows for a parenchyma; steatosis has none of its own in this source, so none comes back.

    Examples
    --------
    >>> [row.percent for row in thresholds_for("chemotherapy")], thresholds_for("steatosis")
    ([30.0], ())
    """
    return tuple(row for row in FLR_THRESHOLDS if row.parenchyma == parenchyma)


def positions(figures: dict[str, Figure], parenchyma: str) -> tuple[tuple[FlrThreshold, ThresholdPosition], ...]:
    """Return where each published row lies with respect to the interval of the ratio it was derived from.

    Parameters
    ----------
    figures
        Figures by the names of :class:`FlrRatio`; a ratio that is absent is undecidable.
    parenchyma
        As in the patient facts, or ``"donor"``.

    Examples
    --------
    >>> figures = {"sflr_percent.vauthey": Figure(29.0, 27.0, 31.0, "%"), "flr_percent": Figure(50.0, 48.0, 52.0, "%")}
    >>> [(row.percent, position.value) for row, position in positions(figures, "chemotherapy")]
    [(30.0, 'inside')]
    """
    found = []
    for row in thresholds_for(parenchyma):
        figure = figures.get(row.ratio.value, Figure.unknown("%"))
        lower = figure.threshold_position(row.percent)
        if row.upper_percent is not None:
            upper = figure.threshold_position(row.upper_percent)
            lower = lower if lower is upper else ThresholdPosition.INSIDE
        found.append((row, lower))
    return tuple(found)
