"""Pancreas of the BTCV scans after up to five clicks of a scripted user: ``python -m tests.benchmarks.score_clicks``.

The labels to begin with are made wrong on purpose, to several overlaps with the truth; ``--starts FOLDER`` takes
automatic ones instead (``NAME.nii.gz`` with the values of the truth, in the space of the scan). Each scan is answered
by the model that did not learn from it, where the training has left those models in ``build/clicks``; otherwise by the
shipped one, whose figures on these scans are training figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from segmentation.seeds.click import Click as Correction  # noqa: E402
from segmentation.seeds.correction import ClickModel, click_model, corrected  # noqa: E402
from segmentation.seeds.neighbours import Neighbours  # noqa: E402
from segmentation.training.clicks.simulated_click import VALUES  # noqa: E402
from segmentation.training.clicks.simulated_error import shifted_labels, wrong_label  # noqa: E402
from segmentation.training.cross_validation import N_FOLDS, fold_of  # noqa: E402
from tests.segmentation.clicking_user import Click, ClickingUser  # noqa: E402
from tests.segmentation.real_scans import RealScan, btcv_scan, labels_on  # noqa: E402
from twin.box import Box  # noqa: E402
from twin.grid import Grid  # noqa: E402

_ROOT = Path(__file__).resolve().parents[2]
_WORK = _ROOT / "build" / "clicks"
_PANCREAS = 2
_ROOM_MM = 45.0
_STARTS = (0.45, 0.55, 0.65, 0.75)
_N_CLICKS = 5

Mask = NDArray[np.bool_]


class Score:
    """Overlaps after each click, by how good the label was to begin with, and the time of the clicks."""

    def __init__(self) -> None:
        self.dice: dict[str, list[list[float]]] = {}
        self.seconds: list[float] = []

    def add(self, start: str, case: ScanCase, drawn: Mask, model: ClickModel) -> None:
        """Let the user click on one label."""
        user = ClickingUser(case.truth, case.grid)
        made: list[Correction] = []
        now = drawn

        def answer(click: Click) -> Mask:
            nonlocal now
            made.append(Correction.at(click.point_lps_mm, is_inside=click.is_inside))
            began = time.process_time()
            now = corrected(case.image, case.grid, now, made, neighbours=case.neighbours, model=model).applied_to(now)
            self.seconds.append(time.process_time() - began)
            return now

        self.dice.setdefault(start, []).append(user.corrected(drawn, answer, n_clicks=_N_CLICKS))


@dataclass(frozen=True, eq=False)
class ScanCase:
    """The surroundings of the pancreas of one scan."""

    box: Box
    image: NDArray[np.generic]
    truth: Mask
    neighbours: Neighbours
    grid: Grid


def case_of(scan: RealScan, labels: NDArray[np.uint8], drawn: NDArray[np.uint8] | None, index: int) -> ScanCase:
    """Return the surroundings of the pancreas; the neighbours are the drawn ones, or the true ones a little off."""
    truth = labels == _PANCREAS
    box = Box.around(truth if drawn is None else truth | (drawn == _PANCREAS))
    assert box is not None
    by = [int(np.ceil(_ROOM_MM / s)) for s in scan.volume.grid.spacing_ijk_mm[::-1]]
    box = box.grown((by[0], by[1], by[2]), truth.shape)
    grid = scan.volume.grid.cropped(box)
    if drawn is None:
        others = np.where(truth, 0, labels)[box.slices].astype(np.uint8)
        others = shifted_labels(others, grid.spacing_ijk_mm, np.random.default_rng(index))
    else:
        others = drawn[box.slices]
    values = {name: value for name, value in VALUES.items() if name != "pancreas"}
    image = np.ascontiguousarray(scan.volume.voxels[box.slices])
    return ScanCase(box, image, truth[box.slices].copy(), Neighbours(((others, values),)), grid)


def models() -> tuple[list[ClickModel], bool]:
    """Return the model of each fold and whether they are held-out ones."""
    paths = [max(_WORK.glob(f"round_*_fold_{fold}.json"), default=_WORK / "none") for fold in range(N_FOLDS)]
    if all(path.exists() for path in paths):
        return [ClickModel.read(path) for path in paths], True
    return [click_model()] * N_FOLDS, False


def scans(shared: Path, wanted: set[str]) -> Iterator[tuple[int, Path]]:
    """Yield the number and the path of the scans that are named, or of all."""
    for index, path in enumerate(sorted((shared / "btcv").glob("*_ct.nii.gz"))):
        if not wanted or path.name.removesuffix("_ct.nii.gz") in wanted:
            yield index, path


def main() -> None:
    """Click, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--starts", type=Path, help="folder of automatic labels NAME.nii.gz")
    arguments = parser.parse_args()
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or _ROOT.parent / "shared") / "data"
    if not shared.is_dir():
        sys.exit("real scans are absent: no folder ../shared/data (TWINSIGHT_SHARED points elsewhere)")
    by_fold, is_held_out = models()
    score = Score()
    for index, path in scans(shared, set(arguments.cases)):
        score_scan(score, index, path, arguments.starts, by_fold[fold_of(index)])
    show(score, is_held_out)


def score_scan(score: Score, index: int, path: Path, starts: Path | None, model: ClickModel) -> None:
    """Let the user click on the labels of one scan."""
    scan = btcv_scan(path)
    labels = labels_on(scan.volume.grid, path.with_name(f"{scan.name}_labels.nii.gz"))
    if starts is not None:
        file = starts / f"{scan.name}.nii.gz"
        if file.exists():
            automatic = labels_on(scan.volume.grid, file)
            case = case_of(scan, labels, automatic, index)
            score.add("automatic", case, (automatic == _PANCREAS)[case.box.slices].copy(), model)
            print(scan.name, np.round(score.dice["automatic"][-1], 3), flush=True)
        return
    case = case_of(scan, labels, None, index)
    labelled = np.logical_or.reduce(list(case.neighbours.masks(Box((0, 0, 0), case.truth.shape)).values()))
    for start in _STARTS:
        rng = np.random.default_rng(10_000 * index + int(100 * start))
        drawn = wrong_label(case.image, case.truth, case.grid.spacing_ijk_mm, start, rng) & ~labelled
        score.add(f"{start:.2f}", case, drawn, model)
        print(scan.name, start, np.round(score.dice[f"{start:.2f}"][-1], 3), flush=True)


def show(score: Score, is_held_out: bool) -> None:
    """Print the means."""
    console = Console()
    if not score.dice:
        console.print("no label to begin with was found")
        return
    title = "Pancreas, mean Dice after each click" + ("" if is_held_out else " (TRAINING figures: no held-out models)")
    headings = ["start", "scans", "before", *(str(n + 1) for n in range(_N_CLICKS)), "lowest", "at least .80"]
    table = Table(*headings, title=title)
    for start, rows in score.dice.items():
        means, last = np.mean(rows, axis=0), np.array(rows)[:, -1]
        cells = [f"{mean:.3f}" for mean in means]
        table.add_row(start, str(len(rows)), *cells, f"{last.min():.3f}", f"{np.mean(last >= 0.8):.0%}")
    console.print(table)
    console.print(f"processor time a click: median {np.median(score.seconds):.2f} s, most {max(score.seconds):.2f} s")


if __name__ == "__main__":
    main()
