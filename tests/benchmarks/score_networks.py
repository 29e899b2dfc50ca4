"""Score the networks on scans they never saw, as the program runs them, and print what belongs on their card.

``python -m tests.benchmarks.score_networks [--cards FOLDER] [--json OUT] [CASE ...]``. A card names for each case the
member that was trained without it (``held_out``); that member alone segments it. The coarse network is scored by
itself, a fine one together with it, on what it looks at again. Printed: Dice, volume error and the border confidence of
each case, the boundary quantiles over all cases, and the leave-one-out coverage of the 90 % volume intervals. With
``--borders`` they are drawn with the trees that did not learn from the case (``segmentation/training/borders.py``).
With ``--json`` the blocks ``dice``, ``boundary`` and ``border_confidence`` of each card are written, with ``--labels``
what was drawn, as ``CASE.nii.gz`` (corrections by clicks are learned from it and scored on it).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from resources import resource_path  # noqa: E402
from segmentation.networks.confidence import ConfidenceScale  # noqa: E402
from segmentation.networks.model import NetworkModel, read_model  # noqa: E402
from segmentation.networks.network_segmenter import NetworkSegmenter  # noqa: E402
from segmentation.segmenter import SegmentationResult  # noqa: E402
from segmentation.training.borders import fold_path  # noqa: E402
from segmentation.training.cross_validation import fold_of  # noqa: E402
from segmentation.training.networks.held_out import held_out_member  # noqa: E402
from tests.benchmarks.score_classical import dice  # noqa: E402
from tests.segmentation.real_scans import labels_on  # noqa: E402
from twin.anatomy import LayerName, structure  # noqa: E402
from twin.geometry.distance_edt import signed_distance_mm  # noqa: E402
from twin.grid import Grid  # noqa: E402
from twin.volume import Modality, Quantity, Volume  # noqa: E402

Mask = NDArray[np.bool_]
_ASSUMED_MM = 3.0  # of a label without measured boundary
_STRUCTURES_OF_MR = ("liver", "spleen", "kidney")
_QUANTILES = (5.0, 95.0)


@dataclass(frozen=True, eq=False)
class Row:
    """One structure of one case."""

    case: str
    structure_id: str
    dice: float
    drawn_ml: float
    true_ml: float
    confidence: float
    mean_probability: float
    gaps_mm: NDArray[np.float32]
    shifted_ml: tuple[NDArray[np.float64], NDArray[np.float64]]


def held_out_scan(case: str, shared: Path) -> tuple[Volume, NDArray[np.uint8]] | None:
    """Read a case of the sets on which the networks learned, with its labels; None when it is not there."""
    is_mr = case.startswith("chaos_mr")
    stem = f"chaos_{case.removeprefix('chaos_mr_')}" if is_mr else case
    folder = shared / ("chaos_mr" if is_mr else "btcv")
    path = folder / f"{stem}_{'mr' if is_mr else 'ct'}.nii.gz"
    if not path.exists():
        return None
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    grid = Grid.from_spacing(
        image.GetSize(), image.GetSpacing(), origin_lps_mm=image.GetOrigin(), direction=image.GetDirection()
    )
    values = sitk.GetArrayFromImage(image)
    volume = (
        Volume("volume-1", grid, values.astype(np.float32), Quantity.SIGNAL, Modality.MR)
        if is_mr
        else Volume("volume-1", grid, values.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT)
    )
    return volume, labels_on(grid, folder / f"{stem}_labels.nii.gz")


def read_cards(folder: Path) -> list[NetworkModel]:
    """Read the coarse card and, where there is one, the fine card, without any figure that could leak into a score.

    With the confidence itself as factor it can be read off the interval.
    """
    models = [read_model(path) for name in ("coarse", "fine") if (path := folder / f"{name}.json").exists()]
    bare = [ConfidenceScale(dict.fromkeys(model.structure_ids, 1.0), 1.0, 1e6) for model in models]
    return [
        replace(model, uncertainties={}, dice={}, confidence=scale, borders=None)
        for model, scale in zip(models, bare, strict=True)
    ]


def rows_by_card(
    case: str, cards: Sequence[NetworkModel], shared: Path, labels: Path | None = None, borders: Path | None = None
) -> dict[str, list[Row]]:
    """Score a case with the coarse member that never saw it, then together with the fine one: name to rows."""
    alone = []
    for card in cards:
        member = held_out_member(card, case)
        if member is None:
            sys.exit(f"{card.name}: its card names no member that did not learn from {case}")
        alone.append(member)
    if borders is not None and case.startswith("btcv"):
        path = fold_path(borders, fold_of(int(case.removeprefix("btcv_"))))
        checksums = {**alone[0].sha256, path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
        alone[0] = replace(alone[0], borders=path, sha256=checksums)
    found = {}
    for n, card in enumerate(alone):
        wanted = card.region.around if card.region else card.structure_ids
        is_last = card is alone[-1]
        found[card.name] = list(rows_of(case, alone[: n + 1], wanted, shared, labels if is_last else None))
    return found


def rows_of(
    case: str, models: Sequence[NetworkModel], wanted: Sequence[str], shared: Path, labels: Path | None = None
) -> Iterator[Row]:
    """Segment a case, keep its labels in a folder where one is given, and compare each structure that has a truth."""
    scan = held_out_scan(case, shared)
    if scan is None:
        return
    volume, truth = scan
    result = NetworkSegmenter(models).segment(volume)
    if labels is not None:
        _write_labels(result, volume.grid, labels / f"{case}.nii.gz")
    for structure_id in wanted:
        if volume.modality is Modality.MR and structure_id not in _STRUCTURES_OF_MR:
            continue
        found = structure(structure_id)
        true = truth == found.value
        if not true.any():
            continue
        layer = result.layers.get(found.layer)
        has = layer is not None and structure_id in layer.structure_ids()
        drawn = layer.mask(structure_id) if layer is not None and has else np.zeros_like(true)
        outward_mm = layer.uncertainties[structure_id].outward_mm if layer is not None and has else np.inf
        field = result.confidence.get(structure_id, np.zeros(1, np.uint8))  # one member: its probability
        mean = float(field[field > 127].mean()) / 255 if (field > 127).any() else 0.0
        yield _row(case, structure_id, drawn, true, volume.grid, (_ASSUMED_MM / outward_mm, mean))


def _write_labels(result: SegmentationResult, grid: Grid, path: Path) -> None:
    """Write organs, then what runs inside them, over each other; context is left out."""
    drawn = np.zeros(grid.shape_kji, np.uint8)
    for name in (LayerName.ORGANS, LayerName.VESSELS, LayerName.DUCTS):
        if name in result.layers:
            voxels = result.layers[name].voxels
            drawn[voxels > 0] = voxels[voxels > 0]
    image = sitk.GetImageFromArray(drawn)
    image.SetSpacing(grid.spacing_ijk_mm.tolist())
    image.SetOrigin(grid.origin_lps_mm.tolist())
    image.SetDirection(grid.direction.ravel().tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))


def _row(case: str, structure_id: str, drawn: Mask, true: Mask, grid: Grid, sure: tuple[float, float]) -> Row:
    ml = grid.voxel_volume_ml
    overlap = dice(drawn, true)
    n_drawn, n_true = int(np.count_nonzero(drawn)), int(np.count_nonzero(true))
    if not n_drawn:
        none = np.zeros(0)
        return Row(case, structure_id, 0.0, 0.0, n_true * ml, 0.0, 0.0, none.astype(np.float32), (none, none))
    to_truth = signed_distance_mm(true, grid.spacing_ijk_mm)
    border = drawn & ~ndimage.binary_erosion(drawn)
    inside = np.sort(signed_distance_mm(drawn, grid.spacing_ijk_mm).ravel())[::-1]
    shifts = np.arange(-15.0, 15.01, 0.25)
    volumes = np.searchsorted(-inside, shifts, side="right") * ml
    return Row(case, structure_id, overlap, n_drawn * ml, n_true * ml, *sure, to_truth[border], (shifts, volumes))


def boundary(rows: list[Row]) -> tuple[float, float]:
    """5 % and 95 % of the gap from drawn to true border, every case weighing the same."""
    each = [np.percentile(row.gaps_mm, np.linspace(0.5, 99.5, 200)) for row in rows if row.gaps_mm.size]
    if not each:
        return (-_ASSUMED_MM, _ASSUMED_MM)
    low, high = np.percentile(np.concatenate(each), _QUANTILES)
    return (min(float(low), 0.0), max(float(high), 0.0))


def is_covered(row: Row, others: list[Row]) -> bool:
    """Tell whether the interval that the other cases give holds the true volume."""
    low_mm, high_mm = boundary(others)
    usual = float(np.median([other.confidence for other in others]))
    factor = ConfidenceScale({row.structure_id: usual}).factor(row.structure_id, row.confidence)
    shifts, volumes = row.shifted_ml
    if not shifts.size:
        return False
    low, high = np.interp([low_mm * factor, high_mm * factor], shifts, volumes)
    return bool(low <= row.true_ml <= high)


def card_of(rows: list[Row]) -> dict[str, object]:
    """Return the blocks of the card that this scoring fills; of MR only the Dice."""
    ct = [row for row in rows if not row.case.startswith("chaos_mr")]
    by_structure: dict[str, list[Row]] = defaultdict(list)
    for row in ct:
        by_structure[row.structure_id].append(row)
    mr: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row.case.startswith("chaos_mr"):
            mr[row.structure_id][row.case] = round(row.dice, 4)
    boundaries = {name: boundary(some) for name, some in by_structure.items()}
    found = {name: [row.confidence for row in some if row.gaps_mm.size] for name, some in by_structure.items()}
    return {
        "dice": {name: {row.case: round(row.dice, 4) for row in some} for name, some in by_structure.items()},
        "dice_mr": mr,
        "boundary": {
            name: {"inward_mm": round(low, 2), "outward_mm": round(high, 2)} for name, (low, high) in boundaries.items()
        },
        "border_confidence": {
            "usual": {name: round(float(np.median(seen)), 3) for name, seen in found.items() if seen},
            "exponent": 1.0,
            "largest_factor": 3.0,
        },
    }


def main() -> None:
    """Score the cases that are named, or all that were held out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--cards", type=Path, help="folder of the model cards; by default the shipped one")
    parser.add_argument("--json", type=Path, help="file to write the blocks of the cards to")
    parser.add_argument("--labels", type=Path, help="folder for the labels of each case")
    parser.add_argument("--borders", type=Path, help="folder of the trees that each left a quarter of the scans out")
    given = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or root.parent / "shared") / "data"
    folder = given.cards or resource_path("models")
    cards = read_cards(folder)
    held_out = json.loads((folder / "coarse.json").read_text(encoding="utf-8"))["held_out"]
    rows: dict[str, list[Row]] = {card.name: [] for card in cards}
    for case in given.cases or held_out:
        for name, found in rows_by_card(case, cards, shared, given.labels, given.borders).items():
            rows[name] += found
            line = ", ".join(f"{row.structure_id} {row.dice:.3f}" for row in found)
            print(f"{case}, {name}: {line}", file=sys.stderr, flush=True)
    for name, some in rows.items():
        print_scores(some, name)
    if given.json:
        blocks = {name: card_of(some) for name, some in rows.items()}
        given.json.write_text(json.dumps(blocks, indent=1) + "\n", encoding="utf-8")


