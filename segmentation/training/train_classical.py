"""Learn the prior of the classical segmenter, cross-validate it and write ``resources/models/classical.json``.

``python -m segmentation.training.train_classical SCANS OUT.json`` with the folder of the BTCV set (about two hours
on two cores; needs LightGBM, the extra ``training``). ``--cross-validate`` adds the four-fold figures to the card.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.coarse_organs import COARSE_CLASSES
from segmentation.classical.prior import ClassicalPrior
from segmentation.training.augmentation import augmented
from segmentation.training.cross_validation import N_FOLDS, fold_of, held_out_figures
from segmentation.training.fit_lightgbm import COARSE_FIT, FINE_FITS, fitted
from segmentation.training.labelled_scan import LabelledScan, btcv_volumes, working_scan
from segmentation.training.rows import FINE_ROWS, Rows, coarse_rows, fine_rows

__all__ = ["main"]

VERSION = "2"
SPACING_MM = 2.0
_N_VARIANTS = 6  # the scan itself and five augmented ones


def main(argv: Sequence[str] | None = None) -> None:
    """Run the training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", type=Path, help="folder with NAME_ct.nii.gz and NAME_labels.nii.gz")
    parser.add_argument("out", type=Path, help="model file to write")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--scan-count", type=int, default=None, help="use only the first scans (for a trial)")
    arguments = parser.parse_args(argv)
    scans = [working_scan(*row, SPACING_MM) for row in btcv_volumes(arguments.scans)][: arguments.scan_count]
    names = [scan.name for scan in scans]
    coarse_table = _coarse_table(scans)
    fold_trees = [_coarse_trees(coarse_table, _outside(names, fold)) for fold in range(N_FOLDS)]
    fine_table = _fine_table(scans, names, fold_trees)
    figures = {}
    if arguments.cross_validate:
        priors = [
            ClassicalPrior(fold_trees[fold], _fine_trees(fine_table, _outside(names, fold)), VERSION, {})
            for fold in range(N_FOLDS)
        ]
        figures = held_out_figures(btcv_volumes(arguments.scans), priors)
    coarse = _coarse_trees(coarse_table, names)
    write_prior(arguments.out, coarse, _fine_trees(fine_table, names), figures)


def write_prior(path: Path, coarse: BoostedTrees, fine: dict[str, BoostedTrees], figures: dict[str, object]) -> None:
    """Write the model file: the card, then the trees."""
    card = {
        "name": "TwinSight classical prior",
        "version": VERSION,
        "what": "Boosted decision trees: a first look that names organs at 4 mm, and second looks that redraw the "
        "borders of liver, aorta and inferior vena cava at 2 mm. Thresholds on intensity, place and context only; "
        "no image and no shape of a patient is contained.",
        "data": "20 abdominal CT of the challenge Multi-Atlas Labeling Beyond the Cranial Vault (BTCV; Landman et al. "
        "2015, Synapse syn3193805), mostly portal phase, each with five variants (pose, contrast, field of view, "
        "noise, simulated tumours). Terms: training and evaluation, no redistribution of the scans.",
        "not_for": "MR; children; scans of which less than about 120 ml of liver is seen. Two of the 20 scans are "
        "unenhanced, none is arterial (arterial contrast was simulated).",
        "boundary": figures.get("boundary", {}),
        "figures": {name: value for name, value in figures.items() if name != "boundary"},
    }
    trees = {"coarse": coarse.to_json(), "fine": {organ: own.to_json() for organ, own in fine.items()}}
    path.write_text(json.dumps({"card": card, **trees}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _variants(scan: LabelledScan, index: int) -> Iterator[LabelledScan]:
    yield scan
    for n in range(1, _N_VARIANTS):
        random = np.random.default_rng(1000 * index + n)
        hu, labels = augmented(scan.hu, scan.labels, scan.spacing_mm, random)
        yield LabelledScan(scan.name, np.round(hu).astype(np.float32), labels, scan.spacing_mm)


def _random(index: int, variant: int) -> np.random.Generator:
    return np.random.default_rng(variant + 31 * index)


def _outside(names: Sequence[str], fold: int) -> list[str]:
    return [name for index, name in enumerate(names) if fold_of(index) != fold]


def _coarse_table(scans: Sequence[LabelledScan]) -> dict[str, list[Rows]]:
    table: dict[str, list[Rows]] = {}
    for index, scan in enumerate(scans):
        drawn = [coarse_rows(own, _random(index, n)) for n, own in enumerate(_variants(scan, index))]
        table[scan.name] = [rows for rows in drawn if rows is not None]
    return table


def _fine_table(
    scans: Sequence[LabelledScan], names: Sequence[str], fold_trees: Sequence[BoostedTrees]
) -> dict[str, list[dict[str, Rows]]]:
    return {
        names[index]: [
            fine_rows(own, fold_trees[fold_of(index)], _random(index, n))
            for n, own in enumerate(_variants(scan, index))
        ]
        for index, scan in enumerate(scans)
    }


def _coarse_trees(table: dict[str, list[Rows]], names: Sequence[str]) -> BoostedTrees:
    features, classes = _joined([rows for name in names for rows in table[name]])
    return fitted(features, classes, COARSE_FIT, n_classes=len(COARSE_CLASSES))


def _fine_trees(table: dict[str, list[dict[str, Rows]]], names: Sequence[str]) -> dict[str, BoostedTrees]:
    trees = {}
    for organ in FINE_ROWS:
        features, classes = _joined([rows[organ] for name in names for rows in table[name] if organ in rows])
        trees[organ] = fitted(features, classes, FINE_FITS[organ])
    return trees


def _joined(rows: Sequence[Rows]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    return np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])


if __name__ == "__main__":
    main()
