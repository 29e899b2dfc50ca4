"""Exports: whole or not at all, honest about what is missing."""

import shutil
from pathlib import Path

import pytest

from app.services.export_case import ExportRequest, export_case_file
from app.services.patient_facts import set_patient_facts
from app.services.plan_resection import save_plan
from app.services.purge_case import purge_case
from app.services.simulate_plan import simulate_plan_of_file
from export.manifest import read_records
from tests.app.made_up_study import labelled_case_on_disk, liver_centre
from twin.errors import BackendUnavailable, InputError, UsageError


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def no_renderer() -> None:
    raise BackendUnavailable("error.rendering.unavailable")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_that_without_a_plan_documents_are_left_out_and_said(case: Path, tmp_path: Path) -> None:
    result = export_case_file(case, ExportRequest(tmp_path / "out"), no_renderer)  # type: ignore[arg-type]
    assert set(result.omitted) == {"page", "report"}
    assert {"labels.nii.gz", "organs/liver.nii.gz", "liver.stl", "twin.glb"} <= names(tmp_path / "out")
    assert {path.relative_to(tmp_path / "out").as_posix() for path in result.files} == names(tmp_path / "out")


def test_that_a_document_asked_for_by_name_is_never_left_out(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError) as caught:
        export_case_file(case, ExportRequest(out, ("nifti", "page")), no_renderer)  # type: ignore[arg-type]
    assert caught.value.message_id == "error.export.needs_plan"
    save_plan(case, "A", [f"plane:{liver_centre()}:-1,0,0"])
    with pytest.raises(InputError) as caught:
        export_case_file(case, ExportRequest(out, ("report",)), no_renderer)  # type: ignore[arg-type]
    assert caught.value.message_id == "error.plan.not_simulated"
    simulate_plan_of_file(case, "A")
    with pytest.raises(BackendUnavailable):
        export_case_file(case, ExportRequest(out, ("nifti", "report")), no_renderer)  # type: ignore[arg-type]
    assert not out.exists()


def test_that_with_several_plans_one_has_to_be_chosen(case: Path, tmp_path: Path) -> None:
    save_plan(case, "A", [f"plane:{liver_centre()}:-1,0,0"])
    save_plan(case, "B", ["wedge:lesion-1:10"])
    with pytest.raises(InputError) as caught:
        export_case_file(case, ExportRequest(tmp_path / "out", ("stl",)), no_renderer)  # type: ignore[arg-type]
    assert caught.value.parameters["known"] == "A, B"
    chosen = ExportRequest(tmp_path / "out", ("stl",), "B")
    assert export_case_file(case, chosen, no_renderer).plan_name == "B"  # type: ignore[arg-type]
    assert {"remnant.stl", "specimen.stl"} <= names(tmp_path / "out")


def test_that_an_unknown_format_is_a_wrong_use(case: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        export_case_file(case, ExportRequest(tmp_path / "out", ("dwg",)), no_renderer)  # type: ignore[arg-type]


def test_that_exports_are_superseded_when_the_case_moves_on_and_listed_when_it_is_purged(
    case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    save_plan(case, "A", [f"plane:{liver_centre()}:-1,0,0"])
    simulate_plan_of_file(case, "A")
    export_case_file(case, ExportRequest(out, ("nifti", "stl")), no_renderer)  # type: ignore[arg-type]
    assert [record.superseded_utc for record in read_records(out)] == [None]
    set_patient_facts(case, {"weight_kg": 61.5})
    assert [record.superseded_utc is not None for record in read_records(out)] == [True]
    assert purge_case(case).exports == (str(out),)
    assert not case.exists()
    assert (out / "labels.nii.gz").exists()
