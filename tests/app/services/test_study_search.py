"""Studies are found wherever they lie, each once."""

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from app.services.study_search import find_studies
from twin.errors import InputError


def write_header(path: Path, study_uid: str, patient_id: str = "PHANTOM-1") -> None:
    """Write a DICOM file without an image: the search reads headers only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"2.25.{abs(hash(path)) % 10**12}"
    dataset = pydicom.FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.PatientID = study_uid, patient_id
    dataset.save_as(path, enforce_file_format=True)


def places(folder: Path, **options: Path) -> list[str]:
    return [study.place for study in find_studies(folder, **options)]


def test_that_folders_of_one_study_are_one_and_of_two_are_two(tmp_path: Path) -> None:
    write_header(tmp_path / "anna/portal/1", "2.25.1")
    write_header(tmp_path / "anna/arterial/1.dcm", "2.25.1")
    write_header(tmp_path / "anna/later/1.dcm", "2.25.2")
    write_header(tmp_path / "bert/ct/1.dcm", "2.25.3", "PHANTOM-2")
    studies = find_studies(tmp_path)
    assert [study.place for study in studies] == ["anna/arterial", "anna/later", "bert/ct"]
    assert [len(study.sources) for study in studies] == [2, 1, 1]


def test_that_zips_and_volumes_are_studies_of_their_own(tmp_path: Path) -> None:
    for name in ("a.zip", "b.nii", "c.nii.gz", "d.nrrd", "e.mha", "notes.txt", "picture.png", "table.csv"):
        (tmp_path / name).write_text("x")
    assert places(tmp_path) == ["a.zip", "b.nii", "c.nii.gz", "d.nrrd", "e.mha"]
    assert places(tmp_path / "c.nii.gz") == ["c.nii.gz"]


def test_that_a_disc_is_one_study(tmp_path: Path) -> None:
    (tmp_path / "disc").mkdir()
    (tmp_path / "disc/DICOMDIR").write_text("x")
    write_header(tmp_path / "disc/images/1", "2.25.1")
    assert places(tmp_path) == ["disc"]


def test_that_a_file_that_pretends_to_be_dicom_is_found_and_left_to_the_import(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("not an image")
    assert places(tmp_path) == [tmp_path.name]


def test_that_cases_hidden_folders_and_results_are_passed_over(tmp_path: Path) -> None:
    for name in ("A.twinsight/blobs/x.nrrd", ".hidden/x.nii", "out/x.nii", "in/x.nii", "in/.y.nii"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert places(tmp_path, excluded=tmp_path / "out") == ["in/x.nii"]


def test_that_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_text("x")
    before = find_studies(tmp_path)[0].fingerprint
    assert find_studies(tmp_path)[0].fingerprint == before
    (tmp_path / "a.nii").write_text("xx")
    assert find_studies(tmp_path)[0].fingerprint != before


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_that_nothing_to_find_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        find_studies(tmp_path / name)
