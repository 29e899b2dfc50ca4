"""Enhanced multi-frame CT and MR: one file, many slices, each with its own place, scale and echo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage

from tests.twin.readers.synthetic_dicom import SyntheticSeries
from twin.readers.study import read_study
from twin.volume import Quantity


def one(**values: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def enhanced(series: SyntheticSeries, order: list[int], *, echo_times: tuple[float, ...] = (0.0,)) -> FileDataset:
    """Put the slices of a synthetic series into one file, in some order, once per echo time."""
    dataset = series.dataset(0)
    is_ct = series.modality == "CT"
    dataset.SOPClassUID = EnhancedCTImageStorage if is_ct else EnhancedMRImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(dataset, keyword)
    if is_ct:
        del dataset.RescaleSlope, dataset.RescaleIntercept
    orientation = [f"{x:.9g}" for x in series.axes[:, :2].T.ravel()]
    measures = one(PixelSpacing=list(series.spacing_ij_mm[::-1]), SliceThickness=series.slice_mm)
    shared = one(
        PlaneOrientationSequence=[one(ImageOrientationPatient=orientation)],
        PixelMeasuresSequence=[measures],
    )
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames, pixels = [], []
    for echo in echo_times:
        for k in order:
            slope = 1.0 + k / 2.0 if is_ct else 1.0
            intercept = -1024.0 if is_ct else 0.0
            position = [f"{x:.9g}" for x in series.origin_of(k)]
            frame = one(
                FrameContentSequence=[one(StackID="1", InStackPositionNumber=k + 1, TemporalPositionIndex=1)],
                PlanePositionSequence=[one(ImagePositionPatient=position)],
                PixelValueTransformationSequence=[
                    one(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="HU" if is_ct else "US")
                ],
            )
            if echo:
                frame.MREchoSequence = [one(EffectiveEchoTime=echo)]
            frames.append(frame)
            pixels.append(np.rint((series.values(k) + 1024 + echo * 10) / slope).astype("<u2"))
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = np.stack(pixels).tobytes()
    return dataset


def test_that_an_enhanced_ct_is_ordered_by_position_and_scaled_per_frame(tmp_path: Path) -> None:
    series = SyntheticSeries(n_slices=6)
    enhanced(series, [3, 0, 5, 1, 4, 2]).save_as(tmp_path / "scan", enforce_file_format=True)
    study = read_study(tmp_path / "scan")
    volume = study.suggested_series.load()
    assert volume.quantity is Quantity.HOUNSFIELD
    assert volume.nominal_thickness_mm == 2.0
    for k in range(6):
        np.testing.assert_allclose(volume.voxels[k], series.values(k), atol=1 + k / 4)
    np.testing.assert_allclose(volume.grid.origin_lps_mm, series.origin_lps_mm)
    np.testing.assert_allclose(volume.grid.spacing_ijk_mm, (0.8, 0.9, 2.0))


def test_that_echoes_of_an_enhanced_mr_become_series(tmp_path: Path) -> None:
    series = SyntheticSeries(n_slices=5, modality="MR")
    enhanced(series, list(range(5)), echo_times=(2.3, 4.6)).save_as(tmp_path / "mr", enforce_file_format=True)
    study = read_study(tmp_path)
    by_echo = {found.facts["echo_time_ms"]: found.load() for found in study.importable}
    assert set(by_echo) == {"2.3", "4.6"}
    for echo, volume in by_echo.items():
        expected = np.rint(series.values(2) + 1024 + float(echo) * 10)
        np.testing.assert_array_equal(volume.voxels[2], expected)


def test_that_a_truncated_enhanced_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    enhanced(SyntheticSeries(), list(range(6))).save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Exception, match="truncated"):
        read_study(path)


def test_that_frames_without_a_place_are_set_aside(tmp_path: Path) -> None:
    dataset = enhanced(SyntheticSeries(), list(range(6)))
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.PlanePositionSequence
    dataset.save_as(tmp_path / "scan", enforce_file_format=True)
    with pytest.raises(Exception, match="no_position"):
        read_study(tmp_path)
