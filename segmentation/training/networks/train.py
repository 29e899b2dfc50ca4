"""Train the networks and write them to ``resources/models``: ``python -m segmentation.training.networks.train DATA``.

``DATA`` is the folder with ``btcv``, ``chaos_ct3`` and ``chaos_mr``; no other set is read. The queue (coarse nets of
four folds, then fine ones that start from them) runs in lanes of one thread each, which use two cores better than
one lane of two. Stopped at any time, the same command goes on from the last checkpoints. Each fold becomes one member
of the shipped ensemble; its figures come only from the scans it never saw.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from segmentation.training.networks.stage import CLASSES, N_FOLDS, STAGES, Stage, fold_of_index

__all__ = ["main"]

MODELS = Path(__file__).resolve().parents[3] / "resources" / "models"
_HELD_OUT_SOURCES = ("btcv", "chaos_mr")
_CARD = {
    "what": "Residual U-Net on blocks of 2 x 2 x 2 voxels, weights of 8 bits. The "
    "members are the networks of a four-fold cross-validation; each figure is that of the one member that never saw "
    "the scan. Weights only: no image and no shape of a patient is contained.",
    "data": "20 CT of BTCV (Landman et al. 2015, Synapse syn3193805; terms: training and evaluation, no "
    "redistribution), one CT and five T2-SPIR MR of CHAOS (Kavur et al. 2021; CC BY-SA 4.0), 12 phantoms of TwinSight "
    "with random contrast. Only the liver is labelled in the CHAOS CT; liver, spleen and kidneys in the MR.",
    "licence": "LICENSE-WEIGHTS: research and teaching only",
    "not_for": "Children; MR other than T2 with fat suppressed (five scans were seen); arterial and unenhanced CT were "
    "hardly seen. Nothing smaller than about 5 mm is drawn.",
}
_BOX_MARGIN_MM = 20.0
log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Train what is left to train, then export what is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with btcv, chaos_ct3 and chaos_mr")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="checkpoints, prepared scans, logs")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder for the model files")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="networks trained at the same time")
    parser.add_argument("--stage", choices=[stage.name for stage in STAGES], help="only this stage")
    parser.add_argument("--only-export", action="store_true", help="write the model files from what is trained")
    parser.add_argument("--lane", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    arguments.work.mkdir(parents=True, exist_ok=True)
    stages = [stage for stage in STAGES if arguments.stage in (None, stage.name)]
    if arguments.lane is not None:
        _run_lane(arguments.data, arguments.work, stages[0], arguments.lane, arguments.lanes)
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for stage in stages:
        if not arguments.only_export:
            _run_lanes(arguments, stage)
        export(stage, arguments.data, arguments.work, arguments.out)


def _run_lanes(arguments: argparse.Namespace, stage: Stage) -> None:
    from segmentation.training.networks.training_scans_sitk import prepared_scans

    prepared_scans(arguments.data, arguments.work, stage.spacing_mm)
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, str(arguments.data)]
    command += ["--work", str(arguments.work), "--stage", stage.name, "--lanes", str(arguments.lanes)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    lanes = [
        subprocess.Popen([*command, "--lane", str(lane)], env=one_thread)
        for lane in range(min(arguments.lanes, N_FOLDS))
    ]
    codes = [lane.wait() for lane in lanes]
    if any(codes):
        raise SystemExit("a lane ended early: its log in the work folder says why; run the same command again")


def _run_lane(data: Path, work: Path, stage: Stage, lane: int, n_lanes: int) -> None:
    """Train every fold of one lane after the other."""
    import torch

    from segmentation.training.networks.fold_torch import FoldTraining
    from segmentation.training.networks.training_scans_sitk import prepared_scans

    torch.set_num_threads(1)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", filename=work / f"{stage.name}_lane{lane}.log"
    )
    scans = prepared_scans(data, work, stage.spacing_mm)
    held_out = folds([scan.name for scan in scans], [scan.source for scan in scans])
    for fold in range(lane, N_FOLDS, n_lanes):
        training = FoldTraining(stage, fold, work)
        start = work / f"{stage.start_from}_{fold}.pt" if stage.start_from else None
        if not training.is_done:
            training.run([scan for scan in scans if held_out.get(scan.name) != fold], start)


def folds(names: Sequence[str], sources: Sequence[str]) -> dict[str, int]:
    """Return the fold in which each scan is left out; phantoms and the single CHAOS CT are in every fold."""
    found = {}
    for source in _HELD_OUT_SOURCES:
        own = sorted(name for name, its in zip(names, sources, strict=True) if its == source)
        found.update({name: fold_of_index(index) for index, name in enumerate(own)})
    return found


def export(stage: Stage, data: Path, work: Path, out: Path) -> None:
    """Write the members of an ensemble and their sidecar; a card that is there keeps its figures."""
    from segmentation.training.networks.export_onnx import write_onnx
    from segmentation.training.networks.fold_torch import FoldTraining, trained_weights
    from segmentation.training.networks.training_scans_sitk import prepared_scans

    members, steps = {}, {}
    for fold in range(N_FOLDS):
        training = FoldTraining(stage, fold, work)
        if training.checkpoint.exists():
            path = out / f"{stage.name}_{fold}.onnx"
            write_onnx(trained_weights(training.checkpoint), len(CLASSES), stage.patch, path)
            members[fold], steps[path.name] = path, training.steps_done
    if not members:
        return
    scans = prepared_scans(data, work, stage.spacing_mm)
    held_out = folds([scan.name for scan in scans], [scan.source for scan in scans])
    sidecar = out / f"{stage.name}.json"
    card = json.loads(sidecar.read_text(encoding="utf-8"))["card"] if sidecar.exists() else {"boundary": {}}
    description = {
        "name": stage.name,
        "version": "3",
        "kind": stage.name,
        "spacing_mm": stage.spacing_mm,
        "patch": [stage.patch] * 3,
        "input": {"ct_clip_hu": [-125, 275], "mr_percentiles": [1, 99], "range": [-1, 1]},
        "classes": list(CLASSES),
        "members": [path.name for path in members.values()],
        "held_out": {name: members[fold].name for name, fold in held_out.items() if fold in members},
        **({"box": {"around": list(stage.looks_around), "margin_mm": _BOX_MARGIN_MM}} if stage.looks_around else {}),
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in members.values()},
        "card": {**card, **_CARD, "training": {"steps": steps, "steps_wanted": stage.steps}},
    }
    sidecar.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    log.info("%s: %s", stage.name, ", ".join(f"{name} ({count} steps)" for name, count in steps.items()))


if __name__ == "__main__":
    main()
