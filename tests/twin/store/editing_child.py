"""A process that edits and saves a case until it is killed: ``python -m tests.twin.store.editing_child CASE``.

It prints ``open`` when it begins, then a line for each edit that was told to be safe and for each save.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from tests.twin.store.case_examples import VALUES, facts
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import Edit, FactsEdit, GroupEdit, IdentityEdit, LayersEdit, PlanEdit, VolumesEdit, VoxelEdit
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.patient import PatientIdentity
from twin.plan import Plan
from twin.resection import parse_cut
from twin.store import CaseFolder
from twin.volume import Modality, Quantity, Volume

GRID = Grid.from_spacing((96, 80, 48), (0.8, 0.8, 2.0))
_COUNTER = "counter"  # an entry of the case that says how many edits it holds


def n_edits_of(case: Case) -> int:
    """How many edits were made of this case."""
    return int(case.not_found.get(_COUNTER, "0"))


def next_edit(case: Case) -> Edit:
    """The edit that follows: it depends on the case alone, so that anyone can tell what a case must hold."""
    number = n_edits_of(case) + 1
    counted = LayersEdit({}, {_COUNTER: str(number)})
    return GroupEdit("edit.example", (*_changes(case, number), counted))


def _changes(case: Case, number: int) -> list[Edit]:
    random = np.random.default_rng(number)
    if not case.volumes or number % 40 == 0:
        return [VolumesEdit.adding(_volume(number))]
    if number % 15 == 0:
        voxels = random.choice(np.array((0, 1, 2), np.uint8), GRID.shape_kji)
        return [LayersEdit({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, voxels)})]
    if number % 6 == 0:
        return [FactsEdit(facts(30 + number % 200))]
    if number % 7 == 0:
        return [IdentityEdit(PatientIdentity(str(number), "PHANTOM^TwinSight"))]
    if number % 11 == 0:
        return [PlanEdit("A", Plan("A", (parse_cut(f"wedge:lesion-1:{number % 100}"),)))]
    name = (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS)[number % 3]
    start = tuple(int(random.integers(0, n - 20)) for n in GRID.shape_kji)
    box = Box(start, tuple(n + 20 for n in start))  # type: ignore[arg-type]
    voxels = case.layer(name).voxels[box.slices].copy()
    voxels[random.random(voxels.shape) < 0.5] = random.choice(np.array(VALUES[name]))
    painted = VoxelEdit.between(case, name, box, voxels)
    return [] if painted is None else [painted]


def _volume(number: int) -> Volume:
    voxels = np.random.default_rng(number).integers(-1000, 1000, GRID.shape_kji).astype(np.int16)
    return Volume(f"volume-{number % 3}", GRID, voxels, Quantity.HOUNSFIELD, Modality.CT)


def _tell(line: str) -> None:
    os.write(1, (line + "\n").encode())


def main(path: Path) -> None:
    """Edit for ever; save now and then, close and open again now and then."""
    _tell("open")
    while True:
        with CaseFolder.open(path) as folder:
            assert not folder.is_read_only
            for _ in range(25):
                case = folder.apply(next_edit(folder.case))
                _tell(f"edit {n_edits_of(case)}")
                if n_edits_of(case) % 8 == 0:
                    folder.commit()
                    _tell("save")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
