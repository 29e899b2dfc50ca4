"""Every voxel of an imported series lies where its scanner put it, whatever the order and orientation of files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from tests.twin.readers.synthetic_dicom import COLUMNS, ROWS, SyntheticSeries, value_at
from twin.readers.study import NothingImportable, Study, read_study
from twin.volume import Volume


def only_volume(study: Study) -> Volume:
    (series,) = study.series
    return series.load()


def values_expected(volume: Volume) -> np.ndarray:
    k, j, i = np.meshgrid(*map(np.arange, volume.grid.shape_kji), indexing="ij")
    return value_at(volume.grid.lps_from_ijk(np.stack([i, j, k], axis=-1)))


angles = st.floats(-180, 180, allow_nan=False)


@settings(max_examples=25)
@given(turn=st.tuples(angles, angles, angles), is_reversed=st.booleans(), names=st.permutations(range(5)))
def test_that_any_orientation_and_order_of_files_puts_each_value_at_its_place(
    turn: tuple[float, float, float], is_reversed: bool, names: list[int]
) -> None:
    axes = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    step = axes[:, 2] * (-2.0 if is_reversed else 2.0)
    series = SyntheticSeries(n_slices=5, axes=axes, step_lps_mm=step)
    with tempfile.TemporaryDirectory() as folder:
        series.write(Path(folder), names=[f"f{n}" for n in names])
        volume = only_volume(read_study(Path(folder)))
    assert volume.voxels.shape == (5, ROWS, COLUMNS)
    assert np.linalg.det(volume.grid.direction) > 0.999
    np.testing.assert_allclose(volume.voxels, values_expected(volume), atol=1)
    corners = {tuple(np.round(series.origin_of(k), 3) + 0.0) for k in range(5)}
    assert corners == {tuple(np.round(volume.grid.lps_from_ijk((0, 0, k)), 3) + 0.0) for k in range(5)}


def test_that_slices_are_ordered_by_position_and_not_by_name_or_instance_number(tmp_path: Path) -> None:
    SyntheticSeries(n_slices=4).write(tmp_path, names=["d", "a", "c", "b"])
    volume = only_volume(read_study(tmp_path))
    np.testing.assert_array_equal(volume.voxels, values_expected(volume))
    np.testing.assert_allclose(volume.grid.origin_lps_mm, (-10, -20, 30))


def test_that_a_tilted_gantry_is_straightened_and_said(tmp_path: Path) -> None:
    tilt_mm = 2.0 * np.tan(np.radians(15))
    series = SyntheticSeries(n_slices=8, step_lps_mm=np.array([0.0, tilt_mm, 2.0]))
    series.write(tmp_path)
    study = read_study(tmp_path)
    (problem,) = study.series[0].problems
    assert (problem.message_id, problem.parameters["angle"]) == ("problem.series.tilt_resampled", "15")
    volume = only_volume(study)
    assert volume.grid.size_ijk[0] == COLUMNS
    assert volume.grid.size_ijk[1] > ROWS
    inside = volume.voxels > -1000
    assert np.count_nonzero(inside) >= 8 * (ROWS - 1) * COLUMNS
    # Linear values are interpolated without loss: a shift by half a voxel would be seen. The rim blends with air.
    well_inside = inside & np.roll(inside, 1, axis=1) & np.roll(inside, -1, axis=1)
    np.testing.assert_allclose(volume.voxels[well_inside], values_expected(volume)[well_inside], atol=1)


def test_that_a_drift_within_half_a_pixel_is_rounding_and_no_tilt(tmp_path: Path) -> None:
    SyntheticSeries(n_slices=8, step_lps_mm=np.array([0.01, 0.0, 2.0])).write(tmp_path)
    study = read_study(tmp_path)
    assert study.series[0].problems == ()
    assert only_volume(study).voxels.shape == (8, ROWS, COLUMNS)


def test_that_slices_shifted_at_random_are_refused(tmp_path: Path) -> None:
    shifts = [0.0, 4.0, -3.0, 6.0, 1.0, -5.0]

    def shift(k: int, dataset: Dataset) -> None:
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x + shifts[k], y, z]

    SyntheticSeries().write(tmp_path, spoil=shift)
    with pytest.raises(NothingImportable) as refusal:
        read_study(tmp_path)
    assert refusal.value.message_id == "problem.series.shifted_slices"


def test_that_a_single_slice_is_shown_without_decoding_the_rest(tmp_path: Path) -> None:
    paths = SyntheticSeries(n_slices=5).write(tmp_path)
    series = read_study(tmp_path).suggested_series
    for path in paths[:2] + paths[3:]:
        path.unlink()
    middle = series.middle_slice()
    assert middle.k == 2
    np.testing.assert_array_equal(middle.voxels, SyntheticSeries(n_slices=5).values(2))
