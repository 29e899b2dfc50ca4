"""Lesions in a case: candidates write nothing, a region becomes a lesion only when it is accepted."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services.case_session import CaseSession
from app.services.refine_lesion import LesionOutlining, candidates_of_case, organ_growth
from segmentation.lesions.stroke import Stroke
from tests.segmentation.clicking_user import dice
from tests.segmentation.lesions.made_up_liver import MadeUpLiver, made_up_liver
from twin.anatomy import LayerName, structure
from twin.edit import LayersEdit, VolumesEdit
from twin.errors import GeometryError, InputError
from twin.label_layer import LabelLayer, lesion_layer
from twin.store import CaseFolder
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

SMALL = (np.array([18.0, -8.0, 6.0]), 7.0, 55.0)
LARGE = (np.array([-20.0, 4.0, -8.0]), 12.0, 50.0)
BULGING = (np.array([44.0, 0.0, 0.0]), 11.0, 55.0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    with CaseFolder.create(tmp_path / "a.twinsight") as opened:
        session = CaseSession(opened, idle_save_s=None)
        yield session
        session.stop()


def _with_scan(session: CaseSession, scan: MadeUpLiver, organ: np.ndarray | None = None) -> None:
    session.do(VolumesEdit({scan.volume.id: scan.volume}))
    mask = scan.organ if organ is None else organ
    voxels = np.where(mask, structure("liver").value, 0).astype(np.uint8)
    session.do(LayersEdit({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, scan.volume.grid, voxels)}))


def test_that_candidates_change_nothing(session: CaseSession) -> None:
    _with_scan(session, made_up_liver(SMALL, LARGE))
    before = session.case
    assert len(candidates_of_case(before)) == 2
    assert session.case is before
    assert LayerName.LESIONS not in session.case.layers


def test_that_what_is_a_lesion_already_is_no_candidate(session: CaseSession) -> None:
    scan = made_up_liver(SMALL, LARGE)
    _with_scan(session, scan)
    session.do(LayersEdit({LayerName.LESIONS: lesion_layer(scan.volume.grid, [scan.lesions[1]])}))
    assert len(candidates_of_case(session.case)) == 1


def test_that_candidates_need_a_liver(session: CaseSession) -> None:
    scan = made_up_liver(SMALL)
    session.do(VolumesEdit({scan.volume.id: scan.volume}))
    with pytest.raises(GeometryError, match="no_liver"):
        candidates_of_case(session.case)


def test_that_a_region_is_a_lesion_only_once_it_is_accepted_and_that_this_is_one_step(session: CaseSession) -> None:
    scan = made_up_liver(SMALL)
    _with_scan(session, scan)
    outlining = LesionOutlining(session)
    outlining.add(Stroke(SMALL[0]))
    assert LayerName.LESIONS not in session.case.layers
    accepted = outlining.accept()
    layer = session.case.layer(LayerName.LESIONS)
    assert (accepted.lesion_id, layer.structure_ids()) == ("lesion-1", ("lesion-1",))
    assert accepted.volume_ml == pytest.approx(layer.volume_ml("lesion-1"))
    assert dice(layer.mask("lesion-1"), scan.lesions[0]) > 0.75
    assert layer.uncertainties["lesion-1"].origin is LabelOrigin.EDITED
    assert session.undo_label == "edit.label.lesion"
    assert "lesion-1" not in session.undo().layer(LayerName.LESIONS).structure_ids()


def test_that_lesions_are_numbered_by_falling_volume_and_keep_what_is_known_of_them(session: CaseSession) -> None:
    scan = made_up_liver(SMALL, LARGE)
    _with_scan(session, scan)
    first = lesion_layer(scan.volume.grid, [scan.lesions[0]])
    manual = BoundaryUncertainty.of_origin(LabelOrigin.MANUAL)
    session.do(LayersEdit({LayerName.LESIONS: first.with_uncertainties({"lesion-1": manual})}))
    outlining = LesionOutlining(session)
    outlining.add(Stroke(LARGE[0]))
    accepted = outlining.accept()
    layer = session.case.layer(LayerName.LESIONS)
    assert accepted.lesion_id == "lesion-1"
    assert accepted.renumbered == {"lesion-1": "lesion-2"}
    assert layer.uncertainties["lesion-2"] == manual
    np.testing.assert_array_equal(layer.mask("lesion-2"), scan.lesions[0])


def test_that_a_lesion_drawn_anew_takes_the_place_of_the_old_one(session: CaseSession) -> None:
    scan = made_up_liver(LARGE)
    _with_scan(session, scan)
    half = scan.lesions[0].copy()
    half[:, :, : half.shape[2] // 3] = False
    session.do(LayersEdit({LayerName.LESIONS: lesion_layer(scan.volume.grid, [half])}))
    outlining = LesionOutlining(session, replaced_id="lesion-1")
    outlining.add(Stroke(LARGE[0] - np.array([7.0, 0.0, 0.0])))
    outlining.accept()
    layer = session.case.layer(LayerName.LESIONS)
    assert layer.structure_ids() == ("lesion-1",)
    assert dice(layer.mask("lesion-1"), scan.lesions[0]) > dice(half, scan.lesions[0])


def test_that_the_organ_grows_by_an_edit_of_its_own(session: CaseSession) -> None:
    scan = made_up_liver(BULGING)
    organ = scan.organ & ~scan.lesions[0]
    organ |= scan.lesions[0] & (np.arange(76) < 62)
    _with_scan(session, scan, organ)
    outlining = LesionOutlining(session)
    outlining.add(Stroke(BULGING[0]))
    accepted = outlining.accept()
    growth = accepted.growth
    assert growth is not None
    assert growth.organ_id == "liver"
    liver_before = session.case.layer(LayerName.ORGANS).volume_ml("liver")
    case = session.do(growth.edit)
    organs = case.layer(LayerName.ORGANS)
    assert organs.volume_ml("liver") == pytest.approx(liver_before + growth.added_ml)
    assert not (case.layer(LayerName.LESIONS).mask("lesion-1") & ~organs.mask("liver")).any()
    assert session.undo().layer(LayerName.ORGANS).volume_ml("liver") == pytest.approx(liver_before)
    assert "lesion-1" in session.case.layer(LayerName.LESIONS).structure_ids()


def test_that_other_organs_keep_their_voxels(session: CaseSession) -> None:
    scan = made_up_liver(BULGING)
    _with_scan(session, scan, scan.organ & ~scan.lesions[0])
    organs = session.case.layer(LayerName.ORGANS)
    voxels = organs.voxels.copy()
    beyond = scan.lesions[0] & (np.arange(76) > 68)
    voxels[beyond] = structure("stomach").value
    session.do(LayersEdit({LayerName.ORGANS: organs.with_voxels(voxels)}))
    session.do(LayersEdit({LayerName.LESIONS: lesion_layer(scan.volume.grid, [scan.lesions[0]])}))
    growth = organ_growth(session.case, "lesion-1")
    assert growth is not None
    assert growth.left_to_others_ml == {
        "stomach": pytest.approx(np.count_nonzero(beyond) * scan.volume.grid.voxel_volume_ml)
    }
    after = session.do(growth.edit).layer(LayerName.ORGANS)
    np.testing.assert_array_equal(after.mask("stomach"), beyond)


def test_that_strokes_can_be_taken_back(session: CaseSession) -> None:
    _with_scan(session, made_up_liver(SMALL))
    outlining = LesionOutlining(session)
    first = outlining.add(Stroke(SMALL[0]))
    outlining.add(Stroke(SMALL[0] + np.array([10.0, 0.0, 0.0])))
    assert outlining.take_back() is first
    assert len(outlining.strokes) == 1
    assert outlining.take_back() is None
    with pytest.raises(InputError, match="no_start"):
        outlining.accept()


def test_that_accepting_is_refused_when_lesions_have_changed_meanwhile(session: CaseSession) -> None:
    scan = made_up_liver(SMALL, LARGE)
    _with_scan(session, scan)
    outlining = LesionOutlining(session)
    outlining.add(Stroke(SMALL[0]))
    session.do(LayersEdit({LayerName.LESIONS: lesion_layer(scan.volume.grid, [scan.lesions[1]])}))
    with pytest.raises(InputError, match="outdated"):
        outlining.accept()
    assert session.case.layer(LayerName.LESIONS).structure_ids() == ("lesion-1",)


def test_that_a_line_across_begins_again(session: CaseSession) -> None:
    scan = made_up_liver(SMALL)
    _with_scan(session, scan)
    outlining = LesionOutlining(session)
    region = outlining.start_from_diameter(SMALL[0] + np.array([[-7.0, 0, 0], [7.0, 0, 0]]))
    assert dice(region.whole(scan.volume.grid), scan.lesions[0]) > 0.7
    assert outlining.region is region


def test_that_an_unknown_lesion_cannot_be_drawn_anew(session: CaseSession) -> None:
    _with_scan(session, made_up_liver(SMALL))
    with pytest.raises(GeometryError, match="structure_absent"):
        LesionOutlining(session, replaced_id="lesion-4")
