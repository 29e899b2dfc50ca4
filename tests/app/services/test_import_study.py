"""Scans and labels come into a case as a whole or not at all."""

import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.services.case_file import case_read
from app.services.import_study import ImportRequest, import_into_case
from tests.app.made_up_study import study_on_disk
from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.errors import CaseFileError, InputError, SafetyRefusal, TwinSightError, UsageError
from twin.job import CancelSource
from twin.patient import FactOrigin


@pytest.fixture(scope="module")
def study() -> Path:
    return study_on_disk() / "study"


@pytest.fixture(scope="module")
def labels() -> Path:
    return study_on_disk() / "labels.nii.gz"


@pytest.fixture(scope="module")
def other_phase(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same patient, a second series of thinner use: arterial, ten slices."""
    folder = tmp_path_factory.mktemp("arterial")
    return changed(study, folder, SeriesInstanceUID="2.25.77", SeriesDescription="arterial", SeriesNumber=7)


@pytest.fixture(scope="module")
def other_patient(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    return changed(study, folder, PatientID="OTHER-1", PatientName="Other^Phantom", SeriesInstanceUID="2.25.78")


def changed(study: Path, folder: Path, **attributes: object) -> Path:
    for path in sorted(study.iterdir())[:10]:
        image = pydicom.dcmread(path)
        for name, value in attributes.items():
            setattr(image, name, value)
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = f"{image.SOPInstanceUID}.9"
        image.save_as(folder / path.name)
    return folder


def test_that_a_scan_makes_a_case_with_patient_and_proposals(study: Path, tmp_path: Path) -> None:
    result = import_into_case(ImportRequest(tmp_path / "A.twinsight", study))
    assert result.is_new
    assert [entry.is_planning for entry in result.series] == [True]
    with case_read(tmp_path / "A.twinsight") as case:
        phantom = small_phantom()
        assert case.id == result.case_id
        assert case.identity == phantom.identity
        assert np.array_equal(case.planning_volume.voxels, phantom.volume.voxels)
        assert case.facts.height_cm is not None
        assert case.facts.height_cm.origin is FactOrigin.DICOM
        assert case.facts.number("height_cm") is None  # a proposal is used by no figure


def test_that_a_second_series_joins_the_case_and_the_planning_volume_stays(
    study: Path, other_phase: Path, tmp_path: Path
) -> None:
    path = tmp_path / "A.twinsight"
    first = import_into_case(ImportRequest(path, study))
    second = import_into_case(ImportRequest(path, other_phase))
    assert not second.is_new
    assert second.planning_volume_id == first.planning_volume_id
    with case_read(path) as case:
        assert list(case.volumes) == ["volume-1", "volume-2"]


def test_that_a_series_is_not_imported_twice(study: Path, tmp_path: Path) -> None:
    path = tmp_path / "A.twinsight"
    import_into_case(ImportRequest(path, study))
    again = import_into_case(ImportRequest(path, study))
    assert [(entry.volume_id, entry.is_new) for entry in again.series] == [("volume-1", False)]
    with case_read(path) as case:
        assert list(case.volumes) == ["volume-1"]


def test_that_the_portal_series_is_planned_on_unless_another_is_asked_for(
    study: Path, other_phase: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both"
    shutil.copytree(study, both / "portal")
    shutil.copytree(other_phase, both / "arterial")
    proposed = import_into_case(ImportRequest(tmp_path / "A.twinsight", both))
    assert [entry.series.n_images for entry in proposed.series if entry.is_planning] == [150]
    asked = import_into_case(ImportRequest(tmp_path / "B.twinsight", both, planning="2.25.77"))
    assert [entry.series.uid for entry in asked.series if entry.is_planning] == ["2.25.77"]
    one = import_into_case(ImportRequest(tmp_path / "C.twinsight", both, series=("2.25.77",)))
    assert [entry.volume_id for entry in one.series if entry.series.uid != "2.25.77"] == [None]
    with pytest.raises(UsageError):
        import_into_case(ImportRequest(tmp_path / "D.twinsight", both, series=("99",)))
    with pytest.raises(UsageError):
        import_into_case(ImportRequest(tmp_path / "D.twinsight", both, series=("1",), planning="2"))
    assert not (tmp_path / "D.twinsight").exists()


def test_that_another_patient_is_refused_unless_a_reason_is_typed(
    study: Path, other_patient: Path, tmp_path: Path
) -> None:
    path = tmp_path / "A.twinsight"
    import_into_case(ImportRequest(path, study))
    with pytest.raises(SafetyRefusal) as caught:
        import_into_case(ImportRequest(path, other_patient))
    assert caught.value.message_id == "error.import.other_patient"
    assert "OTHER" not in str(caught.value)
    with case_read(path) as case:
        assert list(case.volumes) == ["volume-1"]
    import_into_case(ImportRequest(path, other_patient, join_reason="renamed at admission"))
    with case_read(path) as case:
        assert case.identity.joined_reasons == ("renamed at admission",)
        assert case.identity.patient_id == small_phantom().identity.patient_id
        assert len(case.volumes) == 2


def test_that_labels_join_the_scan_and_say_what_they_brought(study: Path, labels: Path, tmp_path: Path) -> None:
    result = import_into_case(ImportRequest(tmp_path / "A.twinsight", study, labels=labels))
    truth = small_phantom().layers
    assert result.labels_ml["portal_vein"] == pytest.approx(truth[LayerName.VESSELS].volume_ml("portal_vein"))
    lesions = sum(ml for name, ml in result.labels_ml.items() if name.startswith("lesion-"))
    assert lesions == pytest.approx(truth[LayerName.LESIONS].volume_ml("lesion"))


def test_that_labels_alone_make_a_case(labels: Path, tmp_path: Path) -> None:
    result = import_into_case(ImportRequest(tmp_path / "A.twinsight", labels=labels))
    assert result.planning_volume_id is None
    with case_read(tmp_path / "A.twinsight") as case:
        assert "portal_vein" in case.structure_ids()


def test_that_a_map_says_what_values_are(study: Path, labels: Path, tmp_path: Path) -> None:
    value_map = tmp_path / "map.json"
    value_map.write_text(json.dumps({"3": "aorta", "4": None, "8": "lesion"}))
    result = import_into_case(ImportRequest(tmp_path / "A.twinsight", study, labels=labels, value_map=value_map))
    assert "aorta" in result.labels_ml
    assert "hepatic_vein" not in result.labels_ml


@pytest.mark.parametrize("content", ["not json", "[1, 2]", '{"3": "no_such_structure"}'])
def test_that_a_bad_map_leaves_no_case(content: str, study: Path, labels: Path, tmp_path: Path) -> None:
    value_map = tmp_path / "map.json"
    value_map.write_text(content)
    with pytest.raises(InputError):
        import_into_case(ImportRequest(tmp_path / "A.twinsight", study, labels=labels, value_map=value_map))
    assert not (tmp_path / "A.twinsight").exists()


def test_that_nothing_given_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        import_into_case(ImportRequest(tmp_path / "A.twinsight"))
    with pytest.raises(UsageError):
        import_into_case(ImportRequest(tmp_path / "A.twinsight", organ_files={"liver": tmp_path / "a.nii.gz"}))


def test_that_a_failed_write_leaves_no_half_case(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise CaseFileError("error.case.disk_full", path="A")

    monkeypatch.setattr("twin.store.case_folder.CaseFolder.apply", full)
    with pytest.raises(TwinSightError):
        import_into_case(ImportRequest(tmp_path / "A.twinsight", study))
    assert list(tmp_path.iterdir()) == []


def test_that_a_cancelled_import_leaves_no_case(study: Path, tmp_path: Path) -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(TwinSightError) as caught:
        import_into_case(ImportRequest(tmp_path / "A.twinsight", study), cancel=source.token)
    assert caught.value.exit_code == 130
    assert list(tmp_path.iterdir()) == []
