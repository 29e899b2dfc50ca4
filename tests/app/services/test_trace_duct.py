"""Ducts of a case: traced between clicks, written as one step that can be undone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services.case_session import CaseSession
from app.services.trace_duct import DuctSummary, DuctTracing
from tests.segmentation.ducts.made_up_duct import made_up_duct
from twin.anatomy import LayerName, structure
from twin.edit import LayersEdit, VolumesEdit
from twin.errors import InputError
from twin.label_layer import LabelLayer
from twin.store import CaseFolder

SCAN = made_up_duct(2.0)
ENDS = SCAN.course_lps_mm[[0, -1]]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    with CaseFolder.create(tmp_path / "a.twinsight") as opened:
        session = CaseSession(opened, idle_save_s=None)
        session.do(VolumesEdit({SCAN.volume.id: SCAN.volume}))
        yield session
        session.stop()


def test_that_a_traced_duct_is_written_only_when_it_is_accepted_and_can_be_undone(session: CaseSession) -> None:
    tracing = DuctTracing(session, "pancreatic")
    duct = tracing.trace(ENDS)
    assert LayerName.DUCTS not in session.case.layers
    case = tracing.accept(duct)
    ducts = case.layer(LayerName.DUCTS)
    assert ducts.structure_ids() == ("pancreatic_duct",)
    assert np.count_nonzero(ducts.mask("pancreatic_duct")) == np.count_nonzero(duct.mask)
    assert session.undo_label == "edit.label.duct"
    assert session.undo().layer(LayerName.DUCTS).structure_ids() == ()


def test_that_its_figures_carry_their_uncertainty(session: CaseSession) -> None:
    summary = DuctSummary.of(DuctTracing(session, "pancreatic").trace(ENDS))
    assert summary.structure_id == "pancreatic_duct"
    assert summary.median_mm == pytest.approx(4.0, abs=summary.uncertainty_mm)
    assert summary.uncertainty_mm == pytest.approx(1.0, abs=0.05)
    assert set(summary.to_json()) == {"structure", "length_mm", "median_mm", "largest_mm", "uncertainty_mm"}


def test_that_the_gallbladder_keeps_its_voxels_and_a_new_trace_can_replace_an_old_one(session: CaseSession) -> None:
    voxels = np.zeros(SCAN.volume.grid.shape_kji, np.uint8)
    voxels[:4, :4, :4] = structure("bile_duct").value
    voxels[-4:, -4:, -4:] = structure("pancreatic_duct").value
    session.do(LayersEdit({LayerName.DUCTS: LabelLayer(LayerName.DUCTS, SCAN.volume.grid, voxels)}))
    tracing = DuctTracing(session, "pancreatic")
    duct = tracing.trace(ENDS)
    added = tracing.accept(duct).layer(LayerName.DUCTS)
    assert added.mask("pancreatic_duct")[-1, -1, -1]
    session.undo()
    replaced = tracing.accept(duct, replaces_earlier=True).layer(LayerName.DUCTS)
    assert np.count_nonzero(replaced.mask("pancreatic_duct")) == np.count_nonzero(duct.mask)
    assert np.count_nonzero(replaced.mask("bile_duct")) == 64


def test_that_the_bile_duct_goes_to_its_own_structure(session: CaseSession) -> None:
    tracing = DuctTracing(session, "biliary")
    duct = tracing.trace(ENDS)
    assert duct.graph.tree == "biliary"
    assert tracing.accept(duct).layer(LayerName.DUCTS).structure_ids() == ("bile_duct",)


def test_that_a_prepared_box_is_used_again_and_left_when_it_is_too_small(session: CaseSession) -> None:
    tracing = DuctTracing(session, "pancreatic")
    tracing.prepare(SCAN.course_lps_mm[:1])
    first = tracing._tracer
    tracing.trace(SCAN.course_lps_mm[[0, 100]])
    assert tracing._tracer is first
    tracing.trace(ENDS)
    assert tracing._tracer is not first


def test_that_one_click_is_refused(session: CaseSession) -> None:
    with pytest.raises(InputError, match="two_clicks"):
        DuctTracing(session, "pancreatic").trace(ENDS[:1])