def print_scores(rows: list[Row], name: str) -> None:
    """Print the table of one card."""
    headings = (
        "structure",
        "cases",
        "Dice",
        "lowest",
        "volume %",
        "5 % mm",
        "95 % mm",
        "confidence",
        "least p",
        "coverage",
    )
    table = Table(*headings, title=f"{name}: each case by the member that never saw it")
    for is_mr in (False, True):
        names = dict.fromkeys(row.structure_id for row in rows if row.case.startswith("chaos_mr") is is_mr)
        for name in names:
            some = [r for r in rows if r.structure_id == name and r.case.startswith("chaos_mr") is is_mr]
            low, high = boundary(some)
            errors = [100 * (row.drawn_ml - row.true_ml) / row.true_ml for row in some]
            covered = [is_covered(row, [r for r in some if r is not row]) for row in some] if len(some) > 2 else []
            table.add_row(
                f"{name} MR" if is_mr else name,
                str(len(some)),
                f"{np.mean([row.dice for row in some]):.3f}",
                f"{min(row.dice for row in some):.3f}",
                f"{np.mean(errors):+.1f}",
                f"{low:.1f}",
                f"{high:.1f}",
                f"{np.median([row.confidence for row in some]):.2f}",
                f"{min((row.mean_probability for row in some if row.drawn_ml), default=0.0):.2f}",
                f"{sum(covered)}/{len(covered)}",
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
