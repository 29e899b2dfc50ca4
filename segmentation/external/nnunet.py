"""A trained model folder of nnU-Net version 2, run by the nnU-Net that is installed on this machine."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from segmentation.external.back_end import (
    Licence,
    Run,
    Weights,
    known_meaning,
    require_available,
    require_modality,
    segmented,
)
from segmentation.external.program import offline_environment, run_program
from segmentation.external.progress_text import ProgressText
from segmentation.segmenter import Availability, SegmentationResult
from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.volume import Modality, Volume

__all__ = ["NnunetModel", "NnunetSettings"]

_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")


@dataclass(frozen=True)
class NnunetSettings:
    """One model folder: it holds ``dataset.json``, ``plans.json`` and ``fold_N/checkpoint_final.pth``.

    Parameters
    ----------
    folder
        The model folder; None where none is configured.
    command
        Program, by name or path.
    structures
        The model's names of its labels to structure ids, where the usual names do not fit.
    licence
        Terms of the weights, as told by whoever gave them; otherwise what ``dataset.json`` says.
    device
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    is_mirrored
        True for its averaging over mirrored images: slower, a little better.
    """

    folder: Path | None = None
    command: str = "nnUNetv2_predict_from_modelfolder"
    structures: dict[str, str] = field(default_factory=dict)
    licence: str = ""
    device: str = "cpu"
    is_mirrored: bool = True


class NnunetModel:
    """One model folder as a segmenter; its id ends in the name of the folder."""

    def __init__(self, settings: NnunetSettings, record: Path) -> None:
        self._settings = settings
        self._record = record

    @property
    def id(self) -> str:
        """``segmenter.nnunet.<data set>``: the folder itself is most often called after its trainer."""
        folder = self._settings.folder
        if folder is None:
            return "segmenter.nnunet"
        name = folder.parent.name if folder.name.startswith("nnUNet") and folder.parent.name else folder.name
        return "segmenter.nnunet." + "".join(c if c.isalnum() else "_" for c in name)

    @property
    def version(self) -> str:
        """Release of the data set it was trained on, where ``dataset.json`` says it."""
        return str(self._dataset.get("release", "unknown")) if self._dataset else "unknown"

    @property
    def licence(self) -> Licence:
        """Terms of the weights; nnU-Net itself is Apache-2.0."""
        said = self._settings.licence or str(self._dataset.get("licence", self._dataset.get("license", ""))).strip()
        return Licence(said, "external.licence.nnunet" if said else "external.licence.nnunet_unknown")

    def availability(self) -> Availability:
        """Tell whether the program and a whole model folder are here."""
        folder = self._settings.folder
        if folder is None:
            return Availability(False, "external.unavailable.no_model_folder")
        if not folder.is_dir() or not self._dataset or not (folder / "plans.json").is_file() or not self._folds:
            return Availability(False, "external.unavailable.model_folder_incomplete")
        if len(self._channels) != 1 or self._ending not in _ENDINGS:
            return Availability(False, "external.unavailable.model_channels")
        if not any(self._meaning.values()):
            return Availability(False, "external.unavailable.no_known_structure")
        if shutil.which(self._settings.command) is None:
            return Availability(False, "external.unavailable.nnunet_absent")
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a scan of the kind the model was trained on.

        Raises
        ------
        BackendUnavailable
            When program or model are missing or changed, or the run fails.
        InputError
            When the scan is of another kind, or what came back does not fit it.
        Cancelled
            When ``cancel`` was set.
        """
        require_available(self.availability())
        require_modality(volume, Modality.CT if "ct" in self._channels[0].casefold() else Modality.MR)
        folder, checkpoint = self._settings.folder, self._checkpoint
        assert folder is not None
        files = (folder / "dataset.json", folder / "plans.json", *(folder / f / checkpoint for f in self._folds))
        run = Run(
            self.id,
            self.version,
            self.licence,
            self._meaning,
            Weights(folder, files, self._record),
            self._called,
            {"folds": ", ".join(self._folds), "mirrored": self._settings.is_mirrored},
            self._ending,
        )
        return segmented(volume, run, progress, cancel)

    def _called(self, scan: Path, folder: Path, progress: ProgressListener, cancel: CancelToken | None) -> Path:
        folds = [name.removeprefix("fold_") for name in self._folds]
        command = [
            self._settings.command, "-i", str(scan.parent), "-o", str(folder / "out"), "-m", str(self._settings.folder),
            "-f", *folds, "-chk", self._checkpoint, "-device", self._settings.device, "-npp", "1", "-nps", "1",
            *([] if self._settings.is_mirrored else ["--disable_tta"]),
        ]  # fmt: skip
        here = str(folder)
        environment = offline_environment(nnUNet_raw=here, nnUNet_preprocessed=here, nnUNet_results=here, TMPDIR=here)
        text = ProgressText()

        def on_text(line: str) -> None:
            fraction = text.fraction(line)
            if fraction is not None:
                progress(Progress(fraction, "progress.external.running"))

        run_program(command, environment=environment, folder=folder, on_text=on_text, cancel=cancel)
        return folder / "out" / f"scan{self._ending}"

    @cached_property
    def _dataset(self) -> dict[str, Any]:
        """What ``dataset.json`` says; empty where it cannot be read."""
        folder = self._settings.folder
        try:
            data = json.loads(((folder or Path()) / "dataset.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) and isinstance(data.get("labels"), dict) else {}

    @property
    def _channels(self) -> list[str]:
        names = self._dataset.get("channel_names") or {}
        return [str(name) for name in names.values()] if isinstance(names, dict) else []

    @property
    def _ending(self) -> str:
        return str(self._dataset.get("file_ending", ""))

    @cached_property
    def _meaning(self) -> dict[int, str | None]:
        """Value in the result to structure id. Models of regions write the value of their class order."""
        try:
            return known_meaning(_names_of_values(self._dataset), self._settings.structures)
        except (InputError, ValueError, TypeError):
            return {}

    @cached_property
    def _folds(self) -> tuple[str, ...]:
        folder = self._settings.folder
        if folder is None:
            return ()
        whole = [path.name for path in sorted(folder.glob("fold_*")) if (path / self._checkpoint).is_file()]
        return ("fold_all",) if whole == ["fold_all"] else tuple(name for name in whole if name != "fold_all")

    @cached_property
    def _checkpoint(self) -> str:
        folder = self._settings.folder or Path()
        return next((name for name in _CHECKPOINTS if any(folder.glob(f"fold_*/{name}"))), _CHECKPOINTS[0])


def _names_of_values(dataset: dict[str, Any]) -> dict[int, str]:
    labels = {str(name): value for name, value in dataset["labels"].items() if value != 0 and name != "background"}
    if not any(isinstance(value, list) for value in labels.values()):
        return {int(value): name for name, value in labels.items() if name != "ignore"}
    order = [int(value) for value in dataset["regions_class_order"]]
    names = [name for name in labels if name != "ignore"]
    return dict(zip(order, names, strict=True))
