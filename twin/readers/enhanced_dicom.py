"""Frames of enhanced (multi-frame) CT and MR images (adapter of pydicom).

References
----------
DICOM PS3.3, C.7.6.16 Multi-frame Functional Groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydicom.dataset import Dataset

from twin.readers.attributes_dicom import header_texts, numbers, placed_header
from twin.readers.image_header import ImageHeader
from twin.readers.source_file import SourceFile

__all__ = ["frame_headers"]

# Functional group, attribute inside it, and the classic attribute that says the same.
_FRAME_TEXTS = (
    ("FrameContentSequence", "StackID", "StackID"),
    ("FrameContentSequence", "InStackPositionNumber", "InstanceNumber"),
    ("FrameContentSequence", "TemporalPositionIndex", "TemporalPositionIdentifier"),
    ("FrameContentSequence", "FrameAcquisitionNumber", "AcquisitionNumber"),
    ("FrameContentSequence", "FrameAcquisitionDateTime", "AcquisitionDateTime"),
    ("PixelMeasuresSequence", "SliceThickness", "SliceThickness"),
    ("PixelMeasuresSequence", "SpacingBetweenSlices", "SpacingBetweenSlices"),
    ("PixelValueTransformationSequence", "RescaleType", "RescaleType"),
    ("CTImageFrameTypeSequence", "FrameType", "ImageType"),
    ("MRImageFrameTypeSequence", "FrameType", "ImageType"),
    ("CTReconstructionSequence", "ConvolutionKernel", "ConvolutionKernel"),
    ("CTXRayDetailsSequence", "KVP", "KVP"),
    ("CTAcquisitionDetailsSequence", "GantryDetectorTilt", "GantryDetectorTilt"),
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
    ("MRTimingAndRelatedParametersSequence", "RepetitionTime", "RepetitionTime"),
    ("MRTimingAndRelatedParametersSequence", "FlipAngle", "FlipAngle"),
    ("MRDiffusionSequence", "DiffusionBValue", "DiffusionBValue"),
)


def frame_headers(
    dataset: Dataset, source: SourceFile, texts: Mapping[str, str], *, is_damaged: bool
) -> tuple[ImageHeader, ...]:
    """Return the header of every frame that has a place in space."""
    shared = _first(dataset, "SharedFunctionalGroupsSequence") or Dataset()
    frames = dataset.PerFrameFunctionalGroupsSequence
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    headers = (
        _frame_header(dataset, source, texts, shared, frame, number, is_damaged)
        for number, frame in enumerate(frames[:n_frames])
    )
    return tuple(header for header in headers if header is not None)


def _frame_header(
    dataset: Dataset,
    source: SourceFile,
    texts: Mapping[str, str],
    shared: Dataset,
    frame: Dataset,
    number: int,
    is_damaged: bool,
) -> ImageHeader | None:
    def group(name: str) -> Dataset:
        return _first(frame, name) or _first(shared, name) or Dataset()

    position = numbers(group("PlanePositionSequence").get("ImagePositionPatient"), 3)
    orientation = numbers(group("PlaneOrientationSequence").get("ImageOrientationPatient"), 6)
    spacing = numbers(group("PixelMeasuresSequence").get("PixelSpacing"), 2)
    if position is None or orientation is None or spacing is None:
        return None
    rescale = group("PixelValueTransformationSequence")
    frame_texts = {**texts, **dict(_frame_texts(frame, shared))}
    return placed_header(source, number, frame_texts, dataset, rescale, position, orientation, spacing, is_damaged)


def _frame_texts(frame: Dataset, shared: Dataset) -> Iterator[tuple[str, str]]:
    for group, attribute, classic in _FRAME_TEXTS:
        for holder in (frame, shared):
            item = _first(holder, group)
            text = header_texts(item, [attribute]).get(attribute) if item is not None else None
            if text:
                yield classic, text
                break


def _first(dataset: Dataset, sequence: str) -> Dataset | None:
    items = dataset.get(sequence)
    return items[0] if items else None
