"""Every usual compression of a hospital archive decodes to the voxels that were stored."""

from __future__ import annotations

from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.twin.readers.synthetic_dicom import SyntheticSeries, truncate, uid
from twin.readers.study import NothingImportable, read_study

# A smooth image of the size of a real one in small: lossy compression must have something to keep.
ROWS, COLUMNS = 64, 80


def smooth_hu(k: int) -> np.ndarray:
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    return np.rint(100 + 80 * np.sin(x / 9.0 + k) * np.cos(y / 7.0)).astype(np.int64)


def write(folder: Path, *, bits: int = 12, is_signed: bool = False) -> list[Path]:
    def spoil(k: int, dataset: Dataset) -> None:
        dataset.Rows, dataset.Columns = ROWS, COLUMNS
        dataset.BitsAllocated = 8 if bits == 8 else 16
        dataset.BitsStored, dataset.HighBit = bits, bits - 1
        dataset.PixelRepresentation = int(is_signed)
        dataset.RescaleIntercept = 0 if is_signed or bits == 8 else -1024
        stored = smooth_hu(k) - int(dataset.RescaleIntercept)
        kind = "<u1" if bits == 8 else "<i2" if is_signed else "<u2"
        dataset.PixelData = stored.astype(kind).tobytes()

    return SyntheticSeries(n_slices=4).write(folder, spoil=spoil)


def loaded(folder: Path) -> np.ndarray:
    return np.asarray(read_study(folder).suggested_series.load().voxels)


def expected() -> np.ndarray:
    return np.stack([smooth_hu(k) for k in range(4)])


def with_gdcm(path: Path, syntax: int) -> None:
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def syntax_of(path: Path) -> UID:
    return UID(dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize(
    ("syntax", "number"),
    [
        ("JPEGLosslessProcess14_1", "1.2.840.10008.1.2.4.70"),
        ("JPEGLosslessProcess14", "1.2.840.10008.1.2.4.57"),
        ("JPEGLSLossless", "1.2.840.10008.1.2.4.80"),
        ("JPEG2000Lossless", "1.2.840.10008.1.2.4.90"),
        ("RLELossless", "1.2.840.10008.1.2.5"),
    ],
)
def test_that_lossless_files_written_by_gdcm_give_back_every_voxel(
    tmp_path: Path, syntax: str, number: str, is_signed: bool
) -> None:
    for path in write(tmp_path, bits=16 if is_signed else 12, is_signed=is_signed):
        with_gdcm(path, getattr(gdcm.TransferSyntax, syntax))
        assert syntax_of(path) == number
    np.testing.assert_array_equal(loaded(tmp_path), expected())


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_that_lossless_files_written_by_pydicom_give_back_every_voxel(tmp_path: Path, syntax: UID) -> None:
    for path in write(tmp_path):
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(tmp_path), expected())


@pytest.mark.parametrize(
    ("syntax", "options", "largest_error_hu"),
    [(JPEGLSNearLossless, {"jls_error": 2}, 2), (JPEG2000, {"j2k_psnr": [95.0]}, 4)],
)
def test_that_lossy_files_written_by_pydicom_stay_within_their_error(
    tmp_path: Path, syntax: UID, options: dict[str, object], largest_error_hu: int
) -> None:
    for path in write(tmp_path):
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False, **options)
        dataset.save_as(path, enforce_file_format=True)
    assert np.abs(loaded(tmp_path) - expected()).max() <= largest_error_hu


@pytest.mark.parametrize(
    ("syntax", "bits", "number"),
    [("JPEGBaselineProcess1", 8, "1.2.840.10008.1.2.4.50"), ("JPEGExtendedProcess2_4", 12, "1.2.840.10008.1.2.4.51")],
)
def test_that_lossy_jpeg_decodes_close_to_what_was_stored(tmp_path: Path, syntax: str, bits: int, number: str) -> None:
    for path in write(tmp_path, bits=bits):
        with_gdcm(path, getattr(gdcm.TransferSyntax, syntax))
        assert syntax_of(path) == number
    assert np.abs(loaded(tmp_path) - expected()).mean() < 3


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_that_uncompressed_and_deflated_encodings_are_read(tmp_path: Path, syntax: UID) -> None:
    for path in write(tmp_path):
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        is_little = syntax != ExplicitVRBigEndian
        dcmwrite(path, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=is_little, force_encoding=True)
        assert syntax_of(path) == syntax
    np.testing.assert_array_equal(loaded(tmp_path), expected())


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, DeflatedExplicitVRLittleEndian])
def test_that_truncated_compressed_files_are_seen_at_the_scan(tmp_path: Path, syntax: UID) -> None:
    for path in write(tmp_path):
        dataset = dcmread(path)
        if syntax.is_compressed and not syntax.is_deflated:
            dataset.compress(syntax, generate_instance_uid=False)
        else:
            dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, enforce_file_format=True)
        truncate(path, 0.97)
    with pytest.raises(NothingImportable) as caught:
        read_study(tmp_path)
    assert caught.value.message_id in ("problem.series.truncated", "problem.file.damaged_header")


def test_that_an_unknown_compression_is_named(tmp_path: Path) -> None:
    for path in write(tmp_path):
        dataset = dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.100")  # a film, not slices
        dataset.save_as(path)
    with pytest.raises(NothingImportable) as caught:
        read_study(tmp_path)
    assert caught.value.message_id == "problem.file.unknown_compression"
    assert "MPEG2" in str(caught.value.parameters["detail"])


def test_that_a_garbled_compressed_slice_fails_when_it_is_loaded(tmp_path: Path) -> None:
    paths = write(tmp_path)
    for path in paths:
        dataset = dcmread(path)
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        dataset.SOPInstanceUID = uid(path.name)
        if path == paths[2]:
            pixels = bytearray(dataset.PixelData)
            pixels[30:200] = bytes(170)
            dataset.PixelData = bytes(pixels)
        dataset.save_as(path, enforce_file_format=True)
    series = read_study(tmp_path).suggested_series
    with pytest.raises(Exception, match="undecodable"):
        series.load()
