"""A small case to edit, and a process that edits it until it is killed.

Run it by ``python -m tests.app.services.edit_examples CASE``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from app.services.case_session import CaseSession
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import Brush, FillHoles, Grow, ScissorsCut, ScissorsMode, StrokeMode
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import LayersEdit, VolumesEdit, VoxelEdit
from twin.errors import InputError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.store import CaseFolder
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Modality, Quantity, Volume

SIZE_IJK = (40, 36, 24)
GRID = Grid.from_spacing(SIZE_IJK, (0.8, 0.8, 2.0), origin_lps_mm=(-10.0, 5.0, 100.0), frame_of_reference_uid="1.2.3")


def prepared(session: CaseSession) -> None:
    """Give a case a scan, a liver beside a spleen, a portal vein and a lesion."""
    organs = np.zeros(GRID.shape_kji, np.uint8)
    organs[4:20, 6:30, 5:25] = 1
    organs[4:20, 6:30, 27:35] = 11
    organs[10:12, 15:17, 12:14] = 0  # a hole in the liver
    vessels = np.zeros(GRID.shape_kji, np.uint8)
    vessels[8:16, 14:18, 10:14] = 3
    lesions = np.zeros(GRID.shape_kji, np.uint8)
    lesions[5:8, 20:24, 18:22] = 1
    automatic = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    values = np.random.default_rng(1).integers(0, 200, GRID.shape_kji).astype(np.int16)
    session.do(VolumesEdit.adding(Volume("scan", GRID, values, Quantity.HOUNSFIELD, Modality.CT)))
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, organs, {"liver": automatic, "spleen": automatic}),
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, GRID, vessels, {"portal_vein": automatic}),
        LayerName.LESIONS: LabelLayer(LayerName.LESIONS, GRID, lesions, {"lesion-1": automatic}),
    }
    session.do(LayersEdit(layers))


def place(i: float, j: float, k: float) -> tuple[float, float, float]:
    """Point in space of a voxel."""
    x, y, z = GRID.lps_from_ijk((i, j, k)).tolist()
    return (x, y, z)


def labels_of(case: Case, name: LayerName) -> np.ndarray:
    """Voxels of a layer."""
    return case.layer(name).voxels


def edit_step(session: CaseSession, editor: LabelEditor, number: int) -> None:
    """Make the step of this number; the same on the same case."""
    random = np.random.default_rng(number)
    points = [place(*(random.uniform(0, n) for n in SIZE_IJK)) for _ in range(3)]
    structure_id = ("liver", "spleen", "portal_vein")[number % 3]
    if number % 5 in (3, 4):
        try:
            editor.apply(_edit(editor, structure_id, number, random))
        except InputError as error:
            if error.message_id != "error.editing.nothing_changed":
                raise
    else:
        mode = StrokeMode.ERASE if number % 5 == 2 else StrokeMode.PAINT
        stroke = editor.begin_stroke(structure_id, Brush(float(random.uniform(1, 4))), mode)
        for point in points:
            stroke.move(point)
        stroke.finish()


def _edit(editor: LabelEditor, structure_id: str, number: int, random: np.random.Generator) -> VoxelEdit:
    if number % 5 == 4:
        return editor.operation_edit(structure_id, Grow(1.0) if number % 2 else FillHoles(2))
    polygon = [place(*(random.uniform(0, n) for n in SIZE_IJK[:2]), 0) for _ in range(6)]
    cut = ScissorsCut(polygon, (0, 0, 1), ScissorsMode.FILL_INSIDE, (-1.0, float(random.uniform(3, 30))))
    return editor.scissors_edit(structure_id, cut)


def main(path: Path) -> None:
    """Edit for ever and tell each step that is done."""
    with CaseFolder.open(path) as folder:
        session = CaseSession(folder, idle_save_s=None)
        editor = LabelEditor(session)
        for number in range(10_000):
            edit_step(session, editor, number)
            os.write(1, f"{number + 1}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
