"""The whole chain on a made-up patient, scored against what is true of that patient."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.services.build_twin import build_case_twin
from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.demo_score import DemoRow, plan_rows, structure_rows
from app.services.export_case import KNOWN_FORMATS, ExportRequest, ExportResult, export_session
from app.services.import_study import ImportRequest, import_into_case
from app.services.patient_facts import with_entered_facts
from app.services.plan_resection import plan_from_cuts, structures_of_figures
from app.services.progress_part import part_of
from app.services.segment_case import choose_segmenter, segment_session
from app.services.simulate_plan import simulate_plan_of_session
from export.image_sitk import write_nifti
from export.renderer import Renderer
from twin.anatomy import LayerName, structure
from twin.edit import ApprovalEdit, ConfirmationEdit, FactsEdit, PlanEdit
from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.phantom import Phantom, PhantomRecipe, build_phantom, write_dicom
from twin.wording import Wording

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = ["DemoRequest", "DemoResult", "run_demo"]

_MARK = ".twinsight-demo"
_STUDY, _TRUTH, _CASE, _EXPORT = "study", "truth", "demo.twinsight", "export"
_IMPORTED_VESSELS = ("portal_vein", "hepatic_vein")
_WHO = "Demo"
_MARGIN_MM = 10.0
_NOTES = ("demo.note.liver_automatic", "demo.note.labels_imported", "demo.note.confirmed")


@dataclass(frozen=True)
class DemoRequest:
    """Where to write, in which language, and which made-up patient."""

    folder: Path
    language: str = "en"
    seed: int = 1
    is_small: bool = False


@dataclass(frozen=True)
class DemoResult:
    """What the demo made: figures beside the truth, notes to be honest about (message ids), files, seconds."""

    folder: Path
    rows: tuple[DemoRow, ...]
    notes: tuple[str, ...]
    exported: ExportResult
    seconds: float

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "study": str(self.folder / _STUDY),
            "case": str(self.folder / _CASE),
            "figures": [row.to_json(wording) for row in self.rows],
            "notes": [wording.text(note) for note in self.notes],
            "export": self.exported.to_json(wording),
            "seconds": round(self.seconds, 1),
        }

    def places(self) -> tuple[Path, ...]:
        """What to look at first."""
        export = self.folder / _EXPORT
        listed = [self.folder / _CASE, self.folder / _STUDY, export / "page.html", export / "report.pdf"]
        return tuple(path for path in (*listed, export / "twin.glb", export / "labels.nii.gz") if path.exists())


def run_demo(
    request: DemoRequest,
    segmenters: Sequence[Segmenter],
    renderer: Callable[[], Renderer],
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> DemoResult:
    """Build the phantom and take it through every step as any patient.

    Raises
    ------
    InputError
        ``error.demo.folder_taken`` when the folder holds something else.
    Cancelled
        When it was stopped.
    """
    started = time.monotonic()
    folder = request.folder
    _claim(folder)
    phantom = _phantom(request, part_of(progress, 0.0, 0.3, cancel))
    case_path = folder / _CASE
    import_into_case(ImportRequest(case_path, folder / _STUDY), progress=part_of(progress, 0.3, 0.35), cancel=cancel)
    with opened_case(case_path) as session:
        segmenter = choose_segmenter(segmenters)
        segment_session(session, segmenter, progress=part_of(progress, 0.35, 0.6), cancel=cancel)
    labels = ImportRequest(case_path, labels=folder / _TRUTH / "lesions_and_vessels.nii.gz")
    import_into_case(labels, progress=part_of(progress, 0.6, 0.63), cancel=cancel)
    with opened_case(case_path) as session:
        session.do(FactsEdit(with_entered_facts(session.case.facts, _facts(phantom))))
        twin = build_case_twin(session.case, case_path, progress=part_of(progress, 0.63, 0.75), cancel=cancel)
        for name, cuts in _plans(session, phantom).items():
            session.do(PlanEdit(name, plan_from_cuts(session.case, name, cuts)))
            simulate_plan_of_session(session, name, twin=twin, progress=part_of(progress, 0.75, 0.8), cancel=cancel)
        _sign(session, "A")
        export = ExportRequest(folder / _EXPORT, KNOWN_FORMATS, "A", request.language, omits_impossible=True)
        exported = export_session(
            session, export, renderer, twin=twin, progress=part_of(progress, 0.8, 0.97), cancel=cancel
        )
        progress(Progress(0.97, "progress.demo.scoring"))
        rows = (*structure_rows(session.case, phantom), *plan_rows(session.case, phantom))
    return DemoResult(folder, rows, _NOTES, exported, time.monotonic() - started)


def _claim(folder: Path) -> None:
    """Take an empty folder or that of an earlier demo, and clear it."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARK).exists())):
        raise InputError("error.demo.folder_taken", name=folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    for name in (_STUDY, _TRUTH, _CASE, _EXPORT):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def _phantom(request: DemoRequest, progress: ProgressListener) -> Phantom:
    """Build the made-up patient; write the scan as DICOM and some of the truth as a label image."""
    recipe = PhantomRecipe.small(request.seed) if request.is_small else PhantomRecipe(seed=request.seed)
    phantom = build_phantom(recipe, part_of(progress, 0.0, 0.9))
    progress(Progress(0.9, "progress.demo.dicom"))
    write_dicom(phantom, request.folder / _STUDY)
    labels = np.zeros(phantom.volume.grid.shape_kji, np.uint8)
    for structure_id in _IMPORTED_VESSELS:
        labels[phantom.layers[LayerName.VESSELS].mask(structure_id)] = structure(structure_id).value
    labels[phantom.layers[LayerName.LESIONS].mask("lesion")] = structure("lesion").value
    write_nifti(request.folder / _TRUTH / "lesions_and_vessels.nii.gz", labels, phantom.volume.grid)
    return phantom


def _facts(phantom: Phantom) -> dict[str, str | float | int]:
    known = ((name, fact) for name, fact in vars(phantom.facts).items() if fact is not None)
    return {name: fact.value for name, fact in known}


def _plans(session: CaseSession, phantom: Phantom) -> dict[str, tuple[str, ...]]:
    """Return plan A, a plane for the right liver and wedges around lesions left of it, and plan B, wedges only."""
    plane_origin, plane_normal = _plane_of_right_liver(phantom)
    lesions = session.case.layers[LayerName.LESIONS].structure_ids()
    grid = session.case.reference_grid
    left = []
    for lesion_id in lesions:
        at_kji = np.argwhere(session.case.layers[LayerName.LESIONS].mask(lesion_id)).mean(axis=0)
        if (grid.lps_from_ijk(at_kji[::-1]) - plane_origin) @ plane_normal < 0:
            left.append(lesion_id)
    plane = ":".join(",".join(f"{v:.1f}" for v in point) for point in (plane_origin, plane_normal))
    wedges = {lesion_id: f"wedge:{lesion_id}:{_MARGIN_MM:g}" for lesion_id in lesions}
    return {"A": (f"plane:{plane}", *(wedges[i] for i in left)), "B": tuple(wedges.values())}


def _plane_of_right_liver(phantom: Phantom) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return origin and normal (to the right liver) of the plane half-way between the two halves of the liver."""
    segments = phantom.layers[LayerName.COUINAUD].voxels
    grid = phantom.volume.grid
    right, left = (
        grid.lps_from_ijk(np.argwhere(np.isin(segments, values))[:, ::-1].mean(axis=0))
        for values in ((5, 6, 7, 8), (2, 3, 41, 42))
    )
    normal = right - left
    return (right + left) / 2.0, normal / np.linalg.norm(normal)


def _sign(session: CaseSession, plan_name: str) -> None:
    structure_ids = structures_of_figures(session.case, session.case.plan(plan_name))
    for structure_id in structure_ids:
        session.do(ConfirmationEdit.declaring(session.case, structure_id, _WHO))
    session.do(ApprovalEdit.declaring(session.case, plan_name, _WHO, structure_ids))
