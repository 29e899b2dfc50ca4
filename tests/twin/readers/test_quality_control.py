"""Each problem of a series is named, and refused or repaired as the decision records say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.twin.readers.synthetic_dicom import SyntheticSeries, truncate, uid
from twin.readers.study import NothingImportable, Severity, Study, read_study
from twin.wording import LANGUAGES, Wording


def problems_of(study: Study) -> dict[str, Severity]:
    return {problem.message_id: problem.severity for problem in study.all_problems}


def refusal_of(folder: Path) -> NothingImportable:
    with pytest.raises(NothingImportable) as caught:
        read_study(folder)
    for language in LANGUAGES:
        line = Wording(language).error(caught.value)
        assert "\n" not in line
        assert "{" not in line
        assert line != caught.value.message_id
    return caught.value


def test_that_one_missing_slice_is_filled_by_interpolation_and_named(tmp_path: Path) -> None:
    series = SyntheticSeries(n_slices=20)
    paths = series.write(tmp_path)
    paths[7].unlink()
    study = read_study(tmp_path)
    assert problems_of(study) == {"problem.series.missing_slices_filled": Severity.WARNING}
    assert study.series[0].problems[0].parameters["count"] == 1
    volume = study.series[0].load()
    assert volume.voxels.shape[0] == 20
    np.testing.assert_allclose(volume.voxels[7], series.values(7), atol=1)
    assert volume.provenance is not None
    assert volume.provenance.parameters["filled_slices"] == [7]


def test_that_two_missing_slices_in_a_row_refuse_the_series(tmp_path: Path) -> None:
    paths = SyntheticSeries(n_slices=40).write(tmp_path)
    paths[7].unlink()
    paths[8].unlink()
    assert refusal_of(tmp_path).message_id == "problem.series.missing_slices_refused"


def test_that_a_missing_thick_slice_refuses_the_series(tmp_path: Path) -> None:
    paths = SyntheticSeries(n_slices=30, slice_mm=5.0).write(tmp_path)
    paths[7].unlink()
    assert refusal_of(tmp_path).parameters["count"] == 1


def test_that_slightly_irregular_spacing_is_made_even(tmp_path: Path) -> None:
    positions = [0.0, 2.0, 4.0, 6.5, 8.0, 10.0, 12.0]
    SyntheticSeries(positions_mm=positions).write(tmp_path)
    study = read_study(tmp_path)
    assert problems_of(study) == {"problem.series.irregular_spacing_filled": Severity.WARNING}
    volume = study.series[0].load()
    expected = SyntheticSeries(n_slices=7)
    np.testing.assert_allclose(volume.voxels[3], expected.values(3), atol=1)


def test_that_wildly_irregular_spacing_is_refused(tmp_path: Path) -> None:
    SyntheticSeries(positions_mm=[0, 2, 4, 4.3, 9, 14, 16]).write(tmp_path)
    assert refusal_of(tmp_path).message_id == "problem.series.irregular_spacing_refused"


def test_that_positions_rounded_to_a_tenth_still_count_as_regular(tmp_path: Path) -> None:
    SyntheticSeries(positions_mm=[round(0.625 * k, 1) for k in range(30)], slice_mm=0.6).write(tmp_path)
    study = read_study(tmp_path)
    assert study.all_problems == ()
    assert study.series[0].grid is not None
    np.testing.assert_allclose(study.series[0].grid.slice_thickness_mm, 0.625, atol=0.004)


def test_that_a_file_copied_twice_is_taken_once(tmp_path: Path) -> None:
    paths = SyntheticSeries().write(tmp_path)
    shutil.copy(paths[2], tmp_path / "copy.dcm")
    study = read_study(tmp_path)
    assert problems_of(study) == {"problem.series.copies": Severity.INFO}
    assert study.series[0].load().voxels.shape[0] == 6


def test_that_different_images_at_one_place_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    series = SyntheticSeries()
    series.write(tmp_path / "one")
    extra = series.dataset(2)
    extra.SOPInstanceUID = extra.file_meta.MediaStorageSOPInstanceUID = uid("another")
    extra.save_as(tmp_path / "one" / "z.dcm", enforce_file_format=True)
    assert refusal_of(tmp_path).message_id == "problem.series.duplicates"


def test_that_two_phases_under_one_series_identifier_become_two_series(tmp_path: Path) -> None:
    for number, name in enumerate(("early", "late")):
        time = f"1000{number}0"
        tags = {"SeriesInstanceUID": uid("shared"), "AcquisitionNumber": number + 1, "AcquisitionTime": time}
        SyntheticSeries(name=name, tags=tags).write(tmp_path)
    study = read_study(tmp_path)
    assert [series.n_images for series in study.importable] == [6, 6]
    assert len({series.uid for series in study.series}) == 2
    assert {series.series_uid for series in study.series} == {uid("shared")}
    assert problems_of(study) == {"problem.series.split": Severity.INFO}


def test_that_echo_times_under_one_series_identifier_become_series(tmp_path: Path) -> None:
    for echo in (2.3, 4.6):
        tags = {"SeriesInstanceUID": uid("dixon"), "EchoTime": echo}
        SyntheticSeries(name=f"echo{echo}", modality="MR", tags=tags).write(tmp_path)
    study = read_study(tmp_path)
    assert {series.facts["echo_time_ms"] for series in study.importable} == {"2.3", "4.6"}


def test_that_phases_told_apart_by_their_order_only_are_split_with_a_warning(tmp_path: Path) -> None:
    for number in range(2):

        def spoil(k: int, dataset: Dataset, first: int = number) -> None:
            dataset.AcquisitionTime = f"10{first:02d}{k:02d}"

        tags = {"SeriesInstanceUID": uid("dynamic")}
        SyntheticSeries(name=f"p{number}", tags=tags).write(tmp_path, spoil=spoil)
    study = read_study(tmp_path)
    assert [series.n_images for series in study.importable] == [6, 6]
    assert problems_of(study) == {"problem.series.split": Severity.WARNING}


def test_that_interleaved_phases_are_not_mixed_into_one_stack(tmp_path: Path) -> None:
    for number, offset in enumerate((0.0, 0.7)):
        tags = {"SeriesInstanceUID": uid("woven")}
        SyntheticSeries(name=f"w{number}", origin_lps_mm=(-10, -20, 30 + offset), tags=tags).write(tmp_path)
    study = read_study(tmp_path)
    assert [series.n_images for series in study.importable] == [6, 6]
    for series in study.importable:
        assert series.grid is not None
        assert series.grid.slice_thickness_mm == pytest.approx(2.0)


def test_that_several_orientations_under_one_identifier_are_separated(tmp_path: Path) -> None:
    coronal = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    for name, axes in (("axial", np.eye(3)), ("coronal", coronal)):
        SyntheticSeries(name=name, axes=axes, tags={"SeriesInstanceUID": uid("both")}).write(tmp_path)
    study = read_study(tmp_path)
    assert len(study.importable) == 2
    assert problems_of(study) == {"problem.series.mixed_orientation": Severity.INFO}


def test_that_stacks_side_by_side_are_separated(tmp_path: Path) -> None:
    for name, x in (("left", -10.0), ("right", 90.0)):
        tags = {"SeriesInstanceUID": uid("stacks")}
        SyntheticSeries(name=name, origin_lps_mm=(x, -20, 30), tags=tags).write(tmp_path)
    assert [series.n_images for series in read_study(tmp_path).importable] == [6, 6]


def test_that_localizers_are_set_aside_and_the_series_is_kept(tmp_path: Path) -> None:
    SyntheticSeries().write(tmp_path)
    tags = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    SyntheticSeries(name="scout", n_slices=2, tags=tags).write(tmp_path)
    study = read_study(tmp_path)
    assert problems_of(study) == {"problem.file.localizer": Severity.INFO}
    assert len(study.series) == 1


def test_that_a_ct_without_rescaling_is_kept_only_where_it_holds_air(tmp_path: Path) -> None:
    def without_rescale(k: int, dataset: Dataset) -> None:
        del dataset.RescaleSlope, dataset.RescaleIntercept
        dataset.PixelRepresentation = 1
        dataset.PixelData = np.full((11, 14), -1000 if k < 4 else 40, "<i2").tobytes()

    SyntheticSeries().write(tmp_path / "air", spoil=without_rescale)
    study = read_study(tmp_path / "air")
    assert problems_of(study) == {"problem.series.rescale_assumed": Severity.WARNING}

    def without_air(k: int, dataset: Dataset) -> None:
        without_rescale(5, dataset)

    SyntheticSeries().write(tmp_path / "none", spoil=without_air)
    assert refusal_of(tmp_path / "none").message_id == "problem.series.no_rescale"


def test_that_an_iodine_map_is_not_taken_for_hounsfield_units(tmp_path: Path) -> None:
    SyntheticSeries(tags={"RescaleType": "MGML"}).write(tmp_path)
    assert refusal_of(tmp_path).message_id == "problem.series.not_hounsfield"


def test_that_padding_and_the_outside_of_the_field_of_view_become_air(tmp_path: Path) -> None:
    def pad(k: int, dataset: Dataset) -> None:
        values = np.frombuffer(dataset.PixelData, "<u2").copy()
        values[0], values[1] = 63536, 5  # -2000 written as unsigned; 5 is the declared padding
        dataset.PixelData = values.tobytes()
        dataset.PixelPaddingValue = 5
        dataset.RescaleIntercept = -1024

    SyntheticSeries().write(tmp_path, spoil=pad)
    volume = read_study(tmp_path).series[0].load()
    assert (volume.voxels[:, 0, 1] == -1024).all()
    assert volume.voxels.dtype == np.int16


def test_that_a_slope_with_decimals_is_rounded_to_whole_hounsfield_units(tmp_path: Path) -> None:
    series = SyntheticSeries(slope=0.25)
    series.write(tmp_path)
    volume = read_study(tmp_path).series[0].load()
    assert volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(volume.voxels[3], series.values(3))


def test_that_mr_with_decimals_stays_exact(tmp_path: Path) -> None:
    tags = {"RescaleSlope": 0.3, "RescaleIntercept": 2.5}
    SyntheticSeries(modality="MR", tags=tags).write(tmp_path)
    volume = read_study(tmp_path).series[0].load()
    assert volume.voxels.dtype == np.float32
    expected = (SyntheticSeries().values(2) + 1024) * 0.3 + 2.5
    np.testing.assert_allclose(volume.voxels[2], expected, rtol=1e-5)


def test_that_monochrome1_keeps_its_values(tmp_path: Path) -> None:
    series = SyntheticSeries(tags={"PhotometricInterpretation": "MONOCHROME1"})
    series.write(tmp_path)
    study = read_study(tmp_path)
    assert problems_of(study) == {"problem.series.monochrome1": Severity.INFO}
    np.testing.assert_array_equal(study.series[0].load().voxels[1], series.values(1))


def test_that_overlay_bits_above_the_stored_ones_are_dropped(tmp_path: Path) -> None:
    def overlay(k: int, dataset: Dataset) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") | 0x8000).tobytes()

    series = SyntheticSeries()
    series.write(tmp_path, spoil=overlay)
    np.testing.assert_array_equal(read_study(tmp_path).series[0].load().voxels[1], series.values(1))


@pytest.mark.parametrize("spacing", [(0.0, 0.8), (900.0, 900.0), (0.0001, 0.0001)])
def test_that_an_absurd_pixel_spacing_is_refused(tmp_path: Path, spacing: tuple[float, float]) -> None:
    SyntheticSeries(tags={"PixelSpacing": list(spacing)}).write(tmp_path)
    assert refusal_of(tmp_path).message_id == "problem.series.absurd_spacing"


def test_that_positions_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    def spoil(k: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0, 0, float("nan")]

    SyntheticSeries().write(tmp_path, spoil=spoil)
    assert refusal_of(tmp_path).message_id == "problem.file.no_position"


def test_that_an_orientation_that_is_no_rotation_is_refused(tmp_path: Path) -> None:
    SyntheticSeries(tags={"ImageOrientationPatient": [1, 0, 0, 0.7, 0.7, 0]}).write(tmp_path)
    assert refusal_of(tmp_path).message_id == "problem.series.bad_orientation"


def test_that_a_series_with_fewer_images_than_the_scanner_declares_is_warned_of(tmp_path: Path) -> None:
    SyntheticSeries(tags={"ImagesInAcquisition": 10}).write(tmp_path)
    assert problems_of(read_study(tmp_path)) == {"problem.series.fewer_than_declared": Severity.WARNING}


def test_that_one_truncated_slice_at_an_end_is_left_out_and_named(tmp_path: Path) -> None:
    paths = SyntheticSeries(n_slices=20).write(tmp_path)
    truncate(paths[-1])
    study = read_study(tmp_path)
    assert study.series[0].load().voxels.shape[0] == 19
    assert set(problems_of(study)) == {"problem.series.some_truncated", "problem.file.truncated"}


def test_that_half_a_truncated_series_is_refused_though_the_rest_is_even(tmp_path: Path) -> None:
    paths = SyntheticSeries(n_slices=20).write(tmp_path)
    for path in paths[10:]:
        truncate(path)
    refusal = refusal_of(tmp_path)
    assert refusal.message_id == "problem.series.truncated"
    assert (refusal.parameters["count"], refusal.parameters["total"]) == (10, 20)


def test_that_a_declared_tilt_that_positions_do_not_show_is_warned_of(tmp_path: Path) -> None:
    SyntheticSeries(tags={"GantryDetectorTilt": 12}).write(tmp_path)
    assert problems_of(read_study(tmp_path)) == {"problem.series.tilt_declared": Severity.WARNING}
