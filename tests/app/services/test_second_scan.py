"""A scan of another date of the same patient: labelled, registered, kept, undone, and growth measured on it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from app.services.case_session import CaseSession
from app.services.plan_resection import plan_from_cuts
from app.services.second_scan import (
    import_scan_labels,
    other_scans,
    scan_named,
    second_scan_of,
    segment_scan_of_session,
)
from app.services.simulate_plan import simulate_plan_of_session
from segmentation.segmenter import Availability, SegmentationResult
from twin.anatomy import LayerName
from twin.edit import FactsEdit, LayersEdit, PlanEdit, ScanLayersEdit, VolumesEdit
from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.patient import FactOrigin, PatientFacts
from twin.store import CaseFolder
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Modality, Quantity, Volume
from twin.wording import LANGUAGES, Wording

GRID = Grid.from_spacing((60, 50, 40), (4.0, 4.0, 4.0), origin_lps_mm=(-120.0, -100.0, -80.0))


def _egg(left_mm: float) -> np.ndarray:
    """A liver of uneven shape whose left part reaches ``left_mm``."""
    k, j, i = np.indices(GRID.shape_kji)
    x, y, z = np.moveaxis(GRID.lps_from_ijk(np.stack([i, j, k], axis=-1)), -1, 0)
    right = (x / 80) ** 2 + (y / 60) ** 2 + (z / 55) ** 2 < 1
    left = (x / left_mm) ** 2 + (y / 45) ** 2 + ((z - 10) / 35) ** 2 < 1
    return np.where(x < 0, right, left).astype(np.uint8)


@cache
def _volumes() -> tuple[Volume, Volume]:
    values = np.random.default_rng(1).integers(0, 120, GRID.shape_kji).astype(np.int16)
    now = Volume("volume-1", GRID, values, Quantity.HOUNSFIELD, Modality.CT, scan_date="20260131")
    return now, replace(now, id="volume-2", scan_date="20260101")


def _organs(left_mm: float) -> LabelLayer:
    doubt = {"liver": BoundaryUncertainty.of_origin(LabelOrigin.EDITED)}
    return LabelLayer(LayerName.ORGANS, GRID, _egg(left_mm), doubt)


class KnowingSegmenter:
    """Knows the liver of the earlier scan."""

    id, version = "segmenter.knowing", "1"

    def availability(self) -> Availability:
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        return SegmentationResult({LayerName.ORGANS: _organs(60.0)})


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    with CaseFolder.create(tmp_path / "A.twinsight") as folder:
        opened = CaseSession(folder, idle_save_s=None)
        opened.do(VolumesEdit.adding(*_volumes()))
        opened.do(LayersEdit({LayerName.ORGANS: _organs(80.0)}))
        facts = PatientFacts()
        for name, value in {"height_cm": 170, "weight_kg": 70, "pve_date": "2026-01-03"}.items():
            facts = facts.with_fact(name, value, FactOrigin.ENTERED, "2026-02-01")
        opened.do(FactsEdit(facts))
        opened.do(PlanEdit("A", plan_from_cuts(opened.case, "A", ["plane:0,0,0:-1,0,0"])))
        yield opened
        opened.stop()


def test_that_growth_is_measured_on_a_labelled_scan_and_undone_with_its_labels(session: CaseSession) -> None:
    assert simulate_plan_of_session(session, "A").liver is not None
    labelled = segment_scan_of_session(session, "volume-2", KnowingSegmenter())
    assert session.case.outcomes["A"].is_stale
    assert set(session.case.scan_layers) == {"volume-2"}
    assert labelled.volumes_ml["liver"] > 500
    outcome = simulate_plan_of_session(session, "A")
    assert outcome.liver is not None
    assert outcome.liver["second_scan"]["growth_percent"].value == pytest.approx(100 * (80 - 60) / 60, abs=12)
    assert outcome.liver["kinetic_growth_rate"]["vauthey"].value > 0
    session.undo()
    session.undo()
    assert session.case.scan_layers == {}
    assert session.case.registrations == ()
    assert second_scan_of(session.case, session.folder.path) is None


def test_that_labels_of_another_date_survive_the_disk(tmp_path: Path, session: CaseSession) -> None:
    segment_scan_of_session(session, "volume-2", KnowingSegmenter())
    expected = session.case.labels_hash
    session.save()
    with CaseFolder.open(session.folder.path, read_only=True) as again:
        assert again.case.labels_hash == expected
        layer = again.case.scan_layers["volume-2"][LayerName.ORGANS]
        assert np.array_equal(layer.voxels, _egg(60.0))


def test_that_labels_made_elsewhere_are_brought_for_their_scan(tmp_path: Path, session: CaseSession) -> None:
    file = tmp_path / "labels.nii.gz"
    image = SimpleITK.GetImageFromArray(_egg(60.0))
    image.SetSpacing(GRID.spacing_ijk_mm.tolist())
    image.SetOrigin(GRID.origin_lps_mm.tolist())
    SimpleITK.WriteImage(image, str(file))
    path = session.folder.path
    session.save()
    session.stop()
    session.folder.close()
    result = import_scan_labels(path, "2026-01-01", file)
    assert result.volume_id == "volume-2"
    for language in LANGUAGES:
        assert any("mm" in line for line in result.lines(Wording(language)))
    with pytest.raises(InputError, match="no_such_scan"):
        import_scan_labels(path, "7", file)


def test_that_a_scan_is_named_by_id_number_or_day(session: CaseSession) -> None:
    assert {scan_named(session.case, name) for name in ("volume-2", "2", "2026-01-01")} == {"volume-2"}
    assert other_scans(session.case) == ("volume-2",)
    with pytest.raises(InputError, match="same_volume"):
        scan_named(session.case, "1")


def test_that_labels_of_the_same_day_or_without_a_registration_measure_no_growth(session: CaseSession) -> None:
    path = session.folder.path
    session.do(ScanLayersEdit("volume-2", {LayerName.ORGANS: _organs(60.0)}))
    assert second_scan_of(session.case, path) is None  # nobody has registered it
    segment_scan_of_session(session, "volume-2", KnowingSegmenter())
    found = second_scan_of(session.case, path)
    assert found is not None
    assert found.scan_date.isoformat() == "2026-01-01"
    session.do(VolumesEdit({"volume-2": replace(_volumes()[1], scan_date="20260131")}))
    assert second_scan_of(session.case, path) is None


def test_that_a_scan_without_a_liver_leaves_the_case_as_it_was(session: CaseSession) -> None:
    class Blind(KnowingSegmenter):
        def segment(self, volume: Volume, **_: object) -> SegmentationResult:
            return SegmentationResult({})

    with pytest.raises(GeometryError, match="no_liver_on_scan"):
        segment_scan_of_session(session, "volume-2", Blind())
    assert session.case.scan_layers == {}
    assert session.case.registrations == ()
