"""Another scan comes into the space of the planning volume by an edit that can be undone, and its doubts are said."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.services.case_session import CaseSession
from app.services.register_volumes import accept_identity, layers_through, register_session, rigid_registration
from segmentation.segmenter import Availability, SegmentationResult
from tests.segmentation.real_scans import dicom_scan
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import LayersEdit, VolumesEdit
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.figure import FigureStatus
from twin.geometry.register_sitk import labels_through
from twin.geometry.rigid_fit import rigid_fit_of_masks
from twin.grid import Grid
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.phantom import PhantomRecipe, build_phantom
from twin.store import CaseFolder
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import ContrastPhase, Volume
from twin.wording import LANGUAGES, Wording

SHIFT_MM = np.array([4.0, -6.0, 22.0])


class KnowingSegmenter:
    """Knows the labels of one scan."""

    id, version = "segmenter.knowing", "1"

    def __init__(self, layer: LabelLayer | None) -> None:
        self._layer = layer

    def availability(self) -> Availability:
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        return SegmentationResult({} if self._layer is None else {LayerName.ORGANS: self._layer})


@cache
def _scans() -> tuple[Volume, LabelLayer, Volume, LabelLayer]:
    """The portal phase with its organs, and the arterial one of the same body, one breath away and turned a little."""
    portal = build_phantom(PhantomRecipe.small(3))
    arterial = build_phantom(PhantomRecipe.small(3, phase=ContrastPhase.ARTERIAL, spacing_ijk_mm=(2.25, 2.25, 3.0)))
    matrix = _movement()
    grid, organs = arterial.volume.grid, arterial.layers[LayerName.ORGANS]
    voxels = labels_through(organs.voxels, grid, grid, np.linalg.inv(matrix))
    uncertainty = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    moved = LabelLayer(LayerName.ORGANS, grid, voxels, {"liver": uncertainty})
    return portal.volume, portal.layers[LayerName.ORGANS], replace(arterial.volume, id="volume-2"), moved


def _movement() -> np.ndarray:
    """From the arterial scan to the portal one."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [3.0, -2.0, 4.0], degrees=True).as_matrix()
    matrix[:3, 3] = SHIFT_MM
    return matrix


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    portal, organs, arterial, _ = _scans()
    with CaseFolder.create(tmp_path / "A.twinsight") as folder:
        opened = CaseSession(folder, idle_save_s=None)
        opened.do(VolumesEdit.adding(portal, arterial))
        opened.do(LayersEdit({LayerName.ORGANS: organs}))
        yield opened
        opened.stop()


def test_that_two_phases_are_registered_on_their_livers_and_that_can_be_undone(session: CaseSession) -> None:
    _, organs, _, moved = _scans()
    found = register_session(session, "volume-2", KnowingSegmenter(moved))
    (registration,) = session.case.registrations
    points = organs.grid.lps_from_ijk(np.argwhere(organs.mask("liver"))[::500, ::-1])
    back = np.linalg.inv(_movement())
    before = points @ back[:3, :3].T + back[:3, 3]
    after = before @ registration.matrix_lps_mm[:3, :3].T + registration.matrix_lps_mm[:3, 3]
    assert np.linalg.norm(after - points, axis=1).mean() < 1.5
    assert found.doubts == ()
    assert registration.method == "rigid"
    assert registration.quality.status is FigureStatus.MEASURED
    low, value, high = registration.quality.low, registration.quality.value, registration.quality.high
    assert low is not None
    assert value is not None
    assert high is not None
    assert 0 <= low <= value <= high < 5
    session.undo()
    assert session.case.registrations == ()
    session.redo()
    assert len(session.case.registrations) == 1


