"""Volumes that an organ of this size can hardly have."""

from __future__ import annotations

from dataclasses import dataclass

from segmentation.quality.border import is_cut_by_scan
from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan

__all__ = ["LIVER_RANGE_ML", "PatientSize", "size_findings"]

# Plausible whole livers, in ml. Lower end: 70 % of the standard volume of a small adult (1.2 m2) by Urata et al.,
# Hepatology 1995;21:1317-21 (706.2 BSA + 2.4 = 850 ml). Upper end: 140 % of that of a large one (2.6 m2) by Vauthey et
# al., Liver Transpl 2002;8:233-40 (-794.41 + 1267.28 BSA = 2500 ml). Outside it a label is looked at, not refused.
LIVER_RANGE_ML = (600.0, 3500.0)

# Beside the standard volume of this patient: ours. Half of it is a liver after a resection or a label that lacks a
# lobe; twice is a liver full of tumours or of cysts, or a label that holds more than the liver.
_LIVER_SHARE = (0.5, 2.0)

# Wider than any healthy adult, in ml: ours, about half the least and three times the most that was measured.
# Spleen: 107 to 315 ml in 140 adults (Prassopoulos et al., Eur Radiol 1997;7:246-8); portal hypertension and diseases
# of the blood enlarge it many times. Pancreas: 72 +- 26 ml from 20 to 60 years (Saisho et al., Clin Anat
# 2007;20:933-42), 19 to 140 ml in 204 adults (Abdom Radiol 2019;44:958-66).
_RANGES_ML = {"spleen": (40.0, 1500.0), "pancreas": (15.0, 250.0)}
# Both kidneys together: each 138 ml (median, women; fifth percentile 99 ml) to 174 ml (men) in 1815 adults (SHIP-TREND,
# J Clin Med 2024;13:769). One may be absent; cysts enlarge the other: ours.
_KIDNEYS_ML = (60.0, 1200.0)


@dataclass(frozen=True)
class PatientSize:
    """What is known of the size of the patient.

    Parameters
    ----------
    standard_liver_ml
        Standard liver volume from height and weight, or None where they are not known.
    is_under_age
        True below 18 years: the volumes of adults do not apply.
    """

    standard_liver_ml: float | None = None
    is_under_age: bool = False


def size_findings(scan: LabelledScan, structure_id: str, patient: PatientSize) -> list[QualityFinding]:
    """Compare the volume of one organ with what adults have, and that of the liver with this patient's body.

    A volume is not called small when a part of the organ lies outside the scan: that is said instead.
    """
    if patient.is_under_age or structure_id not in (*_RANGES_ML, "liver", "kidney"):
        return []
    volume_ml = scan.volume_ml(structure_id)
    if structure_id == "liver":
        return _liver(scan, volume_ml, patient)
    low, high = _RANGES_ML.get(structure_id, _KIDNEYS_ML)
    if volume_ml < low and not is_cut_by_scan(scan, structure_id):
        return [_finding(scan, "quality.organ_small", structure_id, volume_ml, low, high)]
    return [_finding(scan, "quality.organ_large", structure_id, volume_ml, low, high)] if volume_ml > high else []


def _liver(scan: LabelledScan, volume_ml: float, patient: PatientSize) -> list[QualityFinding]:
    low, high = LIVER_RANGE_ML
    if volume_ml < low:
        return [_finding(scan, "segmentation.warning.liver_small", "liver", volume_ml, low, high)]
    if volume_ml > high:
        return [_finding(scan, "segmentation.warning.liver_large", "liver", volume_ml, low, high)]
    standard_ml = patient.standard_liver_ml
    if standard_ml is None or _LIVER_SHARE[0] <= volume_ml / standard_ml <= _LIVER_SHARE[1]:
        return []
    if volume_ml < standard_ml and is_cut_by_scan(scan, "liver"):
        return []
    parameters = {"volume_ml": round(volume_ml), "expected_ml": round(standard_ml)}
    point = scan.point_inside("liver")
    return [QualityFinding("quality.liver_unlike_body", FindingSeverity.WARNING, "liver", parameters, point)]


def _finding(
    scan: LabelledScan, message_id: str, structure_id: str, volume_ml: float, low: float, high: float
) -> QualityFinding:
    parameters: dict[str, object] = {"volume_ml": round(volume_ml), "low_ml": round(low), "high_ml": round(high)}
    if structure_id != "liver":
        parameters["structure"] = structure_id
    return QualityFinding(
        message_id, FindingSeverity.WARNING, structure_id, parameters, scan.point_inside(structure_id)
    )
