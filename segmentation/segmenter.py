"""What every automatic segmenter promises, and the list of those that exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName
from twin.grid import Grid
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
    confidence
        Structure id to uint8 ``[k, j, i]`` on ``confidence_grid``: 255 times the mean probability of an ensemble, times
        the agreement of its members. Empty where a segmenter has none. It widens the uncertainties of the layers.
    confidence_grid
        Working grid of the confidence, coarser than that of the volume; None where there is no confidence.
    """

    layers: Mapping[LayerName, LabelLayer]
    not_found: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[SegmentationWarning, ...] = ()
    confidence: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    confidence_grid: Grid | None = None

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
    """Return every segmenter, the preferred one first: the networks, then the one that needs no weights.

    Where the weights of the networks are missing, what the classical segmenter finds carries a warning that says so.
    """
    from segmentation.classical.segment import ClassicalSegmenter
    from segmentation.networks.network_segmenter import NetworkSegmenter

    networks = NetworkSegmenter()
    without = networks.availability().message_id
    notices = () if without is None else (SegmentationWarning("networks.warning.made_without"),)
    return (networks, ClassicalSegmenter(notices=notices))
