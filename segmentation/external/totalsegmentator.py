"""TotalSegmentator as a program on this machine, with weights that are here already."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

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
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.volume import Modality, Volume

__all__ = ["TotalSegmentator", "TotalSegmentatorSettings"]

# Folders of the public weights of version 2: the model of 3 mm in one part, that of 1.5 mm in five.
_FAST_WEIGHTS = ("Dataset297_TotalSegmentator_total_3mm_1559subj",)
_FULL_WEIGHTS = (
    "Dataset291_TotalSegmentator_part1_organs_1559subj",
    "Dataset292_TotalSegmentator_part2_vertebrae_1532subj",
    "Dataset293_TotalSegmentator_part3_cardiac_1559subj",
    "Dataset294_TotalSegmentator_part4_muscles_1559subj",
    "Dataset295_TotalSegmentator_part5_ribs_1559subj",
)
_FAST_WEIGHTS_MR = ("Dataset852_TotalSegMRI_total_3mm_1088subj",)
_FULL_WEIGHTS_MR = (
    "Dataset850_TotalSegMRI_part1_organs_1088subj",
    "Dataset851_TotalSegMRI_part2_muscles_1088subj",
)
_WEIGHT_ENDINGS = (".pth", ".json", ".pkl")

# Values of the tasks ``total`` (version 2 of the classes) and ``total_mr`` in a file of many labels; the names are
# those the program prints itself (``TotalSegmentator --list-classes``), checked against the file at each run.
_CT_NAMES = {
    1: "spleen", 2: "kidney_right", 3: "kidney_left", 4: "gallbladder", 5: "liver", 6: "stomach", 7: "pancreas",
    19: "duodenum", 23: "kidney_cyst_left", 24: "kidney_cyst_right", 25: "sacrum", 26: "vertebrae_S1",
    **dict(zip(range(27, 32), (f"vertebrae_L{n}" for n in range(5, 0, -1)), strict=True)),
    **dict(zip(range(32, 44), (f"vertebrae_T{n}" for n in range(12, 0, -1)), strict=True)),
    52: "aorta", 63: "inferior_vena_cava", 64: "portal_vein_and_splenic_vein", 77: "hip_left", 78: "hip_right",
    **{91 + n: f"rib_left_{n}" for n in range(1, 13)},
    **{103 + n: f"rib_right_{n}" for n in range(1, 13)},
    116: "sternum", 117: "costal_cartilages",
}  # fmt: skip
_N_CT = 117
_MR_NAMES = {
    1: "spleen", 2: "kidney_right", 3: "kidney_left", 4: "gallbladder", 5: "liver", 6: "stomach", 7: "pancreas",
    14: "duodenum", 18: "sacrum", 19: "vertebrae", 23: "aorta", 24: "inferior_vena_cava",
    25: "portal_vein_and_splenic_vein",
}  # fmt: skip
_N_MR = 50


@dataclass(frozen=True)
class TotalSegmentatorSettings:
    """Where it is.

    Parameters
    ----------
    command
        Program, by name or path.
    weights
        Folder that holds the ``Dataset...`` folders; None where it is not configured.
    device
        ``"cpu"`` or ``"gpu"``.
    is_fast
        True for the model of 3 mm, False for that of 1.5 mm, None for the better of those that are here.
    """

    command: str = "TotalSegmentator"
    weights: Path | None = None
    device: str = "cpu"
    is_fast: bool | None = None


class TotalSegmentator:
    """The tasks ``total`` (CT) and ``total_mr`` (MR) of TotalSegmentator.

    Parameters
    ----------
    settings
        Where program and weights are.
    record
        File that remembers the checksums of weights.
    """

    id = "segmenter.totalsegmentator"

    def __init__(self, settings: TotalSegmentatorSettings, record: Path) -> None:
        self._settings = settings
        self._record = record

    @property
    def version(self) -> str:
        """Version of the installed program, found beside it without starting it; ``unknown`` where it is not said."""
        program = shutil.which(self._settings.command)
        if program is None:
            return "unknown"
        for site in (Path(program).resolve().parent.parent, Path(program).parent.parent):
            for found in sorted(site.glob("[Ll]ib*/**/site-packages/[Tt]otal[Ss]egmentator-*.dist-info")):
                return found.name.split("-")[1].removesuffix(".dist")
        return "unknown"

    @property
    def licence(self) -> Licence:
        """Apache-2.0; some of its other tasks are not free for commercial use, and are not run here."""
        return Licence("Apache-2.0", "external.licence.totalsegmentator")

    def availability(self) -> Availability:
        """Tell whether program and weights are here."""
        if shutil.which(self._settings.command) is None:
            return Availability(False, "external.unavailable.totalsegmentator_absent")
        if self._settings.weights is None or not self._settings.weights.is_dir():
            return Availability(False, "external.unavailable.totalsegmentator_weights")
        if not any(
            self._has(folders) for folders in (_FAST_WEIGHTS, _FULL_WEIGHTS, _FAST_WEIGHTS_MR, _FULL_WEIGHTS_MR)
        ):
            return Availability(False, "external.unavailable.totalsegmentator_incomplete")
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a CT or an MR.

        Raises
        ------
        BackendUnavailable
            When program or weights are missing, were changed, or the run fails.
        InputError
            When what came back is not on the grid of the scan, or holds other values.
        Cancelled
            When ``cancel`` was set.
        """
        require_available(self.availability())
        is_mr = volume.modality is Modality.MR
        require_modality(volume, Modality.MR if is_mr else Modality.CT)
        folders, is_fast = self._chosen(is_mr)
        task = "total_mr" if is_mr else "total"
        names, n_values = (_MR_NAMES, _N_MR) if is_mr else (_CT_NAMES, _N_CT)
        assert self._settings.weights is not None
        weights = self._settings.weights
        files = tuple(
            path for name in folders for path in sorted((weights / name).rglob("*")) if path.suffix in _WEIGHT_ENDINGS
        )
        arguments = ["--task", task, "--ml", "--device", self._settings.device, *(["--fast"] if is_fast else [])]
        run = Run(
            self.id,
            self.version,
            self.licence,
            {**dict.fromkeys(range(1, n_values + 1)), **known_meaning(names, {})},
            Weights(weights, files, self._record),
            lambda scan, folder, told, stop: self._called(arguments, scan, folder, told, stop),
            {"task": task, "fast": is_fast},
        )
        return segmented(volume, run, progress, cancel)

    def _called(
        self, arguments: list[str], scan: Path, folder: Path, progress: ProgressListener, cancel: CancelToken | None
    ) -> Path:
        home = folder / "home"
        home.mkdir()
        # Its own settings file: no statistics are sent, and the user's own settings stay as they are.
        (home / "config.json").write_text(
            json.dumps({"totalseg_id": "totalseg_LOCAL", "send_usage_stats": False, "prediction_counter": 0}),
            encoding="utf-8",
        )
        environment = offline_environment(
            TOTALSEG_HOME_DIR=str(home), TOTALSEG_WEIGHTS_PATH=str(self._settings.weights), TMPDIR=str(folder)
        )
        result, text = folder / "labels.nii.gz", ProgressText()

        def on_text(line: str) -> None:
            fraction = text.fraction(line)
            if fraction is not None:
                progress(Progress(fraction, "progress.external.running"))

        command = [self._settings.command, "-i", str(scan), "-o", str(result), *arguments]
        run_program(command, environment=environment, folder=folder, on_text=on_text, cancel=cancel)
        return result

    def _chosen(self, is_mr: bool) -> tuple[tuple[str, ...], bool]:
        """Return the folders of weights to use and whether they are those of 3 mm; refuse when they are not here."""
        full, fast = (_FULL_WEIGHTS_MR, _FAST_WEIGHTS_MR) if is_mr else (_FULL_WEIGHTS, _FAST_WEIGHTS)
        wanted = self._settings.is_fast
        if wanted is not True and self._has(full):
            return full, False
        if wanted is not False and self._has(fast):
            return fast, True
        require_available(Availability(False, "external.unavailable.totalsegmentator_incomplete"))
        raise AssertionError("never reached")

    def _has(self, folders: tuple[str, ...]) -> bool:
        weights = self._settings.weights
        return weights is not None and all(any((weights / name).rglob("*.pth")) for name in folders)
