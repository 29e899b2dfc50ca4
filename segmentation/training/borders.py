"""Learn what borders look like: ``python -m segmentation.training.borders SCANS``.

``SCANS`` is the folder of the BTCV set; needs LightGBM (the extra ``train``). What the networks see of each scan is
asked of the member that did not learn from it (``held_out`` of the card); from that and from the true labels, trees are
learned for each structure. Stopped at any time, the same command goes on with what lies in ``--work``, where the trees
that each left a quarter of the scans out are written too (``fold_N.json``): ``tests/benchmarks/score_networks
--borders`` takes its figures from them. The trees that learned from all scans are written beside the card, which then
names them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from resources import resource_path
from segmentation.classical.body import body_landmarks
from segmentation.classical.working_volume_sitk import resampled_onto, working_volume
from segmentation.networks.body_sitk import body_of_ct
from segmentation.networks.border import BorderTrees, border_region
from segmentation.networks.ensemble import Ensemble, Look
from segmentation.networks.model import NetworkModel, read_model
from segmentation.networks.network_scan_sitk import network_scan
from segmentation.networks.network_segmenter import FINE_SPACING_MM
from segmentation.training.cross_validation import N_FOLDS, fold_of
from segmentation.training.fit_lightgbm import TreeFit, fitted
from segmentation.training.labelled_scan import btcv_volumes
from segmentation.training.made_from import require_made_from
from segmentation.training.networks.held_out import held_out_member
from twin.anatomy import structure
from twin.grid import Grid
from twin.volume import Volume

__all__ = ["choose_rules", "dice_of_scans", "draw_rows", "fold_path", "main", "write_model"]

VERSION = "1"
_FILE = "borders.json"
BORDER_FIT = TreeFit(240, 48, 0.06, 0.25, 150)
_ROWS_A_SCAN = 8000
_SHARES = (1.0, 0.5)
_THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
_CARD = {
    "name": "TwinSight borders",
    "version": VERSION,
    "what": "Boosted decision trees that tell whether a voxel near the border of a structure belongs to it. Thresholds "
    "on brightness and on probabilities only; no image and no shape of a patient is contained.",
    "data": "20 abdominal CT of the challenge Multi-Atlas Labeling Beyond the Cranial Vault (BTCV; Landman et al. "
    "2015, Synapse syn3193805), nearly all in the portal venous phase. Terms: training and evaluation, no "
    "redistribution.",
    "not_for": "MR; finding anything that the networks have not found.",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", type=Path, help="folder with NAME_ct.nii.gz and NAME_labels.nii.gz")
    parser.add_argument(
        "--card", type=Path, default=resource_path("models/coarse.json"), help="card of the coarse networks"
    )
    parser.add_argument("--work", type=Path, default=Path("build/borders"))
    arguments = parser.parse_args(argv)
    model = read_model(arguments.card)
    names = sorted(path.name.removesuffix("_ct.nii.gz") for path in arguments.scans.glob("*_ct.nii.gz"))
    require_made_from(arguments.work, model.members)
    draw_rows(arguments.scans, arguments.work, model, names)
    for fold in range(N_FOLDS):
        if not fold_path(arguments.work, fold).exists():
            learned = [name for index, name in enumerate(names) if fold_of(index) != fold]
            write_model(fold_path(arguments.work, fold), arguments.work, model, learned)
    dice = dice_of_scans(arguments.work, names)
    for fold in range(N_FOLDS):
        others = [name for index, name in enumerate(names) if fold_of(index) != fold]
        choose_rules(fold_path(arguments.work, fold), dice, others)
    path = arguments.card.with_name(_FILE)
    write_model(path, arguments.work, model, names)
    choose_rules(path, dice, names)
    _name_on_card(arguments.card, path)


def _name_on_card(card: Path, path: Path) -> None:
    data = json.loads(card.read_text(encoding="utf-8"))
    data["borders"] = path.name
    data["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def fold_path(work: Path, fold: int) -> Path:
    """File of the trees that left a quarter of the scans out."""
    return work / f"fold_{fold}.json"


def draw_rows(scans: Path, work: Path, model: NetworkModel, names: Sequence[str]) -> None:
    """Write the rows of the named scans that have none yet."""
    for index, (name, volume, labels) in enumerate(btcv_volumes(scans)):
        path = work / f"rows_{name}.npz"
        if name in names and not path.exists():
            alone = held_out_member(model, name)
            assert alone is not None, f"the card names the member that did not learn from {name}"
            np.savez(path, **_rows(volume, labels, alone, np.random.default_rng(index)))  # type: ignore[arg-type]
            print(name, flush=True)


def write_model(path: Path, work: Path, model: NetworkModel, names: Sequence[str]) -> None:
    """Learn from the rows of these scans, and write the trees of each structure; the border lies at one half."""
    structures = {}
    for structure_id in model.structure_ids:
        found = [rows for name in names if (rows := _read_rows(work, name, structure_id)) is not None]
        seen = np.concatenate([rows for rows, _, _ in found])
        is_it = np.concatenate([truth for _, _, truth in found])
        trees = fitted(seen, is_it.astype(np.uint8), BORDER_FIT)
        structures[structure_id] = {"share": 1.0, "threshold": 0.5, "trees": trees.to_json()}
    data = {"card": _CARD, "spacing_mm": model.spacing_mm, "classes": list(model.classes), "structures": structures}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def choose_rules(path: Path, dice: Mapping[str, Mapping[str, NDArray[np.float64]]], chosen_on: Sequence[str]) -> None:
    """Write share and threshold of each structure into a file of trees: those with the highest mean Dice.

    Parameters
    ----------
    path
        The file.
    dice
        Of each structure and scan, as :func:`dice_of_scans` gives them.
    chosen_on
        Scans that count.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    for structure_id, entry in data["structures"].items():
        total = np.sum([found for name, found in dice[structure_id].items() if name in chosen_on], axis=0)
        share, threshold = np.unravel_index(int(total.argmax()), total.shape)
        entry["share"], entry["threshold"] = _SHARES[share], _THRESHOLDS[threshold]
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def dice_of_scans(work: Path, names: Sequence[str]) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return the Dice over the band of each structure and scan for every choice, float64 (shares, thresholds).

    Each scan is judged by the trees that did not learn from it. ``names`` are all scans, in the order of the folds.
    """
    by_fold = [BorderTrees.read(fold_path(work, fold)) for fold in range(N_FOLDS)]
    dice: dict[str, dict[str, NDArray[np.float64]]] = {structure_id: {} for structure_id in by_fold[0].of}
    for index, name in enumerate(names):
        for structure_id, rule in by_fold[fold_of(index)].of.items():
            found = _read_rows(work, name, structure_id)
            if found is not None:
                rows, by_networks, is_it = found
                by_trees = rule.trees.probabilities(rows)[:, 0]
                dice[structure_id][name] = _dice_of_choices(by_trees, by_networks, is_it)
    return dice


def _dice_of_choices(
    by_trees: NDArray[np.float32], by_networks: NDArray[np.float32], is_it: NDArray[np.bool_]
) -> NDArray[np.float64]:
    n_true = int(np.count_nonzero(is_it))
    dice = np.zeros((len(_SHARES), len(_THRESHOLDS)))
    for n, share in enumerate(_SHARES):
        mean = share * by_trees + (1.0 - share) * by_networks
        for m, threshold in enumerate(_THRESHOLDS):
            drawn = mean > threshold
            n_both = int(np.count_nonzero(drawn & is_it))
            dice[n, m] = 2.0 * n_both / max(int(np.count_nonzero(drawn)) + n_true, 1)
    return dice


def _read_rows(
    work: Path, name: str, structure_id: str
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]] | None:
    """Return rows, probability by the networks and truth; None where the scan has none of the structure."""
    with np.load(work / f"rows_{name}.npz") as drawn:
        if f"{structure_id}_rows" not in drawn.files:
            return None
        return drawn[f"{structure_id}_rows"], drawn[f"{structure_id}_chance"], drawn[f"{structure_id}_is_it"]


def _rows(
    volume: Volume, labels: NDArray[np.uint8], model: NetworkModel, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    """Rows near the border of each structure, and whether each voxel belongs to it."""
    scan = network_scan(volume, model.spacing_mm, model.inputs)
    working = working_volume(volume, FINE_SPACING_MM).halved()
    landmarks = body_landmarks(working)
    assert landmarks is not None, "the scans of the set show a body"
    look = Ensemble(model).look(scan, body_of_ct(scan, landmarks, working))
    hu = scan.cropped(scan.box_of(look.grid)).intensities()
    rows: dict[str, NDArray[np.generic]] = {}
    for name in look.structures:
        truth = labels == structure(name).value
        mask = look.structures[name].mask
        region = border_region(hu, look.seen.fields, model.structure_ids, name, mask, model.spacing_mm)
        if region is None or not truth.any():
            continue
        is_it = _share(truth, volume.grid, look)[region.box.slices] > 0.5
        points = np.argwhere(region.band).astype(np.int32)
        some = points[rng.permutation(len(points))[:_ROWS_A_SCAN]]
        rows[f"{name}_rows"] = region.evidence.of(some)
        rows[f"{name}_chance"] = region.chance[tuple(some.T)]
        rows[f"{name}_is_it"] = is_it[tuple(some.T)]
    return rows


def _share(truth: NDArray[np.bool_], grid: Grid, look: Look) -> NDArray[np.float32]:
    """How much of each working voxel a structure fills."""
    sigma_voxels = 0.25 * look.model.spacing_mm / grid.spacing_ijk_mm[::-1]
    return resampled_onto(ndimage.gaussian_filter(truth.astype(np.float32), sigma_voxels), grid, look.grid)


if __name__ == "__main__":
    main()
