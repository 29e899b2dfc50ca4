"""Quality control of labels and of the scan: what a person should look at before trusting them.

Nothing here changes a label. :func:`quality_report` looks at everything, :func:`quality_report_after` at what an edit
can have changed; :func:`label_warnings` and :func:`scan_warnings` give the same doubts to a segmentation result.
"""

from segmentation.quality.contrast import proposed_phase
from segmentation.quality.examination import (
    QualityReport,
    label_warnings,
    quality_report,
    quality_report_after,
    scan_warnings,
)
from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.size import LIVER_RANGE_ML, PatientSize

__all__ = [
    "LIVER_RANGE_ML",
    "FindingSeverity",
    "PatientSize",
    "QualityFinding",
    "QualityReport",
    "label_warnings",
    "proposed_phase",
    "quality_report",
    "quality_report_after",
    "scan_warnings",
]