def test_that_a_registration_is_kept_on_disk_and_a_second_one_replaces_it(tmp_path: Path) -> None:
    portal, organs, arterial, moved = _scans()
    with CaseFolder.create(tmp_path / "A.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        session.do(VolumesEdit.adding(portal, arterial))
        session.do(LayersEdit({LayerName.ORGANS: organs}))
        accept_identity(session, "volume-2", by="Dr A")
        register_session(session, "volume-2", KnowingSegmenter(moved))
        session.save()
    with CaseFolder.open(tmp_path / "A.twinsight", read_only=True) as folder:
        (registration,) = folder.case.registrations
        assert registration.method == "rigid"
        assert registration.provenance.parameters["converged"] is True


def test_that_identity_needs_a_name_and_is_assumed(session: CaseSession) -> None:
    with pytest.raises(SafetyRefusal):
        accept_identity(session, "volume-2", by="  ")
    registration = accept_identity(session, "volume-2", by="Dr A")
    assert (registration.method, registration.accepted_by) == ("identity", "Dr A")
    assert registration.quality.status is FigureStatus.ASSUMED
    assert registration.quality.value is None
    assert session.case.registrations == (registration,)


def test_that_identity_is_refused_between_frames_of_reference(tmp_path: Path) -> None:
    portal, organs, arterial, _ = _scans()
    grid = Grid(arterial.grid.size_ijk, arterial.grid.affine_lps_mm, "2.25.9")
    with CaseFolder.create(tmp_path / "A.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        session.do(VolumesEdit.adding(portal, replace(arterial, grid=grid)))
        session.do(LayersEdit({LayerName.ORGANS: organs}))
        with pytest.raises(InputError) as refused:
            accept_identity(session, "volume-2", by="Dr A")
        assert refused.value.message_id == "error.registration.no_common_frame"


def test_that_what_is_missing_is_said(session: CaseSession) -> None:
    _, _, _, moved = _scans()
    for volume_id, segmenter, error, message_id in (
        ("volume-9", KnowingSegmenter(moved), InputError, "error.case.no_such_volume"),
        ("volume-1", KnowingSegmenter(moved), InputError, "error.registration.same_volume"),
        ("volume-2", KnowingSegmenter(None), GeometryError, "error.registration.no_liver_on_scan"),
    ):
        with pytest.raises(error) as refused:
            register_session(session, volume_id, segmenter)
        assert refused.value.message_id == message_id
        for language in LANGUAGES:
            assert "{" not in Wording(language).error(refused.value)
    assert session.case.registrations == ()


def _case(liver: np.ndarray) -> tuple[Case, np.ndarray]:
    portal, organs, arterial, _ = _scans()
    case = LayersEdit({LayerName.ORGANS: organs}).apply(VolumesEdit.adding(portal, arterial).apply(Case("example")))
    return case, liver


def test_that_a_liver_of_another_shape_is_doubtful() -> None:
    _, _, _, moved = _scans()
    case, mirrored = _case(np.ascontiguousarray(moved.mask("liver")[:, :, ::-1]))
    found = rigid_registration(case, "volume-2", mirrored)
    assert "registration.doubt.overlap" in found.doubts
    assert found.registration.provenance.parameters["doubts"] == list(found.doubts)
    for language in LANGUAGES:
        lines = found.lines(Wording(language))
        assert len(lines) == 1 + len(found.doubts)
        assert not any("{" in line or line.startswith("registration.") for line in lines)


def test_that_a_turn_by_more_than_twenty_degrees_is_doubtful() -> None:
    _, organs, arterial, _ = _scans()
    matrix, centre = np.eye(4), organs.grid.lps_from_ijk(np.argwhere(organs.mask("liver"))[::500, ::-1]).mean(axis=0)
    matrix[:3, :3] = Rotation.from_euler("z", 27.0, degrees=True).as_matrix()
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre
    turned = labels_through(organs.voxels, organs.grid, arterial.grid, matrix) == 1
    case, liver = _case(turned)
    found = rigid_registration(case, "volume-2", liver)
    assert "registration.doubt.rotation" in found.doubts
    assert found.parameters["rotation_deg"] == pytest.approx(27.0, abs=1.5)


def test_that_labels_come_through_layer_by_layer_with_wider_boundaries() -> None:
    _, organs, _, moved = _scans()
    case, liver = _case(moved.mask("liver"))
    registration = rigid_registration(case, "volume-2", liver).registration
    placed = layers_through({LayerName.ORGANS: moved}, registration, case.reference_grid)[LayerName.ORGANS]
    placed.grid.require_same_space(case.reference_grid)
    for structure_id, least in (("liver", 0.95), ("spleen", 0.9), ("kidney", 0.88)):
        one, other = placed.mask(structure_id), organs.mask(structure_id)
        assert 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)) > least
    assert registration.quality.value is not None
    assert placed.uncertainties["liver"].outward_mm == pytest.approx(3.0 + registration.quality.value)
    assert placed.provenance is not None
    assert placed.provenance.producer == "register.labels"


@pytest.mark.slow
@pytest.mark.real_data
def test_that_a_moved_copy_of_a_real_liver_is_found_again(shared_data: Path) -> None:
    scan = dicom_scan(shared_data / "chaos_ct3")
    liver, grid = scan.truth["liver"], scan.volume.grid
    matrix = _movement()
    other = Grid.from_spacing((350, 350, 60), (1.1, 1.1, 3.0), origin_lps_mm=grid.lps_from_ijk((-7, 11, -6)))
    moving = labels_through(liver.astype(np.uint8), grid, other, np.linalg.inv(matrix)) > 0
    fit = rigid_fit_of_masks(moving, other, liver, grid)
    points = grid.lps_from_ijk(np.argwhere(liver)[::2000, ::-1])
    before = points @ np.linalg.inv(matrix)[:3, :3].T + np.linalg.inv(matrix)[:3, 3]
    after = before @ fit.matrix_lps_mm[:3, :3].T + fit.matrix_lps_mm[:3, 3]
    error_mm = float(np.linalg.norm(after - points, axis=1).mean())
    print(f"moved copy: mean error {error_mm:.2f} mm, median distance {fit.quantile_mm(0.5):.2f} mm")
    assert error_mm < 1.0
