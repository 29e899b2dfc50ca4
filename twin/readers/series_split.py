"""From the images of a study to stacks: one per series, phase, echo, orientation and place.

A SeriesInstanceUID is no promise of one volume: scanners put several orientations, echo times, dynamic phases
or anatomical blocks under one. Images are taken apart until each part is one even stack, or nothing tells them apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from twin.readers.image_header import ImageHeader
from twin.readers.stack import SliceStack, axes_from_orientation

__all__ = ["SeriesPart", "split_by_series", "split_into_stacks", "stack_of"]

_T = TypeVar("_T")

# Attributes that tell two images at one place apart, the most telling first.
_DISTINGUISHING = (
    "StackID",
    "EchoTime",
    "EchoNumbers",
    "DiffusionBValue",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "ImageType",
    "InversionTime",
    "FlipAngle",
    "TriggerTime",
    "ContrastBolusAgent",
    "ConvolutionKernel",
    "KVP",
    "AcquisitionNumber",
    "SliceThickness",
    "SeriesTime",
    "AcquisitionDateTime",
    "AcquisitionTime",
)
_SAME_DIRECTION = 2e-3
_SAME_OFFSET_MM = 1.0
_FEWEST_IN_A_STACK = 3


@dataclass(frozen=True, eq=False)
class SeriesPart:
    """Images that belong together.

    Parameters
    ----------
    images
        In any order.
    split_by
        What told them from the rest of their series: attribute keywords, ``orientation``, ``size``, ``place``,
        ``order``; empty when the series was whole.
    n_copies
        How many identical copies were left out.
    """

    images: tuple[ImageHeader, ...]
    split_by: tuple[str, ...] = ()
    n_copies: int = 0


def split_by_series(images: Iterable[ImageHeader]) -> list[list[ImageHeader]]:
    """Group images by study and series; those without SeriesInstanceUID by what describes a series."""

    def series_of(image: ImageHeader) -> Hashable:
        study, series = image.text("StudyInstanceUID"), image.text("SeriesInstanceUID")
        if series:
            return (study, series)
        return (study, image.text("SeriesNumber"), image.text("SeriesDescription"), image.text("Modality"))

    return _grouped(images, series_of)


def split_into_stacks(images: Sequence[ImageHeader]) -> list[SeriesPart]:
    """Take the images of one series apart into even stacks, largest first."""
    distinct, n_copies = _without_copies(images)
    parts = []
    by_size = _grouped(distinct, lambda image: (image.n_rows, image.n_columns, _rounded(image.spacing_ij_mm)))
    for same_size in by_size:
        by_direction = _by_direction(same_size)
        for same_direction in by_direction:
            said = (("size",) if len(by_size) > 1 else ()) + (("orientation",) if len(by_direction) > 1 else ())
            parts += [SeriesPart(tuple(stack), said + more, n_copies) for stack, more in _apart(same_direction, 0)]
    return sorted(parts, key=lambda part: -len(part.images))


def stack_of(images: Sequence[ImageHeader]) -> SliceStack | None:
    """Return how parallel images lie in space, None when their orientation is no rotation."""
    axes = axes_from_orientation(images[0].orientation)
    if axes is None:
        return None
    points = np.array([image.position_lps_mm for image in images])
    return SliceStack.from_points(points, axes, pixel_mm=min(images[0].spacing_ij_mm))


def _without_copies(images: Sequence[ImageHeader]) -> tuple[list[ImageHeader], int]:
    """Drop files that were copied twice: same instance, frame and place."""
    seen: set[Hashable] = set()
    distinct = []
    for image in sorted(images, key=lambda i: i.is_damaged):  # of two copies the whole one stays
        key = (image.text("SOPInstanceUID"), image.frame, image.position_lps_mm)
        if image.text("SOPInstanceUID") and key in seen:
            continue
        seen.add(key)
        distinct.append(image)
    return distinct, len(images) - len(distinct)


def _by_direction(images: Sequence[ImageHeader]) -> list[list[ImageHeader]]:
    groups: list[list[ImageHeader]] = []
    for image in images:
        for group in groups:
            if np.abs(np.subtract(group[0].orientation, image.orientation)).max() < _SAME_DIRECTION:
                group.append(image)
                break
        else:
            groups.append([image])
    return groups


def _apart(images: Sequence[ImageHeader], depth: int) -> list[tuple[list[ImageHeader], tuple[str, ...]]]:
    """Split parallel images until each part is an even stack, with the names of what told them apart."""
    whole: list[tuple[list[ImageHeader], tuple[str, ...]]] = [(list(images), ())]
    if _is_even(images) or depth > 3:
        return whole
    splits = [(name, groups) for name, groups in _candidates(images) if _n_double(groups) < _n_double([images])]
    splits += [(name, groups) for name, groups in _candidates(images) if all(map(_is_even, groups))]
    if not splits:
        return whole
    name, groups = min(splits, key=lambda split: (not all(map(_is_even, split[1])), _n_double(split[1])))
    return [(stack, (name, *more)) for group in groups for stack, more in _apart(group, depth + 1)]


def _candidates(images: Sequence[ImageHeader]) -> Iterable[tuple[str, list[list[ImageHeader]]]]:
    """Ways to split the images into two groups or more, the most telling first."""
    for keyword in _DISTINGUISHING:
        groups = _grouped(images, lambda image, k=keyword: image.text(k))  # type: ignore[misc]
        if 1 < len(groups) <= len(images) / _FEWEST_IN_A_STACK:
            yield keyword, groups
    yield from _candidates_by_place(images)


def _candidates_by_place(images: Sequence[ImageHeader]) -> Iterable[tuple[str, list[list[ImageHeader]]]]:
    stack = stack_of(images)
    if stack is None:
        return
    ordered = [images[n] for n in stack.order]
    if not stack.is_straight and not stack.is_evenly_sheared:
        places = [tuple(np.round(drift / _SAME_OFFSET_MM)) for drift in stack.drift_ij_mm]
        groups = _grouped(range(len(ordered)), lambda n: places[n])
        if 1 < len(groups) <= len(images) / _FEWEST_IN_A_STACK:
            yield "place", [[ordered[n] for n in group] for group in groups]
    interleaved = [ordered[0::2], ordered[1::2]]
    if not stack.duplicates and len(ordered) >= 2 * _FEWEST_IN_A_STACK:
        yield "order", interleaved
    counts = {len(group) for group in stack.duplicates}
    if len(counts) == 1 and len(stack.duplicates) * counts.copy().pop() == len(images):
        n_each = counts.pop()
        ranked = [sorted((ordered[n] for n in group), key=_by_time) for group in stack.duplicates]
        yield "order", [[group[rank] for group in ranked] for rank in range(n_each)]


def _by_time(image: ImageHeader) -> tuple[str, str, float]:
    time = image.text("AcquisitionDateTime") or image.text("AcquisitionTime")
    return (time, image.text("ContentTime"), image.number("InstanceNumber") or 0.0)


def _is_even(images: Sequence[ImageHeader]) -> bool:
    stack = stack_of(images)
    if stack is None or len(images) < _FEWEST_IN_A_STACK:
        return stack is None or not stack.duplicates
    return stack.is_regular and not stack.duplicates and (stack.is_straight or stack.is_evenly_sheared)


def _n_double(groups: Sequence[Sequence[ImageHeader]]) -> int:
    """How many images share their place with another of their group."""
    stacks = [stack for group in groups if (stack := stack_of(group)) is not None]
    return sum(len(double) for stack in stacks for double in stack.duplicates)


def _rounded(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(number, 3) for number in numbers)


def _grouped(items: Iterable[_T], key: Callable[[_T], Hashable]) -> list[list[_T]]:
    groups: dict[Hashable, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.values())
