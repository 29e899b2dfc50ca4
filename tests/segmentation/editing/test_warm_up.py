"""Compilation ahead of the first stroke."""

from __future__ import annotations

from pathlib import Path

import numba
import pytest

from app.services.case_session import CaseSession
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import (
    Brush,
    Combine,
    FillHoles,
    Grow,
    Logic,
    ScissorsCut,
    ScissorsMode,
    Smooth,
    StrokeMode,
)
from segmentation.editing.warm_up import warm_up
from segmentation.kernels import blurred_mask, mask_islands, near_mask, paint, paint_path, prism
from tests.app.services.edit_examples import place, prepared
from twin.errors import Cancelled
from twin.geometry.kernels import label_runs
from twin.job import CancelSource
from twin.store import CaseFolder

KERNELS = (
    blurred_mask.blur_mask,
    mask_islands.find_mask_runs,
    mask_islands.join_mask_runs,
    mask_islands.fill_mask_runs,
    near_mask.mark_near_mask,
    paint.paint_labels,
    paint_path.mark_path,
    prism.mark_prism,
    label_runs.mark_run_ends,
    label_runs.changed_extent,
)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_that_no_tool_compiles_anything_after_warming_up(tmp_path: Path) -> None:
    heard = []
    warm_up(progress=heard.append)
    assert (heard[0].message_id, heard[-1].message_id) == ("progress.editing.warm_up", "progress.editing.ready")
    before = [len(kernel.signatures) for kernel in KERNELS]
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        prepared(session)
        editor = LabelEditor(session)
        for operation in (FillHoles(0), Smooth(2.0), Grow(2.0), Combine(Logic.SUBTRACT, "portal_vein")):
            editor.apply(editor.operation_edit("liver", operation))
        for mode in StrokeMode:
            stroke = editor.begin_stroke("liver", Brush(3.0, (0, 0.2, 1)), mode)
            stroke.move(place(25, 20, 10))
            stroke.finish()
        for k, view in ((0, (0, 0, 1)), (10, (0.1, 0, 1))):
            square = [place(8, 8, k), place(18, 8, k), place(18, 18, k)]
            editor.apply(editor.scissors_edit("liver", ScissorsCut(square, view, ScissorsMode.ERASE_INSIDE)))  # type: ignore[arg-type]
        session.undo()
        session.stop()
    after = [len(kernel.signatures) for kernel in KERNELS]
    assert dict(zip([k.py_func.__name__ for k in KERNELS], after, strict=True)) == dict(
        zip([k.py_func.__name__ for k in KERNELS], before, strict=True)
    )


def test_that_warming_up_stops_when_asked() -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        warm_up(cancel=source.token)
