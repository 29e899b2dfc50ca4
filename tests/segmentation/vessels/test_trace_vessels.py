"""Vessels of an open case: traced again from clicks, a branch moved, each one step of undo."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services.case_file import new_case
from app.services.case_session import CaseSession
from app.services.trace_vessels import reassign_branch, trace_vessels
from tests.segmentation.vessels.made_up_liver import HEPATIC_ROOT_LPS_MM, PORTAL_ROOT_LPS_MM, made_up_liver
from twin.anatomy import LayerName, structure
from twin.edit import GroupEdit, LayersEdit, VolumesEdit
from twin.errors import Cancelled, GeometryError, InputError
from twin.job import CancelSource
from twin.label_layer import LabelLayer
from twin.store import CaseFolder
from twin.uncertainty import LabelOrigin


def _layers(*, with_liver: bool = True) -> LayersEdit:
    made_up = made_up_liver()
    grid = made_up.volume.grid
    organs, vessels = np.zeros(grid.shape_kji, np.uint8), np.zeros(grid.shape_kji, np.uint8)
    organs[made_up.liver] = structure("liver" if with_liver else "spleen").value
    vessels[made_up.cava] = structure("inferior_vena_cava").value
    return LayersEdit(
        {
            LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, organs),
            LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, vessels),
        }
    )


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    with new_case(tmp_path / "A.twinsight") as made:
        made.do(GroupEdit("edit.import", (VolumesEdit.adding(made_up_liver().volume), _layers())))
    with CaseFolder.open(tmp_path / "A.twinsight") as folder:
        opened = CaseSession(folder, idle_save_s=None)
        yield opened
        opened.stop()


def test_that_tracing_is_one_step_and_can_be_undone(session: CaseSession) -> None:
    before = session.case.labels_hash
    summary = trace_vessels(session)
    assert {"portal_vein", "hepatic_vein"} <= set(summary.volumes_ml)
    vessels = session.case.layers[LayerName.VESSELS]
    assert vessels.volume_ml("portal_vein") == summary.volumes_ml["portal_vein"] > 5.0
    assert session.case.not_found.keys() == summary.not_found.keys()
    session.undo()
    assert session.case.labels_hash == before


def test_that_clicked_roots_trace_the_same_trees(session: CaseSession) -> None:
    automatic = trace_vessels(session)
    clicked = trace_vessels(
        session, portal_root_lps_mm=PORTAL_ROOT_LPS_MM, hepatic_root_lps_mm=HEPATIC_ROOT_LPS_MM
    )  # fmt: skip
    for structure_id in ("portal_vein", "hepatic_vein"):
        assert clicked.volumes_ml[structure_id] == pytest.approx(automatic.volumes_ml[structure_id], rel=0.2)


def test_that_a_branch_moves_by_one_click_and_comes_back_by_undo(session: CaseSession) -> None:
    trace_vessels(session)
    before = session.case.layers[LayerName.VESSELS]
    moved = reassign_branch(session, (52.0, 54.0, 62.0))
    after = session.case.layers[LayerName.VESSELS]
    gained = after.volume_ml("hepatic_vein") - before.volume_ml("hepatic_vein")
    assert moved.from_structure == "portal_vein"
    assert gained == pytest.approx(moved.volume_ml, abs=1e-6)
    assert moved.volume_ml > 0.5
    assert after.uncertainties["hepatic_vein"].origin is LabelOrigin.EDITED
    session.undo()
    np.testing.assert_array_equal(session.case.layers[LayerName.VESSELS].voxels, before.voxels)


def test_that_a_click_far_from_any_vein_changes_nothing(session: CaseSession) -> None:
    before = session.case.labels_hash
    with pytest.raises(InputError, match="no_branch_here"):
        reassign_branch(session, (5.0, 5.0, 5.0))
    assert session.case.labels_hash == before


def test_that_cancelling_leaves_the_case_as_it_was(session: CaseSession) -> None:
    before, source = session.case.labels_hash, CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        trace_vessels(session, cancel=source.token)
    assert session.case.labels_hash == before


def test_that_without_a_liver_it_says_so(tmp_path: Path) -> None:
    with new_case(tmp_path / "B.twinsight") as opened:
        opened.do(GroupEdit("edit.import", (VolumesEdit.adding(made_up_liver().volume), _layers(with_liver=False))))
        with pytest.raises(GeometryError, match="no_liver"):
            trace_vessels(opened)
