"""From scanned DICOM headers to series that can be loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener
from twin.patient import PatientIdentity
from twin.provenance import Provenance
from twin.readers.contrast_phase import proposed_phase
from twin.readers.image_header import ImageHeader
from twin.readers.patient_proposal import masked
from twin.readers.pixels_dicom import AIR_HU, PixelReader, VoxelType, voxel_type
from twin.readers.problem import Problem, Severity
from twin.readers.resample_sitk import shifted_slice
from twin.readers.series import Series
from twin.readers.series_split import SeriesPart, split_by_series, split_into_stacks
from twin.readers.slice_placement import Placement, placement_of
from twin.volume import Modality, Quantity

__all__ = ["series_of_images"]

_READER_VERSION = "1"
# Rescale types whose values are Hounsfield units or may be (DICOM PS3.3, C.11.1.1.2); others are maps of iodine,
# effective atomic number and the like.
_HOUNSFIELD_TYPES = ("", "HU", "US", "HU_MOD")
# Without rescale attributes a CT is believed to be in Hounsfield units when this share of a slice is air.
_AIR_BELOW_HU = -500.0
_LEAST_AIR_SHARE = 0.01

# Typed by people, so that a name may stand in them.
_FREE_TEXTS = ("protocol", "contrast_agent")

# What told stacks of one series apart, in words; other attributes keep their DICOM name.
_SPLIT_TERMS = {
    "size": "term.split.size",
    "place": "term.split.place",
    "order": "term.split.order",
    "EchoTime": "term.split.echo",
    "EchoNumbers": "term.split.echo",
    "TemporalPositionIdentifier": "term.split.time",
    "TemporalPositionIndex": "term.split.time",
    "AcquisitionNumber": "term.split.acquisition",
    "AcquisitionDateTime": "term.split.time",
    "AcquisitionTime": "term.split.time",
    "SeriesTime": "term.split.time",
    "TriggerTime": "term.split.time",
}

_FACTS = {
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "patient_position": "PatientPosition",
    "body_part": "BodyPartExamined",
    "acquisition_time": "AcquisitionTime",
    "image_type": "ImageType",
    "protocol": "ProtocolName",
    "contrast_agent": "ContrastBolusAgent",
    "kernel": "ConvolutionKernel",
    "tube_voltage_kv": "KVP",
    "scan_options": "ScanOptions",
    "scanning_sequence": "ScanningSequence",
    "sequence_variant": "SequenceVariant",
    "sequence_name": "SequenceName",
    "acquisition_type": "MRAcquisitionType",
    "repetition_time_ms": "RepetitionTime",
    "echo_time_ms": "EchoTime",
    "inversion_time_ms": "InversionTime",
    "flip_angle_deg": "FlipAngle",
    "echo_train_length": "EchoTrainLength",
    "field_strength_t": "MagneticFieldStrength",
    "b_value_s_per_mm2": "DiffusionBValue",
}


@dataclass(frozen=True, eq=False)
class _DicomVoxels:
    """Decodes the slices of one placed stack."""

    placement: Placement
    grid: Grid
    quantity: Quantity
    dtype: VoxelType
    reader: PixelReader

    def slice(self, k: int) -> NDArray[np.generic]:
        parts = self.placement.sources[k]
        values = sum((self._on_plane(place) * np.float32(weight) for place, weight in parts), np.float32(0))
        return self._stored(np.asarray(values, dtype=np.float32))

    def voxels(self, progress: ProgressListener, cancel: CancelToken | None) -> NDArray[np.generic]:
        n_slices = self.grid.size_ijk[2]
        voxels = np.empty(self.grid.shape_kji, self.dtype)
        for k in range(n_slices):
            if cancel is not None:
                cancel.raise_if_cancelled()
            voxels[k] = self.slice(k)
            progress(Progress((k + 1) / n_slices, "progress.import.decoding", {"done": k + 1, "total": n_slices}))
        return voxels

    def provenance(self) -> Provenance:
        digest = hashlib.sha256("".join(sorted(self.reader.digests.values())).encode())
        parameters: dict[str, object] = {
            "n_images": len(self.placement.images),
            "filled_slices": list(self.placement.filled),
            "is_tilt_resampled": self.placement.shift_ij is not None,
        }
        return Provenance("reader.dicom", _READER_VERSION, parameters, {"files": digest.hexdigest()})

    def _on_plane(self, place: int) -> NDArray[np.float32]:
        values = self.reader.values(self.placement.images[place])
        if self.placement.shift_ij is None:
            return values
        rows_columns = self.grid.shape_kji[1:]
        outside = AIR_HU if self.quantity is Quantity.HOUNSFIELD else 0.0
        return shifted_slice(values, self.placement.shift_ij[place], rows_columns, outside=outside)

    def _stored(self, values: NDArray[np.float32]) -> NDArray[np.generic]:
        if self.dtype is np.float32:
            return values
        lowest, highest = (-32768, 32767) if self.dtype is np.int16 else (0, 65535)
        return np.asarray(np.clip(np.rint(values), lowest, highest).astype(self.dtype))


def series_of_images(images: Sequence[ImageHeader], identity: PatientIdentity) -> tuple[Series, ...]:
    """Return every stack of a study as a series, in the order of the study: time, series number, part.

    Parameters
    ----------
    images
        Headers of all images of one patient.
    identity
        Whose words are masked in the descriptions.
    """
    series: list[Series] = []
    for position, group in enumerate(split_by_series(images), start=1):
        uid = group[0].text("SeriesInstanceUID") or f"series-{position}"
        parts = split_into_stacks(group)
        for number, part in enumerate(parts, start=1):
            series.append(_series(uid, part, number, len(parts), identity))
    return tuple(sorted(series, key=lambda s: (s.scan_date or "", s.number or 0, s.uid)))


def _series(uid: str, part: SeriesPart, part_number: int, n_parts: int, identity: PatientIdentity) -> Series:
    placement = placement_of(part.images)
    first = (placement.images or part.images)[0]
    modality = Modality(first.text("Modality"))
    quantity = Quantity.HOUNSFIELD if modality is Modality.CT else Quantity.SIGNAL
    reader = PixelReader(quantity)
    problems = [*_problems_of_part(part, n_parts), *placement.problems]
    if placement.grid is not None:
        problems += _problems_of_values(placement, quantity, reader)
    is_refused = any(p.severity is Severity.REFUSED for p in problems)
    source = None
    if placement.grid is not None and not is_refused:
        dtype = voxel_type(placement.images, quantity)
        source = _DicomVoxels(placement, placement.grid, quantity, dtype, reader)
    description = masked(first.text("SeriesDescription"), identity)
    if n_parts > 1:
        uid = uid if part_number == 1 else f"{uid}#{part_number}"
        description = f"{description} ({part_number}/{n_parts})".strip()
    phase, phase_source = proposed_phase(first)
    number = first.number("SeriesNumber")
    return Series(
        uid=uid,
        series_uid=first.text("SeriesInstanceUID") or None,
        description=description,
        modality=modality,
        quantity=quantity,
        n_images=len(part.images),
        number=None if number is None else int(number),
        phase=phase,
        phase_source=phase_source,
        scan_date=_scan_date(first),
        grid=placement.grid,
        nominal_thickness_mm=first.number("SliceThickness") or None,
        facts=_facts(first, part, part_number, n_parts, identity),
        problems=tuple(_placed_at(problem, description or _short_name(first, uid)) for problem in problems),
        source=source,
    )


def _short_name(image: ImageHeader, uid: str) -> str:
    """What to call a series without description: its number, else the end of its identifier."""
    return image.text("SeriesNumber") or f"…{uid[-6:]}"


def _placed_at(problem: Problem, where: str) -> Problem:
    return Problem(problem.severity, problem.message_id, {**problem.parameters, "series": where}, where)


def _problems_of_part(part: SeriesPart, n_parts: int) -> list[Problem]:
    problems = []
    if n_parts > 1:
        by = part.split_by[0] if part.split_by else "place"
        term = _SPLIT_TERMS.get(by, by)
        message_id = "problem.series.mixed_orientation" if by == "orientation" else "problem.series.split"
        is_guess = "order" in part.split_by
        severity = Severity.WARNING if is_guess else Severity.INFO
        problems.append(Problem(severity, message_id, {"parts": n_parts, "by": term}))
    if part.n_copies:
        problems.append(Problem(Severity.INFO, "problem.series.copies", {"count": part.n_copies}))
    declared = part.images[0].number("ImagesInAcquisition")
    total = len(part.images) + part.n_copies
    if declared and n_parts == 1 and total < declared:
        parameters = {"count": total, "declared": int(declared)}
        problems.append(Problem(Severity.WARNING, "problem.series.fewer_than_declared", parameters))
    return problems


def _problems_of_values(placement: Placement, quantity: Quantity, reader: PixelReader) -> list[Problem]:
    """Check that values of a CT are Hounsfield units; only a series without rescaling is decoded for it."""
    first = placement.images[0]
    problems = []
    if first.text("PhotometricInterpretation") == "MONOCHROME1":
        problems.append(Problem(Severity.INFO, "problem.series.monochrome1"))
    if quantity is not Quantity.HOUNSFIELD:
        return problems
    if first.text("RescaleType").upper() not in _HOUNSFIELD_TYPES:
        parameters = {"kind": first.text("RescaleType")}
        return [*problems, Problem(Severity.REFUSED, "problem.series.not_hounsfield", parameters)]
    if any(image.rescale_slope == 0.0 for image in placement.images):
        return [*problems, Problem(Severity.REFUSED, "problem.series.no_rescale")]
    if all(None not in (image.rescale_slope, image.rescale_intercept) for image in placement.images):
        return problems
    try:
        middle = reader.values(placement.images[len(placement.images) // 2])
    except InputError as error:
        return [*problems, Problem(Severity.REFUSED, error.message_id, error.parameters)]
    if (middle < _AIR_BELOW_HU).mean() >= _LEAST_AIR_SHARE:
        return [*problems, Problem(Severity.WARNING, "problem.series.rescale_assumed")]
    return [*problems, Problem(Severity.REFUSED, "problem.series.no_rescale")]


def _scan_date(image: ImageHeader) -> str | None:
    keywords = ("AcquisitionDate", "SeriesDate", "StudyDate", "ContentDate")
    dates = (image.text(keyword) for keyword in keywords)
    return next((date for date in dates if len(date) == 8 and date.isdigit()), None)


def _facts(
    image: ImageHeader, part: SeriesPart, part_number: int, n_parts: int, identity: PatientIdentity
) -> dict[str, str]:
    facts = {name: image.text(keyword) for name, keyword in _FACTS.items()}
    facts |= {name: masked(facts[name], identity) for name in _FREE_TEXTS}
    facts["split_by"] = ", ".join(part.split_by)
    facts["split_part"] = f"{part_number}/{n_parts}" if n_parts > 1 else ""
    return {name: text for name, text in facts.items() if text}
