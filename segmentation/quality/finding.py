"""What quality control found: a doubt with its weight and the place where it can be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segmentation.segmenter import SegmentationWarning
from twin.label_doubt import LabelDoubt

__all__ = ["FindingSeverity", "QualityFinding"]


class FindingSeverity(StrEnum):
    """How much a finding weighs; none of them changes a label or forbids anything."""

    NOTE = "note"  # a fact to know
    WARNING = "warning"  # look at it before a figure is trusted
    SERIOUS = "serious"  # a figure or a side would be wrong


@dataclass(frozen=True)
class QualityFinding:
    """A doubt about a label or about the scan.

    Parameters
    ----------
    message_id, parameters
        Its words.
    severity
        Its weight.
    structure_id
        The structure it is about; None when it is about the scan.
    point_lps_mm
        Where to look, LPS millimetres; None when it is about the whole.

    Examples
    --------
    >>> finding = QualityFinding("segmentation.warning.cut_by_scan", FindingSeverity.WARNING, "liver")
    >>> finding.as_doubt().structure_id
    'liver'
    """

    message_id: str
    severity: FindingSeverity
    structure_id: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    point_lps_mm: tuple[float, float, float] | None = None

    def as_warning(self) -> SegmentationWarning:
        """Return it in the form of a segmentation result."""
        return SegmentationWarning(self.message_id, self.structure_id, self.parameters)

    def as_doubt(self) -> LabelDoubt:
        """Return it in the form that stays with a layer."""
        return LabelDoubt(self.message_id, self.structure_id, self.parameters)

    def to_json(self) -> dict[str, object]:
        """Plain values for a program."""
        return {
            "message_id": self.message_id,
            "severity": self.severity.value,
            "structure": self.structure_id,
            "parameters": dict(self.parameters),
            "point_lps_mm": None if self.point_lps_mm is None else list(self.point_lps_mm),
        }
