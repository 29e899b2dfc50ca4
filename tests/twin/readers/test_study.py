"""What may be opened, and what a surgeon is told when it cannot be."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from tests.twin.readers.refusals import check_is_one_clear_line, refusal
from tests.twin.readers.synthetic_dicom import SyntheticSeries, truncate, uid, zipped
from twin.errors import Cancelled, InputError, SafetyRefusal
from twin.job import CancelSource, Progress
from twin.readers.study import NothingImportable, Study, read_study
from twin.volume import ContrastPhase
from twin.wording import Wording


def test_that_folder_zip_dicomdir_and_one_file_give_the_same_volume(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    paths = SyntheticSeries().write(folder)
    files = FileSet()
    for path in paths:
        files.add(path)
    files.write(tmp_path / "disc")
    sources = [folder, zipped(folder, tmp_path / "scan.zip"), tmp_path / "disc" / "DICOMDIR", paths[3]]
    sources += [tmp_path / "disc", zipped(tmp_path / "disc", tmp_path / "disc.zip")]
    volumes = [read_study(source).suggested_series.load() for source in sources]
    for volume in volumes[1:]:
        np.testing.assert_array_equal(volume.voxels, volumes[0].voxels)
        assert volume.grid.is_same_space(volumes[0].grid)


def test_that_progress_rises_to_one_and_cancel_stops_scan_and_load(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path)
    seen: list[Progress] = []
    series = read_study(tmp_path, progress=seen.append).suggested_series
    series.load(seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions[5] == 1.0
    assert fractions[-1] == 1.0
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        read_study(tmp_path, cancel=source.token)
    with pytest.raises(Cancelled):
        series.load(cancel=source.token)


def test_that_several_series_and_phases_are_kept_apart(tmp_path: Path) -> None:
    descriptions = {"art": "TAP temps artériel", "port": "Abdomen portal 1.0", "late": "Tardif 5 min"}
    for number, (name, text) in enumerate(descriptions.items()):
        SyntheticSeries(name=name, tags={"SeriesDescription": text, "SeriesNumber": number + 1}).write(tmp_path / name)
    study = read_study(tmp_path)
    assert [series.phase for series in study.series] == [
        ContrastPhase.ARTERIAL, ContrastPhase.PORTAL, ContrastPhase.DELAYED,
    ]  # fmt: skip
    assert study.suggested_series.phase is ContrastPhase.PORTAL
    assert study.suggested_series.load().facts["phase_source"] == "description"


def test_that_a_text_file_named_dcm_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "scan.dcm").write_text("this is no scan\n" * 100)
    for source in (tmp_path, tmp_path / "scan.dcm"):
        error = refusal(source)
        assert error.message_id == "problem.file.not_dicom"
        assert error.parameters["file"] == "scan.dcm"


def test_that_bad_files_never_spoil_the_rest(tmp_path: Path) -> None:
    series = SyntheticSeries()
    series.write(tmp_path)
    (tmp_path / "notes.dcm").write_text("text")
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "noise.dcm").write_bytes(b"\0" * 128 + b"DICM" + bytes(range(256)) * 4)
    (tmp_path / "seg.nii.gz").write_bytes(b"\x1f\x8b")
    colour = SyntheticSeries(name="colour").dataset(0)
    colour.SamplesPerPixel, colour.PhotometricInterpretation, colour.PlanarConfiguration = 3, "RGB", 0
    colour.PixelData = bytes(11 * 14 * 6)
    colour.save_as(tmp_path / "colour.dcm", enforce_file_format=True)
    report = SyntheticSeries(name="report").dataset(0)
    report.Modality, report.SOPClassUID = "SR", "1.2.840.10008.5.1.4.1.1.88.33"
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(report, keyword)
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    pet = SyntheticSeries(name="pet", tags={"Modality": "PT"})
    pet.write(tmp_path / "pet")
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.suggested_series.load().voxels[2], series.values(2))
    found = {problem.message_id for problem in study.problems}
    assert {
        "problem.file.not_dicom", "problem.file.empty", "problem.file.volume_file", "problem.file.colour",
        "problem.file.no_image", "problem.file.other_modality",
    } <= found  # fmt: skip
    for problem in study.problems:
        assert "{" not in Wording("fr").text(problem.message_id, **problem.parameters)


def test_that_an_empty_folder_and_an_empty_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty").message_id == "error.import.empty_folder"
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert refusal(tmp_path / "empty.zip").message_id == "error.import.empty_archive"
    assert refusal(tmp_path / "absent").message_id == "error.import.not_found"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_that_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o000)
    try:
        assert refusal(folder).message_id == "error.import.unreadable"
    finally:
        folder.chmod(0o700)


def test_that_a_wholly_truncated_series_is_refused_with_its_count(tmp_path: Path) -> None:
    for path in SyntheticSeries().write(tmp_path):
        truncate(path, 0.8)
    error = refusal(tmp_path)
    assert error.message_id == "problem.series.truncated"
    assert error.parameters["count"] == 6


def test_that_files_cut_inside_their_header_are_named(tmp_path: Path) -> None:
    for path in SyntheticSeries().write(tmp_path):
        path.write_bytes(path.read_bytes()[:600])
    assert refusal(tmp_path).message_id in ("problem.file.truncated", "problem.file.damaged_header")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("PatientID", "P-2"),
        ("PatientName", "Other^Person"),
        ("PatientBirthDate", "19800101"),
        ("PatientSex", "M"),
    ],
)
def test_that_two_patients_are_never_joined_silently(tmp_path: Path, field: str, value: str) -> None:
    SyntheticSeries().write(tmp_path / "one")
    SyntheticSeries(name="b", tags={field: value}).write(tmp_path / "two")
    with pytest.raises(SafetyRefusal) as caught:
        read_study(tmp_path)
    check_is_one_clear_line(caught.value)
    assert caught.value.exit_code == 7
    assert value not in str(caught.value)
    for blank in ("", "   "):
        with pytest.raises(SafetyRefusal):
            read_study(tmp_path, join_reason=blank)
    study = read_study(tmp_path, join_reason="renamed after marriage")
    assert study.identity.joined_reasons == ("renamed after marriage",)
    assert len(study.importable) == 2


def test_that_spelling_and_absent_fields_are_no_second_patient(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path / "one")
    tags = {"PatientName": "PHANTOM^SMALL^", "PatientID": ""}
    SyntheticSeries(name="b", tags=tags).write(tmp_path / "two")
    study = read_study(tmp_path)
    assert study.identity.patient_id == "P-1"
    assert study.identity.joined_reasons == ()


def test_that_a_document_of_another_patient_refuses_the_study(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path)
    other = SyntheticSeries(name="pdf", tags={"PatientID": "P-9", "Modality": "DOC"}).dataset(0)
    del other.PixelData
    del other.Rows
    other.save_as(tmp_path / "letter.dcm", enforce_file_format=True)
    with pytest.raises(SafetyRefusal):
        read_study(tmp_path)


def test_that_one_file_opens_its_series_and_not_its_neighbours(tmp_path: Path) -> None:
    paths = SyntheticSeries().write(tmp_path)
    SyntheticSeries(name="b").write(tmp_path)
    study = read_study(paths[0])
    assert [series.n_images for series in study.series] == [6]
    (note,) = study.problems
    assert (note.message_id, note.parameters["count"]) == ("problem.file.series_joined", 6)


def test_that_a_lone_slice_is_refused_and_says_what_to_open(tmp_path: Path) -> None:
    (path,) = SyntheticSeries(n_slices=1).write(tmp_path)
    assert refusal(path).message_id == "problem.series.too_few"


def test_that_files_without_preamble_or_series_identifier_are_read(tmp_path: Path) -> None:
    series = SyntheticSeries(tags={"SeriesInstanceUID": "", "SOPInstanceUID": ""})
    for path in series.write(tmp_path):
        whole = path.read_bytes()
        start = 132 + 12 + int.from_bytes(whole[140:144], "little")  # after preamble and group 0002
        path.write_bytes(whole[start:])
    study = read_study(tmp_path)
    assert study.suggested_series.series_uid is None
    np.testing.assert_array_equal(study.suggested_series.load().voxels[4], series.values(4))


def test_that_a_named_pipe_does_not_hang_the_scan(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path)
    os.mkfifo(tmp_path / "pipe.dcm")
    assert read_study(tmp_path).suggested_series.n_images == 6


def test_that_files_of_the_operating_system_are_passed_over(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._a000.dcm").write_bytes(b"x")
    assert read_study(tmp_path).problems == ()


def test_that_nothing_identifying_is_in_problems_descriptions_or_errors(tmp_path: Path) -> None:
    tags = {"PatientName": "Durand^Elodie", "PatientID": "IPP4711", "SeriesDescription": "DURAND foie portal"}
    SyntheticSeries(tags=tags).write(tmp_path)
    (tmp_path / "durand_elodie_ipp4711.dcm").write_text("text")
    study = read_study(tmp_path)
    volume = study.suggested_series.load()
    words = f"{study.all_problems} {volume.description} {volume.facts} {volume.provenance}".lower()
    assert not {word for word in ("durand", "elodie", "ipp4711") if word in words}
    assert "foie" in volume.description
    for path in tmp_path.glob("a*.dcm"):
        truncate(path, 0.8)
    assert "durand" not in str(refusal(tmp_path)).lower()


def test_that_facts_are_proposed_and_never_taken(tmp_path: Path) -> None:
    SyntheticSeries(tags={"PatientSize": "1.72", "PatientWeight": "68.04"}).write(tmp_path)
    facts = read_study(tmp_path).facts
    assert facts.height_cm is not None
    assert (facts.height_cm.value, facts.height_cm.date, facts.height_cm.is_proposal) == (172.0, "2024-03-05", True)
    assert facts.number("weight_kg") is None
    assert facts.weight_kg is not None
    assert facts.weight_kg.value == 68.0
    assert facts.sex is not None
    assert facts.sex.value == "f"
    assert facts.birth_year is not None
    assert facts.birth_year.value == 1970


def test_that_impossible_facts_are_named_and_not_proposed(tmp_path: Path) -> None:
    SyntheticSeries(tags={"PatientSize": "172", "PatientWeight": "680", "PatientBirthDate": "20240305"}).write(tmp_path)
    study = read_study(tmp_path)
    assert study.facts.height_cm is None
    assert study.facts.weight_kg is None
    assert study.facts.birth_year is None
    found = {problem.message_id for problem in study.problems}
    assert found == {"problem.patient.implausible_height_cm", "problem.patient.implausible_weight_kg"}


def test_that_a_study_travels_to_another_process(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    series = SyntheticSeries()
    series.write(folder)
    for source in (folder, zipped(folder, tmp_path / "scan.zip")):
        study: Study = pickle.loads(pickle.dumps(read_study(source)))
        np.testing.assert_array_equal(study.suggested_series.load().voxels[1], series.values(1))
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "a.dcm").write_text("text")
    error = refusal(folder)
    assert isinstance(error, NothingImportable)
    copy = pickle.loads(pickle.dumps(error))
    assert copy.problems == error.problems


def test_that_a_slice_that_vanishes_or_is_garbled_is_said_in_one_line(tmp_path: Path) -> None:
    def garble(k: int, dataset: Dataset) -> None:
        dataset.SeriesInstanceUID = uid("garbled")

    paths = SyntheticSeries().write(tmp_path, spoil=garble)
    series = read_study(tmp_path).suggested_series
    paths[3].unlink()
    with pytest.raises(InputError) as caught:
        series.load()
    check_is_one_clear_line(caught.value)
