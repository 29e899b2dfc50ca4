"""Learn how far errors reach from clicks: ``python -m segmentation.training.clicks.train SCANS OUT.json``.

``SCANS`` is the folder of the BTCV set; needs LightGBM (the extra ``train``; one thread is enough: OMP_NUM_THREADS=1).
Two rounds: in the first, clicks are answered with part of the truth; in the second, by the models of the first, each
scan by the one that did not learn from it. Stopped at any time, the same command goes on with what lies in ``--work``,
where the four models that each left a quarter of the scans out are written too: the figures of
``tests/benchmarks/score_clicks.py`` come from them. ``--automatic`` names a folder of labels ``NAME.nii.gz`` that
networks gave which had not learned from that scan (``tests/benchmarks/score_networks --labels --borders``): their
errors are learned from as well.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.seeds.click_evidence import FEATURES
from segmentation.seeds.correction import ClickModel
from segmentation.training.clicks.simulated_click import ClickScan, rows_of_scan
from segmentation.training.cross_validation import N_FOLDS, fold_of
from segmentation.training.fit_lightgbm import TreeFit, fitted
from segmentation.training.labelled_scan import btcv_volumes, labels_in_lps
from segmentation.training.made_from import require_made_from

__all__ = ["draw_rows", "fold_path", "main", "write_model"]

VERSION = "4"
CLICK_FIT = TreeFit(300, 40, 0.07, 0.5, 5000)
_N_ROUNDS = 2
_SIDES = ("leaked", "missing")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", type=Path, help="folder with NAME_ct.nii.gz and NAME_labels.nii.gz")
    parser.add_argument("out", type=Path, help="model file to write")
    parser.add_argument("--work", type=Path, default=Path("build/clicks"))
    parser.add_argument("--automatic", type=Path, help="folder of automatic labels NAME.nii.gz")
    arguments = parser.parse_args(argv)
    names = sorted(path.name.removesuffix("_ct.nii.gz") for path in arguments.scans.glob("*_ct.nii.gz"))
    require_made_from(arguments.work, arguments.automatic.glob("*.nii.gz") if arguments.automatic else ())
    for number in range(_N_ROUNDS):
        draw_rows(arguments.scans, arguments.work, number, names, arguments.automatic)
        for fold in range(N_FOLDS):
            path = fold_path(arguments.work, number, fold)
            if not path.exists():
                learned = [name for index, name in enumerate(names) if fold_of(index) != fold]
                write_model(path, _trees(arguments.work, number, learned))
    write_model(arguments.out, _trees(arguments.work, _N_ROUNDS - 1, names))


def draw_rows(scans: Path, work: Path, number: int, names: Sequence[str], automatic: Path | None) -> None:
    """Write the rows of one round for the scans that have none yet; of the named ones alone."""
    for index, (name, volume, labels) in enumerate(btcv_volumes(scans)):
        path = _rows_path(work, number, name)
        if name not in names or path.exists():
            continue
        found = None if automatic is None else automatic / f"{name}.nii.gz"
        drawn = labels_in_lps(found) if found is not None and found.exists() else None
        scan = ClickScan(volume.voxels, labels, volume.grid, drawn)
        model = None if number == 0 else ClickModel.read(fold_path(work, number - 1, fold_of(index)))
        _write_rows(path, rows_of_scan(scan, np.random.default_rng([number, index]), model=model))
        print(f"round {number + 1}: {name}", flush=True)


def fold_path(work: Path, number: int, fold: int) -> Path:
    """File of the model of a round that left a fold out."""
    return work / f"round_{number}_fold_{fold}.json"


def _rows_path(work: Path, number: int, name: str) -> Path:
    return work / f"round_{number}_{name}.npz"


def write_model(path: Path, trees: Mapping[str, BoostedTrees]) -> None:
    """Write the model file: the card, the names of the features, then the trees of both sides."""
    card = {
        "name": "TwinSight correction by clicks",
        "version": VERSION,
        "what": "Boosted decision trees that tell which voxels around a click change sides. Thresholds on distances, "
        "relative brightness and costs of ways only; no image and no shape of a patient is contained.",
        "data": "20 abdominal CT of the challenge Multi-Atlas Labeling Beyond the Cranial Vault (BTCV; Landman et al. "
        "2015, Synapse syn3193805): labels of pancreas, liver, spleen, stomach, kidneys, portal vein and gallbladder "
        "made wrong on purpose, and the clicks of a user who clicks the largest error. Terms: training and evaluation, "
        "no redistribution of the scans.",
        "not_for": "Reading anything from a scan on its own: without a click nothing is said.",
    }
    data = {"card": card, "features": FEATURES, **{side: trees[side].to_json() for side in _SIDES}}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _write_rows(path: Path, clicks: object) -> None:
    drawn = list(clicks)  # type: ignore[call-overload]
    arrays: dict[str, NDArray[np.generic]] = {}
    for side in _SIDES:
        own = [click for click in drawn if click.is_inside == (side == "missing")]
        arrays[f"{side}_rows"] = np.concatenate([click.rows for click in own])
        arrays[f"{side}_changes"] = np.concatenate([click.changes for click in own])
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _trees(work: Path, number: int, names: Sequence[str]) -> dict[str, BoostedTrees]:
    """Learn from the rows of these scans, of this round and those before."""
    trees = {}
    for side in _SIDES:
        rows, changes = [], []
        for path in [_rows_path(work, n, name) for n in range(number + 1) for name in names]:
            with np.load(path) as drawn:
                rows.append(drawn[f"{side}_rows"])
                changes.append(drawn[f"{side}_changes"])
        trees[side] = fitted(np.concatenate(rows), np.concatenate(changes).astype(np.uint8), CLICK_FIT)
    return trees


if __name__ == "__main__":
    main()
