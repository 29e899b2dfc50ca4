"""What is said of the published cut-offs beside the figures: words and interval, never a colour."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.formulas.flr_threshold import positions
from twin.figure import Figure, ThresholdPosition
from twin.outcome import OutcomeWarning
from twin.patient import PatientFacts

__all__ = ["threshold_notes"]


def threshold_notes(
    figures: Mapping[str, Figure], facts: PatientFacts, *, is_donor: bool = False
) -> tuple[OutcomeWarning, ...]:
    """Return a note for each published cut-off of the patient's parenchyma that the remnant does not clearly pass.

    Nothing while the parenchyma was not entered. Steatosis has no published row in the source, and that is said.

    Parameters
    ----------
    figures
        Ratios of the remnant by their dotted names.
    facts
        Of the patient.
    is_donor
        True for a living donor: then only the row of donors is looked at.
    """
    parenchyma = "donor" if is_donor else facts.word("parenchyma")
    if parenchyma is None:
        return ()
    rows = positions(dict(figures), parenchyma)
    if not rows:
        return (OutcomeWarning("warning.threshold.no_published_row", {"parenchyma": parenchyma}),)
    notes = []
    for row, position in rows:
        parameters = {"percent": row.percent, "ratio": row.ratio.value, "source": row.source}
        if position is ThresholdPosition.INSIDE:
            notes.append(OutcomeWarning("warning.threshold.inside_interval", parameters))
        elif position is ThresholdPosition.ABOVE:
            notes.append(OutcomeWarning("warning.threshold.not_reached", parameters))
    return tuple(notes)
