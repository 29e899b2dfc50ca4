"""Learn how far errors reach from clicks: ``python -m segmentation.training.clicks.train SCANS OUT.json``.

``SCANS`` is the folder of the BTCV set; needs LightGBM (the extra ``train``; one thread is enough: OMP_NUM_THREADS=1).
Two rounds: in the first, clicks are answered with part of the truth; in the second, by the models of the first, each
scan by the one that did not learn from it. Stopped at any time, the same command goes on with what lies in ``--work``,
where the four models that each left a quarter of the scans out are written too: the figures of
``tests/benchmarks/score_clicks.py`` come from them. ``--automatic`` names a folder of labels ``NAME.nii.gz`` that
networks gave which had not learned from that scan: their errors are learned from as well. What the networks think of
each structure is asked of the member that did not learn from the scan (``held_out`` of the card).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources import resource_path
from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.networks.chances import structure_chances
from segmentation.networks.model import read_model
from segmentation.seeds.click_evidence import CHANCE_FEATURES, FEATURES
from segmentation.seeds.correction import ClickModel
from segmentation.seeds.structure_chance import StructureChance
from segmentation.training.clicks.simulated_click import VALUES, ClickScan, rows_of_scan
from segmentation.training.cross_validation import N_FOLDS, fold_of
from segmentation.training.fit_lightgbm import TreeFit, fitted
from segmentation.training.labelled_scan import btcv_volumes, labels_in_lps
from segmentation.training.networks.held_out import held_out_member
from twin.box import Box
from twin.grid import Grid
from twin.volume import Volume

__all__ = ["draw_rows", "fold_path", "held_out_chances", "main", "scan_chances", "write_model"]

VERSION = "3"
CLICK_FIT = TreeFit(300, 40, 0.07, 0.5, 200)
_N_ROUNDS = 2
_SIDES = ("leaked", "missing")
_ROOM_MM = 40.0

Sides = dict[str, BoostedTrees]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", type=Path, help="folder with NAME_ct.nii.gz and NAME_labels.nii.gz")
    parser.add_argument("out", type=Path, help="model file to write")
    parser.add_argument("--work", type=Path, default=Path("build/clicks"))
    parser.add_argument("--automatic", type=Path, help="folder of automatic labels NAME.nii.gz")
    arguments = parser.parse_args(argv)
    names = sorted(path.name.removesuffix("_ct.nii.gz") for path in arguments.scans.glob("*_ct.nii.gz"))
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
    work.mkdir(parents=True, exist_ok=True)
    for index, (name, volume, labels) in enumerate(btcv_volumes(scans)):
        path = _rows_path(work, number, name)
        if name not in names or path.exists():
            continue
        found = None if automatic is None else automatic / f"{name}.nii.gz"
        drawn = labels_in_lps(found) if found is not None and found.exists() else None
        scan = ClickScan(volume.voxels, labels, volume.grid, drawn, scan_chances(work, name, volume, labels))
        model = None if number == 0 else ClickModel.read(fold_path(work, number - 1, fold_of(index)))
        _write_rows(path, rows_of_scan(scan, np.random.default_rng([number, index]), model=model))
        print(f"round {number + 1}: {name}", flush=True)


def held_out_chances(name: str, volume: Volume, labels: NDArray[np.uint8]) -> dict[int, StructureChance]:
    """Return what the member that did not learn from a scan thinks of each label value, around all that is labelled."""
    alone = held_out_member(read_model(resource_path("models/coarse.json")), name)
    box = Box.around(labels > 0)
    if alone is None or box is None:
        return {}
    k, j, i = (int(np.ceil(_ROOM_MM / s)) for s in volume.grid.spacing_ijk_mm[::-1])
    box = box.grown((k, j, i), labels.shape)
    found = structure_chances(volume, tuple(VALUES), box, models=[alone])
    return {VALUES[structure_id]: chance for structure_id, chance in found.items()}


def scan_chances(work: Path, name: str, volume: Volume, labels: NDArray[np.uint8]) -> dict[int, StructureChance]:
    """Return the chances of a scan, asked once and kept."""
    path = work / f"chances_{name}.npz"
    if not path.exists():
        found = held_out_chances(name, volume, labels)
        arrays = {str(value): chance.chance_kji for value, chance in found.items()}
        affine = next((chance.grid.affine_lps_mm for chance in found.values()), np.eye(4))
        np.savez_compressed(path, affine=affine, **arrays)  # type: ignore[arg-type]
    with np.load(path) as kept:
        affine = kept["affine"]
        values = {int(key): kept[key] for key in kept.files if key != "affine"}
    return {
        value: StructureChance(chance, Grid((chance.shape[2], chance.shape[1], chance.shape[0]), affine))
        for value, chance in values.items()
    }


def fold_path(work: Path, number: int, fold: int) -> Path:
    """File of the model of a round that left a fold out."""
    return work / f"round_{number}_fold_{fold}.json"


def _rows_path(work: Path, number: int, name: str) -> Path:
    return work / f"round_{number}_{name}.npz"


def write_model(path: Path, trees: tuple[Sides, Sides]) -> None:
    """Write the model file: the card, the names of the features, then the trees without and with the networks."""
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
    plain, informed = ({side: sides[side].to_json() for side in _SIDES} for sides in trees)
    data = {"card": card, "features": FEATURES, "chance_features": CHANCE_FEATURES, **plain, "informed": informed}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _write_rows(path: Path, clicks: object) -> None:
    drawn = list(clicks)  # type: ignore[call-overload]
    arrays: dict[str, NDArray[np.generic]] = {}
    for side in _SIDES:
        own = [click for click in drawn if click.is_inside == (side == "missing")]
        arrays[f"{side}_rows"] = np.concatenate([click.rows for click in own])
        arrays[f"{side}_changes"] = np.concatenate([click.changes for click in own])
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _trees(work: Path, number: int, names: Sequence[str]) -> tuple[Sides, Sides]:
    """Learn from the rows of these scans, of this round and those before, without and with what the networks think."""
    plain, informed = {}, {}
    for side in _SIDES:
        rows, changes = [], []
        for path in [_rows_path(work, n, name) for n in range(number + 1) for name in names]:
            with np.load(path) as drawn:
                rows.append(drawn[f"{side}_rows"])
                changes.append(drawn[f"{side}_changes"])
        seen, right = np.concatenate(rows), np.concatenate(changes).astype(np.uint8)
        plain[side] = fitted(np.ascontiguousarray(seen[:, : len(FEATURES)]), right, CLICK_FIT)
        informed[side] = fitted(seen, right, CLICK_FIT)
    return plain, informed


if __name__ == "__main__":
    main()
