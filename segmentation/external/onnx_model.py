"""An ONNX model made by others, with a sidecar that says how to use it."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path

from segmentation.external import onnx_program
from segmentation.external.back_end import (
    Licence,
    Run,
    Weights,
    known_meaning,
    require_available,
    require_modality,
    segmented,
)
from segmentation.external.onnx_sidecar import OnnxSidecar, read_sidecar
from segmentation.external.program import offline_environment, run_program
from segmentation.external.weights import file_sha256
from segmentation.segmenter import Availability, SegmentationResult
from twin.errors import BackendUnavailable, InputError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.volume import Volume

__all__ = ["OnnxModel"]


class OnnxModel:
    """One ONNX file with its sidecar as a segmenter; its id ends in the name of the file.

    Parameters
    ----------
    path
        The file; None where none is configured.
    record
        File that remembers the checksums of weights.
    """

    def __init__(self, path: Path | None, record: Path) -> None:
        self._path = path
        self._record = record

    @property
    def id(self) -> str:
        """``segmenter.onnx.<file>``."""
        if self._path is None:
            return "segmenter.onnx"
        return "segmenter.onnx." + "".join(c if c.isalnum() else "_" for c in self._path.stem)

    @property
    def version(self) -> str:
        """Version on the sidecar."""
        return "unknown" if self._sidecar is None else self._sidecar.version

    @property
    def licence(self) -> Licence:
        """Terms on the sidecar."""
        said = "" if self._sidecar is None else self._sidecar.licence
        return Licence(said, "external.licence.model" if said else "external.licence.model_unknown")

    def availability(self) -> Availability:
        """Tell whether the file is here with a sidecar that can be read."""
        if self._path is None:
            return Availability(False, "external.unavailable.no_onnx_model")
        if not self._path.is_file():
            return Availability(False, "external.unavailable.onnx_file_absent")
        if not self._path.with_suffix(".json").is_file():
            return Availability(False, "external.unavailable.no_sidecar")
        if self._sidecar is None:
            return Availability(False, "external.unavailable.bad_sidecar")
        if not any(self._meaning.values()):
            return Availability(False, "external.unavailable.no_known_structure")
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a scan of the kind the model was trained on, in a process of its own.

        Raises
        ------
        BackendUnavailable
            When the file is missing, changed or cannot be run.
        InputError
            When the sidecar is wrong, or the scan is of another kind.
        Cancelled
            When ``cancel`` was set.
        """
        if self._path is not None and self._path.with_suffix(".json").is_file():
            read_sidecar(self._path.with_suffix(".json"))  # says which entry is wrong
        require_available(self.availability())
        assert self._path is not None
        assert self._sidecar is not None
        require_modality(volume, self._sidecar.modality)
        run = Run(
            self.id,
            self.version,
            self.licence,
            self._meaning,
            Weights(self._path.parent, (self._path,), self._record),
            self._called,
            {"model": self._sidecar.name},
        )
        self._check_listed(self._sidecar, cancel)
        return segmented(volume, run, progress, cancel)

    def _called(self, scan: Path, folder: Path, progress: ProgressListener, cancel: CancelToken | None) -> Path:
        result = folder / "labels.nii.gz"
        command = [sys.executable, "-m", onnx_program.__name__, str(self._path), str(scan), str(result)]
        root = str(Path(__file__).resolve().parents[2])
        known = os.environ.get("PYTHONPATH")
        environment = offline_environment(PYTHONPATH=root if not known else os.pathsep.join((root, known)))

        def on_text(line: str) -> None:
            word, _, number = line.partition(" ")
            if word == onnx_program.PROGRESS_WORD:
                progress(Progress(float(number), "progress.external.running"))

        run_program(command, environment=environment, folder=folder, on_text=on_text, cancel=cancel)
        return result

    def _check_listed(self, sidecar: OnnxSidecar, cancel: CancelToken | None) -> None:
        """Compare the file with the checksum on the sidecar, where it has one."""
        assert self._path is not None
        listed = sidecar.sha256.get(self._path.name)
        if listed is not None and file_sha256(self._path, cancel) != listed.lower():
            raise BackendUnavailable("error.external.weights_changed", file=self._path.name)

    @cached_property
    def _sidecar(self) -> OnnxSidecar | None:
        try:
            return None if self._path is None else read_sidecar(self._path.with_suffix(".json"))
        except InputError:
            return None

    @cached_property
    def _meaning(self) -> dict[int, str | None]:
        if self._sidecar is None:
            return {}
        names = dict(enumerate(self._sidecar.classes[1:], start=1))
        try:
            return known_meaning(names, self._sidecar.structures)
        except InputError:
            return {}
