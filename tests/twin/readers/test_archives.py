"""Archives and discs: read without unpacking, refused where they are dangerous."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pydicom.fileset import FileSet

from tests.twin.readers.refusals import refusal
from tests.twin.readers.synthetic_dicom import SyntheticSeries, zipped
from twin.readers.study import Severity, read_study


@pytest.mark.parametrize("name", ["../outside.dcm", "/etc/outside.dcm", "a/../../b.dcm", "C:\\b.dcm", "..\\b.dcm"])
def test_that_a_zip_that_leads_outside_is_refused_and_writes_nothing(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "scan"
    paths = SyntheticSeries().write(folder)
    archive = zipped(folder, tmp_path / "scan.zip")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(name, paths[0].read_bytes())
    before = sorted(tmp_path.rglob("*"))
    assert refusal(archive).message_id == "error.import.zip_traversal"
    assert sorted(tmp_path.rglob("*")) == before


def test_that_a_symbolic_link_inside_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.dcm")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as opened:
        opened.writestr(link, "/etc/passwd")
    assert refusal(tmp_path / "scan.zip").message_id == "error.import.zip_traversal"


def test_that_a_zip_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for number in range(20):
            opened.writestr(f"{number}.dcm", bytes(1 << 20))
    content = bytearray(archive.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:  # the directory now tells of 20 members of 100 MiB each
        content[place + 24 : place + 28] = (100 << 20).to_bytes(4, "little")
        place = content.find(b"PK\x01\x02", place + 4)
    archive.write_bytes(bytes(content))
    assert refusal(archive).message_id == "error.import.zip_bomb"


def test_that_a_zip_that_lies_about_its_sizes_is_read_no_further(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    SyntheticSeries().write(folder)
    archive = zipped(folder, tmp_path / "scan.zip")
    content = archive.read_bytes()
    where = content.rindex(b"PK\x01\x02")
    archive.write_bytes(content[: where + 24] + (500).to_bytes(4, "little") + content[where + 28 :])
    study = read_study(archive)
    assert {p.severity for p in study.problems} <= {Severity.WARNING}
    assert study.suggested_series.load().voxels.shape[0] == 5


def test_that_damaged_or_encrypted_archives_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 this is not an archive")
    assert refusal(broken).message_id == "error.import.bad_zip"
    folder = tmp_path / "scan"
    SyntheticSeries().write(folder)
    archive = zipped(folder, tmp_path / "scan.zip")
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(bytes(content))
    assert refusal(archive).message_id == "error.import.zip_encrypted"


def test_that_a_member_with_a_wrong_checksum_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    SyntheticSeries(n_slices=8).write(folder)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, path.name)
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\x03\x04") + 900] ^= 0xFF
    archive.write_bytes(bytes(content))
    study = read_study(archive)
    assert "problem.file.unreadable" in {problem.message_id for problem in study.problems}
    assert study.suggested_series.load().voxels.shape[0] == 7


def test_that_a_dicomdir_names_what_is_missing_and_may_not_lead_outside(tmp_path: Path) -> None:
    files = FileSet()
    for path in SyntheticSeries(n_slices=9).write(tmp_path / "plain"):
        files.add(path)
    files.write(tmp_path / "disc")
    directory = tmp_path / "disc" / "DICOMDIR"
    images = sorted(p for p in (tmp_path / "disc").rglob("*") if p.is_file() and p.name != "DICOMDIR")
    images[-1].unlink()
    for source in (directory, directory.parent):
        study = read_study(source)
        (missing,) = [p for p in study.problems if p.message_id == "problem.file.missing_of_directory"]
        assert missing.parameters["count"] == 1
    content = directory.read_bytes()
    first = images[0].relative_to(tmp_path / "disc").parts
    assert first[0].encode() in content
    directory.write_bytes(content.replace(first[0].encode(), b".." + b" " * (len(first[0]) - 2)))
    assert refusal(directory).message_id == "error.import.dicomdir_traversal"


def test_that_letter_case_of_a_copied_disc_does_not_matter(tmp_path: Path) -> None:
    files = FileSet()
    for path in SyntheticSeries().write(tmp_path / "plain"):
        files.add(path)
    files.write(tmp_path / "disc")
    for path in sorted((tmp_path / "disc").rglob("*"), key=lambda p: -len(p.parts)):
        if path.name != "DICOMDIR":
            path.rename(path.with_name(path.name.lower()))
    assert read_study(tmp_path / "disc" / "DICOMDIR").suggested_series.n_images == 6
    assert read_study(tmp_path / "disc").problems == ()
