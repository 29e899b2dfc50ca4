"""A network shipped with TwinSight: its files, what they expect, and the card of what was measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from resources import resource_path
from segmentation.networks.confidence import ConfidenceScale
from twin.errors import BackendUnavailable
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

__all__ = ["InputScale", "ModelKind", "NetworkModel", "Region", "read_model", "shipped_models"]

# The classes of the cards in the words of the anatomy table.
STRUCTURE_OF_CLASS = {"gallbladder": "bile_duct"}


class ModelKind(StrEnum):
    """Over the whole scan, or in a box around organs that were found already."""

    COARSE = "coarse"
    FINE = "fine"


@dataclass(frozen=True)
class InputScale:
    """How intensities become what the networks saw while they learned.

    Parameters
    ----------
    ct_clip_hu
        Hounsfield units clipped to these two values.
    mr_percentiles
        MR signal clipped to these two percentiles of what is above zero.
    """

    ct_clip_hu: tuple[float, float] = (-125.0, 275.0)
    mr_percentiles: tuple[float, float] = (1.0, 99.0)


@dataclass(frozen=True)
class Region:
    """Where a fine network looks: the box around structures, grown on every side."""

    around: tuple[str, ...]
    margin_mm: float


@dataclass(frozen=True, eq=False)
class NetworkModel:
    """An ensemble of networks of one kind.

    Parameters
    ----------
    name, version
        As on the card.
    kind
        Coarse or fine.
    spacing_mm
        Edge of the voxels it was taught on.
    patch_kji
        Size of its window in voxels.
    classes
        Names of its outputs in order, background first; ``gallbladder`` is the structure ``bile_duct``.
    members
        ONNX files; their probabilities are averaged.
    sha256
        File name to its checksum.
    inputs
        How intensities are scaled.
    region
        For fine networks, where they look.
    uncertainties
        Structure id to measured boundary uncertainty.
    dice
        Structure id to cross-validated Dice on CT, the mean over the cases.
    mr_structures
        Structure ids validated on MR.
    smallest_means
        Structure id to the mean probability below which it is not believed, where measured.
    confidence
        How confidence widens the interval of a boundary.
    borders
        File of the trees that draw the borders of a CT again, or None.
    """

    name: str
    version: str
    kind: ModelKind
    spacing_mm: float
    patch_kji: tuple[int, int, int]
    classes: tuple[str, ...]
    members: tuple[Path, ...]
    sha256: Mapping[str, str]
    inputs: InputScale = field(default_factory=InputScale)
    region: Region | None = None
    uncertainties: Mapping[str, BoundaryUncertainty] = field(default_factory=dict)
    dice: Mapping[str, float] = field(default_factory=dict)
    mr_structures: tuple[str, ...] = ("liver", "spleen", "kidney")
    smallest_means: Mapping[str, float] = field(default_factory=dict)
    confidence: ConfidenceScale = field(default_factory=ConfidenceScale)
    borders: Path | None = None

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """Structure of each class but the background, in their order."""
        return tuple(STRUCTURE_OF_CLASS.get(name, name) for name in self.classes[1:])

    def check_files(self) -> None:
        """Compare the files with their checksums.

        Raises
        ------
        BackendUnavailable
            ``error.networks.incomplete`` when a file is missing, ``error.networks.damaged`` when one is
            not what the card says.
        """
        for path in (*self.members, *([self.borders] if self.borders else [])):
            if not path.is_file():
                raise BackendUnavailable("error.networks.incomplete", file=path.name)
            if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256.get(path.name):
                raise BackendUnavailable("error.networks.damaged", file=path.name)


def shipped_models() -> tuple[NetworkModel, ...]:
    """Return the networks that came with TwinSight, the coarse one first; none where no card is there.

    Raises
    ------
    BackendUnavailable
        ``error.networks.bad_card`` when a card cannot be read.
    """
    try:
        folder = resource_path("models")
    except FileNotFoundError:
        return ()
    cards = [*sorted(folder.glob("coarse*.json")), *sorted(folder.glob("fine*.json"))]
    return tuple(read_model(card) for card in cards)


def read_model(path: Path) -> NetworkModel:
    """Read the card of a network; the ONNX files lie beside it.

    Raises
    ------
    BackendUnavailable
        ``error.networks.bad_card`` when it is not a card.
    """
    try:
        return _model_of(json.loads(path.read_text(encoding="utf-8")), path.parent)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackendUnavailable("error.networks.bad_card", file=path.name) from error


def _model_of(data: Mapping[str, object], folder: Path) -> NetworkModel:
    def mapping(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
        found = holder.get(name, {})
        if not isinstance(found, dict):
            raise TypeError(name)
        return found

    card, given = mapping(data, "card"), mapping(data, "input")
    kind = ModelKind(str(data["kind"]))
    classes = tuple(str(name) for name in _list(data["classes"]))
    members = tuple(folder / Path(str(name)).name for name in _list(data["members"]))
    if classes[:1] != ("background",) or not members:
        raise ValueError("classes or members")
    box = mapping(data, "box") if kind is ModelKind.FINE else {}
    k, j, i = (int(str(n)) for n in _list(data["patch"]))
    return NetworkModel(
        str(data["name"]),
        str(data["version"]),
        kind,
        float(str(data["spacing_mm"])),
        (k, j, i),
        classes,
        members,
        {str(name): str(value) for name, value in mapping(data, "sha256").items()},
        InputScale(_pair(given.get("ct_clip_hu", [-125, 275])), _pair(given.get("mr_percentiles", [1, 99]))),
        Region(_structures(box["around"]), float(str(box["margin_mm"]))) if box else None,
        {_structure(name): _boundary(row) for name, row in mapping(card, "boundary").items()},
        {_structure(name): _mean(row) for name, row in mapping(card, "dice").items()},
        _structures(card.get("mr_structures", ["liver", "spleen", "kidney"])),
        {_structure(name): float(str(value)) for name, value in mapping(card, "smallest_means").items()},
        ConfidenceScale.from_json(mapping(card, "border_confidence"), _structure),
        folder / Path(str(data["borders"])).name if data.get("borders") else None,
    )


def _structure(name: str) -> str:
    return STRUCTURE_OF_CLASS.get(name, name)


def _structures(names: object) -> tuple[str, ...]:
    return tuple(_structure(str(name)) for name in _list(names))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list is wanted, not {type(value).__name__}")
    return value


def _pair(value: object) -> tuple[float, float]:
    low, high = (float(str(number)) for number in _list(value))
    return (low, high)


def _boundary(row: object) -> BoundaryUncertainty:
    if not isinstance(row, dict):
        raise TypeError("boundary")
    filled = {"origin": LabelOrigin.AUTOMATIC.value, "is_assumed": False, **row}
    return BoundaryUncertainty.from_json(filled)


def _mean(row: object) -> float:
    """Mean of the Dice of the cases; a single number is the mean itself."""
    return float(np.mean(list(row.values()))) if isinstance(row, dict) else float(str(row))
