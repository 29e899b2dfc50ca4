"""What every automatic segmenter promises, and the list of those that exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from twin.anatomy import LayerName
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.volume import Volume

__all__ = ["Availability", "SegmentationResult", "SegmentationWarning", "Segmenter", "segmenters"]


@dataclass(frozen=True)
class Availability:
    """Whether a segmenter can run on this machine; ``message_id`` says why not."""

    is_available: bool
    message_id: str | None = None


@dataclass(frozen=True)
class SegmentationWarning:
    """Something a person should look at before trusting a label: a message id with its parameters.

    ``structure_id`` names the structure it is about, or is None when it is about the scan.
    """

    message_id: str
    structure_id: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SegmentationResult:
    """Labels found in one volume, and what was not found.

    Parameters
    ----------
    layers
        Layer name to layer, on the grid of the volume; only layers in which something was found.
    not_found
        Structure id to the message id of the reason. A structure is in a layer or here, never in both.
    warnings
        Doubts about what was found, and about the fitness of the scan.
    """

    layers: Mapping[LayerName, LabelLayer]
    not_found: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[SegmentationWarning, ...] = ()

    def has(self, structure_id: str) -> bool:
        """Tell whether a structure was found."""
        return any(structure_id in layer.structure_ids() for layer in self.layers.values())


@runtime_checkable
class Segmenter(Protocol):
    """Labels structures of a volume, the same way for every case."""

    @property
    def id(self) -> str:
        """Stable id, e.g. ``"segmenter.classical"``."""
        ...

    @property
    def version(self) -> str:
        """Version written into the provenance of its labels."""
        ...

    def availability(self) -> Availability:
        """Tell whether it can run here."""
        ...

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a volume.

        Raises
        ------
        InputError
            When the volume is of a kind this segmenter cannot read.
        BackendUnavailable
            When it cannot run here.
        Cancelled
            When ``cancel`` was set.
        """
        ...


def segmenters() -> tuple[Segmenter, ...]:
    """Return every segmenter, the preferred one first."""
    from segmentation.classical.segment import ClassicalSegmenter

    return (ClassicalSegmenter(),)
