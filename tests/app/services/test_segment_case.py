"""Segmentation of a case, with a segmenter that finds what it is told."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.services.case_file import case_read
from app.services.segment_case import choose_segmenter, segment_case_file
from segmentation.segmenter import Availability, SegmentationResult, SegmentationWarning
from simulation.simulate import simulate
from tests.app.made_up_study import labelled_case_on_disk
from tests.phantoms import small_phantom
from twin.anatomy import LayerName, structure
from twin.errors import BackendUnavailable, GeometryError, UsageError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.plan import Plan
from twin.resection import PlaneCut
from twin.twin import build_twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Volume


@dataclass(frozen=True)
class ToldSegmenter:
    """Finds a block of aorta, or nothing."""

    id: str = "segmenter.told"
    version: str = "1"
    finds: bool = True
    is_available: bool = True
    warnings: tuple[SegmentationWarning, ...] = ()

    def availability(self) -> Availability:
        return Availability(self.is_available, None if self.is_available else "error.segment.none_available")

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        not_found = {"liver": "error.segment.nothing_found", "bone": "error.segment.nothing_found"}
        if not self.finds:
            return SegmentationResult({}, not_found)
        voxels = np.zeros(volume.grid.shape_kji, np.uint8)
        voxels[:2, :2, :2] = structure("aorta").value
        automatic = {"aorta": BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)}
        return SegmentationResult(
            {LayerName.VESSELS: LabelLayer(LayerName.VESSELS, volume.grid, voxels, automatic)},
            not_found,
            self.warnings,
        )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def test_that_what_was_found_comes_in_and_what_was_not_searched_stays(case: Path) -> None:
    summary = segment_case_file(case, [ToldSegmenter()])
    truth = small_phantom().layers[LayerName.VESSELS]
    with case_read(case) as opened:
        vessels = opened.layers[LayerName.VESSELS]
        assert vessels.volume_ml("aorta") == summary.volumes_ml["aorta"] < truth.volume_ml("aorta")
        assert vessels.volume_ml("portal_vein") == truth.volume_ml("portal_vein")
        assert dict(opened.not_found) == {"bone": "error.segment.nothing_found"}  # a liver is in the case


def test_that_finding_nothing_leaves_the_case_as_it_was(case: Path) -> None:
    with case_read(case) as opened:
        before = opened.labels_hash
    with pytest.raises(GeometryError) as caught:
        segment_case_file(case, [ToldSegmenter(finds=False)])
    assert caught.value.exit_code == 4
    with case_read(case) as opened:
        assert opened.labels_hash == before


def test_that_the_first_segmenter_that_can_run_is_taken() -> None:
    absent, present = ToldSegmenter("a", is_available=False), ToldSegmenter("b")
    assert choose_segmenter([absent, present]).id == "b"
    with pytest.raises(BackendUnavailable):
        choose_segmenter([absent, present], "a")
    with pytest.raises(UsageError) as caught:
        choose_segmenter([absent, present], "c")
    assert caught.value.parameters["known"] == "a, b"


def test_that_a_doubt_of_the_segmenter_stays_with_the_labels_and_reaches_the_outcome(case: Path) -> None:
    doubt = SegmentationWarning("segmentation.warning.thick_slices", None, {"thickness_mm": 5.0})
    about_aorta = SegmentationWarning("segmentation.warning.looks_arterial", "aorta")
    segment_case_file(case, [ToldSegmenter(warnings=(doubt, about_aorta))])
    with case_read(case) as opened:
        assert [d.message_id for d in opened.layers[LayerName.VESSELS].doubts] == [
            "segmentation.warning.thick_slices",
            "segmentation.warning.looks_arterial",
        ]
        centre = opened.layers[LayerName.ORGANS].box("liver")
        assert centre is not None
        middle_kji = [(a + b) / 2 for a, b in zip(centre.start_kji, centre.stop_kji, strict=True)]
        x, y, z = opened.reference_grid.lps_from_ijk(middle_kji[::-1])
        plan = Plan("A", (PlaneCut((float(x), float(y), float(z)), (0.0, 0.0, 1.0)),))
        outcome = simulate(plan, build_twin(opened, structure_ids=()), opened.facts)
    assert ("segmentation.warning.thick_slices", {"thickness_mm": 5.0}) in [
        (w.message_id, dict(w.parameters)) for w in outcome.warnings
    ]
