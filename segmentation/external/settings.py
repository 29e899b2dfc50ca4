"""Which segmenters of others this user has, and where: the file ``external.json`` in the folder of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation.external.back_end import ExternalSegmenter
from segmentation.external.nnunet import NnunetModel, NnunetSettings
from segmentation.external.onnx_model import OnnxModel
from segmentation.external.totalsegmentator import TotalSegmentator, TotalSegmentatorSettings
from segmentation.segmenter import Availability, SegmentationResult, Segmenter
from twin.errors import InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.volume import Volume

__all__ = [
    "SETTINGS_FILE",
    "ExternalSettings",
    "configured_segmenters",
    "external_segmenters",
    "read_external_settings",
]

SETTINGS_FILE = "external.json"
_RECORD_FILE = "weights.json"


@dataclass(frozen=True)
class ExternalSettings:
    """What the file says; all of it may be missing.

    Parameters
    ----------
    totalsegmentator
        Program and folder of weights.
    nnunet
        Model folders.
    onnx
        ONNX files.
    """

    totalsegmentator: TotalSegmentatorSettings = field(default_factory=TotalSegmentatorSettings)
    nnunet: tuple[NnunetSettings, ...] = ()
    onnx: tuple[Path, ...] = field(default_factory=tuple)


def external_segmenters(settings: ExternalSettings, folder: Path) -> tuple[ExternalSegmenter, ...]:
    """Return the segmenters of others; a kind that is not configured is listed once, with the reason.

    Parameters
    ----------
    settings
        Where they are.
    folder
        Folder of settings of this user, in which checksums of weights are remembered.
    """
    record = folder / _RECORD_FILE
    return (
        TotalSegmentator(settings.totalsegmentator, record),
        *(NnunetModel(model, record) for model in settings.nnunet or (NnunetSettings(),)),
        *(OnnxModel(path, record) for path in settings.onnx or (None,)),
    )


def configured_segmenters(folder: Path) -> tuple[Segmenter, ...]:
    """Return the segmenters of others that the settings in a folder name, and those that are missing.

    A file of settings that cannot be understood is listed as one segmenter that cannot run.
    """
    try:
        return external_segmenters(read_external_settings(folder), folder)
    except InputError as error:
        return (_Misconfigured(error),)


class _Misconfigured:
    """Stands for all segmenters of others where their settings are wrong."""

    id = "segmenter.external"
    version = "-"

    def __init__(self, error: InputError) -> None:
        self._error = error

    def availability(self) -> Availability:
        """Say that the settings are wrong."""
        return Availability(False, "external.unavailable.bad_settings")

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Raise what is wrong with the settings."""
        raise self._error


def read_external_settings(folder: Path) -> ExternalSettings:
    """Read ``external.json``; without the file nothing is configured.

    Raises
    ------
    InputError
        ``error.external.settings`` with the entry that is wrong: nothing of the file is used then.
    """
    path = folder / SETTINGS_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ExternalSettings()
    except (OSError, ValueError) as error:
        raise InputError("error.external.settings", file=SETTINGS_FILE, entry="JSON") from error
    if not isinstance(data, dict):
        raise _wrong("JSON")
    for name in data:
        if name not in ("totalsegmentator", "nnunet", "onnx"):
            raise _wrong(str(name))
    return ExternalSettings(
        _totalsegmentator(data.get("totalsegmentator", {})),
        tuple(_nnunet(entry) for entry in _list(data, "nnunet")),
        tuple(_path(entry, "onnx") for entry in _list(data, "onnx")),
    )


def _totalsegmentator(data: Any) -> TotalSegmentatorSettings:
    known = _entries(data, "totalsegmentator", {"command": str, "weights": str, "device": str, "fast": bool})
    if known.get("device", "cpu") not in ("cpu", "gpu", "mps"):
        raise _wrong("totalsegmentator.device")
    weights = known.get("weights")
    return TotalSegmentatorSettings(
        known.get("command", "TotalSegmentator"),
        None if weights is None else _path(weights, "totalsegmentator.weights"),
        known.get("device", "cpu"),
        known.get("fast"),
    )


def _nnunet(data: Any) -> NnunetSettings:
    if isinstance(data, str):
        return NnunetSettings(_path(data, "nnunet"))
    kinds = {"folder": str, "command": str, "structures": dict, "licence": str, "device": str, "mirroring": bool}
    known = _entries(data, "nnunet", kinds)
    if "folder" not in known:
        raise _wrong("nnunet.folder")
    if known.get("device", "cpu") not in ("cpu", "cuda", "mps"):
        raise _wrong("nnunet.device")
    return NnunetSettings(
        _path(known["folder"], "nnunet.folder"),
        known.get("command", NnunetSettings.command),
        {str(name): str(structure_id) for name, structure_id in known.get("structures", {}).items()},
        known.get("licence", ""),
        known.get("device", "cpu"),
        known.get("mirroring", True),
    )


def _entries(data: Any, place: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _wrong(place)
    for name, value in data.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise _wrong(f"{place}.{name}")
    return data


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise _wrong(name)
    return value


def _path(value: Any, place: str) -> Path:
    """Only whole paths: the program is started from anywhere."""
    path = Path(value).expanduser() if isinstance(value, str) and value else None
    if path is None or not path.is_absolute():
        raise _wrong(place)
    return path


def _wrong(entry: str) -> InputError:
    return InputError("error.external.settings", file=SETTINGS_FILE, entry=entry)
