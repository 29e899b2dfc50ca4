"""The sidecar of an ONNX model made by others: what goes in, what comes out, under what terms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.volume import Modality

__all__ = ["OnnxSidecar", "read_sidecar"]

FORMAT = "twinsight-onnx-1"
_OUTPUTS = ("logits", "probabilities", "labels")
_MOST_VOXELS = 320**3


@dataclass(frozen=True)
class OnnxSidecar:
    """What is known of a model; ``docs/segmentation.md`` describes the file.

    Parameters
    ----------
    name, version, licence
        As told by whoever made it; an unknown licence is empty.
    modality
        What it was trained on; None for any.
    spacing_ijk_mm
        Voxels it wants, along left, back and head.
    patch_kji
        Size of its window.
    clip, percentiles
        Intensities of the lowest and the highest level, or the percentiles of what is above zero that give them.
    levels
        What the lowest and the highest level become at the input.
    output
        ``logits``, ``probabilities`` or ``labels``.
    classes
        Names of the outputs in order, background first.
    structures
        Names of classes to structure ids, where the usual names do not fit.
    sha256
        File name to checksum.
    """

    name: str
    version: str
    licence: str
    modality: Modality | None
    spacing_ijk_mm: tuple[float, float, float]
    patch_kji: tuple[int, int, int]
    clip: tuple[float, float] | None
    percentiles: tuple[float, float] | None
    levels: tuple[float, float]
    output: str
    classes: tuple[str, ...]
    structures: Mapping[str, str]
    sha256: Mapping[str, str]


def read_sidecar(path: Path) -> OnnxSidecar:
    """Read ``MODEL.json`` beside ``MODEL.onnx``.

    Raises
    ------
    InputError
        ``error.external.sidecar`` with the file and the entry that is missing or wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("error.external.sidecar", file=path.name, entry="JSON") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError("error.external.sidecar", file=path.name, entry="format")
    reader = _Reader(path.name, data)
    inputs = _Reader(path.name, reader.entry("input", dict))
    clip, percentiles = inputs.pair("clip"), inputs.pair("percentiles")
    if (clip is None) == (percentiles is None):
        raise reader.wrong("input.clip")
    output = str(data.get("output", "logits"))
    if output not in _OUTPUTS:
        raise reader.wrong("output")
    return OnnxSidecar(
        str(data.get("name", path.stem)),
        str(data.get("version", "unknown")),
        str(data.get("licence", data.get("license", ""))).strip(),
        reader.modality(),
        reader.spacing(),
        reader.patch(),
        clip,
        percentiles,
        inputs.pair("levels") or (-1.0, 1.0),
        output,
        reader.names("classes"),
        reader.words("structures"),
        reader.words("sha256"),
    )


@dataclass(frozen=True)
class _Reader:
    """Takes entries of a file and says which one is wrong."""

    file: str
    data: Mapping[str, Any]

    def wrong(self, entry: str) -> InputError:
        return InputError("error.external.sidecar", file=self.file, entry=entry)

    def entry(self, name: str, kind: type) -> Any:
        value = self.data.get(name)
        if not isinstance(value, kind):
            raise self.wrong(name)
        return value

    def pair(self, name: str) -> tuple[float, float] | None:
        if name not in self.data:
            return None
        try:
            low, high = (float(value) for value in self.data[name])
        except (TypeError, ValueError) as error:
            raise self.wrong(name) from error
        if not low < high:
            raise self.wrong(name)
        return low, high

    def modality(self) -> Modality | None:
        said = self.data.get("modality")
        if said not in ("CT", "MR", "any"):
            raise self.wrong("modality")
        return None if said == "any" else Modality(said)

    def spacing(self) -> tuple[float, float, float]:
        said = self.data.get("spacing_mm")
        values = [said] * 3 if isinstance(said, int | float) else said
        try:
            x, y, z = (float(value) for value in values)  # type: ignore[union-attr]
        except (TypeError, ValueError) as error:
            raise self.wrong("spacing_mm") from error
        if not all(0.2 <= value <= 10.0 for value in (x, y, z)):
            raise self.wrong("spacing_mm")
        return x, y, z

    def patch(self) -> tuple[int, int, int]:
        try:
            k, j, i = (int(value) for value in self.entry("patch", list))
        except (TypeError, ValueError) as error:
            raise self.wrong("patch") from error
        if min(k, j, i) < 1 or k * j * i > _MOST_VOXELS:
            raise self.wrong("patch")
        return k, j, i

    def names(self, name: str) -> tuple[str, ...]:
        values = self.entry(name, list)
        if len(values) < 2 or not all(isinstance(value, str) for value in values):
            raise self.wrong(name)
        return tuple(values)

    def words(self, name: str) -> dict[str, str]:
        values = self.data.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise self.wrong(name)
        return dict(values)
