"""NIfTI, NRRD and MetaImage: right side right, units never guessed, one clear line otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.twin.readers.volume_files import sitk_image, write_nifti
from twin.errors import InputError
from twin.readers.image_file import LengthUnit
from twin.readers.image_sitk import read_image, read_image_file
from twin.readers.study import Severity, read_study
from twin.volume import Modality, Quantity
from twin.wording import LANGUAGES, Wording

VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) * 10 - 300


def affine_ras(spacing: tuple[float, float, float] = (0.8, 0.9, 2.0), turn_deg: float = 0.0) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix() * spacing
    affine[:3, 3] = (7.0, 8.0, 9.0)
    return affine


def refusal(path: Path, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        read_study(path, **options)  # type: ignore[arg-type]
    for language in LANGUAGES:
        line = Wording(language).error(caught.value)
        assert "\n" not in line
        assert "{" not in line
        assert line != caught.value.message_id
    return caught.value


angles = st.floats(-180, 180, allow_nan=False)


@settings(max_examples=20)
@given(turn=st.tuples(angles, angles, angles), flips=st.tuples(*[st.sampled_from((1.0, -1.0))] * 3))
def test_that_every_value_lies_where_simpleitk_puts_it(
    tmp_path_factory: pytest.TempPathFactory, turn: tuple[float, float, float], flips: tuple[float, float, float]
) -> None:
    direction = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * flips
    image = sitk_image(VOXELS, direction=direction)
    folder = tmp_path_factory.mktemp("volumes")
    for name in ("v.nii.gz", "v.nrrd", "v.mha"):
        sitk.WriteImage(image, str(folder / name))
        read = read_image_file(folder / name)
        assert np.linalg.det(read.grid.direction) > 0.99
        for index in ((0, 0, 0), (5, 0, 0), (0, 4, 0), (2, 1, 3)):
            point = np.array(image.TransformIndexToPhysicalPoint(index))
            i, j, k = np.rint(read.grid.ijk_from_lps(point)).astype(int)
            np.testing.assert_allclose(read.grid.lps_from_ijk((i, j, k)), point, atol=1e-3)
            assert read.voxels[k, j, i] == image.GetPixel(*index)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_that_both_versions_and_byte_orders_of_nifti_are_read(
    tmp_path: Path, version: int, order: str, name: str
) -> None:
    path = write_nifti(tmp_path / name, VOXELS, affine_ras(), version=version, order=order)
    volume = read_image(path)
    np.testing.assert_array_equal(volume.voxels, VOXELS[::1])
    np.testing.assert_allclose(volume.grid.lps_from_ijk((1, 1, 1)), (-7.8, -8.9, 11.0), atol=1e-5)


def test_that_a_nifti_without_units_is_refused_unless_somebody_states_them(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii.gz", VOXELS, affine_ras(), unit=0)
    error = refusal(path)
    assert error.message_id == "error.import.nifti_without_units"
    assert error.parameters == {"file": "v.nii.gz", "spacing": "0.8 x 0.9 x 2"}
    study = read_study(path, units=LengthUnit.MILLIMETRE)
    assert "problem.image.units_assumed" in {p.message_id for p in study.all_problems}
    assert study.series[0].load().grid.slice_thickness_mm == pytest.approx(2.0)


@pytest.mark.parametrize(("unit", "factor"), [(1, 0.001), (3, 1000.0)])
def test_that_metres_and_micrometres_become_millimetres(tmp_path: Path, unit: int, factor: float) -> None:
    affine = affine_ras()
    affine[:3] *= factor
    volume = read_image(write_nifti(tmp_path / "v.nii", VOXELS, affine, unit=unit))
    np.testing.assert_allclose(volume.grid.spacing_ijk_mm, (0.8, 0.9, 2.0), rtol=1e-5)
    np.testing.assert_allclose(volume.grid.origin_lps_mm, (-7.0, -8.0, 9.0), rtol=1e-5)


def test_that_millimetres_taken_for_metres_are_refused_as_absurd(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii", VOXELS, affine_ras(), unit=1)
    assert refusal(path).message_id == "error.import.absurd_spacing"


def test_that_a_nifti_without_orientation_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii", VOXELS, affine_ras(), codes=(0, 0))
    assert refusal(path).message_id == "error.import.no_orientation"


def test_that_disagreeing_sform_and_qform_are_warned_of(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii", VOXELS, affine_ras(), codes=(1, 1), qoffset=(7.0, 8.0, 9.0))
    assert "problem.image.forms_disagree" not in {p.message_id for p in read_study(path).all_problems}
    path = write_nifti(tmp_path / "w.nii", VOXELS, affine_ras(), codes=(1, 1), qoffset=(7.0, 8.0, 12.0))
    (found,) = [p for p in read_study(path).all_problems if p.message_id == "problem.image.forms_disagree"]
    assert (found.severity, found.parameters["gap"]) == (Severity.WARNING, "3.0")


def test_that_scaled_voxels_are_rescaled(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii", VOXELS, affine_ras(), slope=2.0, intercept=-24.0)
    np.testing.assert_array_equal(read_image(path).voxels, VOXELS * 2 - 24)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v.nrrd", "v.mha"])
def test_that_truncated_volumes_are_refused(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    sitk.WriteImage(sitk_image(np.random.default_rng(1).integers(-900, 900, (9, 30, 31)).astype(np.int16)), str(path))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert refusal(path).message_id.startswith("error.import.")


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v.nrrd", "v.mha"])
def test_that_text_under_the_name_of_a_volume_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no volume\n" * 60)
    assert refusal(tmp_path / name).exit_code == 3


def test_that_voxels_without_a_value_are_refused(tmp_path: Path) -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[1, 2, 3] = np.nan
    path = write_nifti(tmp_path / "v.nii", voxels, affine_ras())
    assert refusal(path).message_id == "error.import.not_finite"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 5000.0])
def test_that_an_absurd_affine_is_refused(tmp_path: Path, bad: float) -> None:
    affine = affine_ras()
    affine[0, 0] = bad
    path = write_nifti(tmp_path / "v.nii", VOXELS, affine)
    assert refusal(path).message_id == "error.import.absurd_spacing"


def test_that_a_sheared_volume_is_refused(tmp_path: Path) -> None:
    affine = affine_ras()
    affine[1, 2] = 0.5
    assert refusal(write_nifti(tmp_path / "v.nii", VOXELS, affine)).message_id == "error.import.sheared_volume"


def test_that_a_film_is_no_volume_but_a_fourth_dimension_of_one_is(tmp_path: Path) -> None:
    film = write_nifti(tmp_path / "film.nii", VOXELS, affine_ras(), dims=(6, 5, 2, 2))
    assert refusal(film).message_id == "error.import.not_one_volume"
    single = write_nifti(tmp_path / "one.nii", VOXELS, affine_ras(), dims=(6, 5, 4, 1))
    assert read_image(single).voxels.shape == (4, 5, 6)


def test_that_an_nrrd_without_space_is_refused_and_one_in_ras_is_turned(tmp_path: Path) -> None:
    lines = "NRRD0004\ntype: short\ndimension: 3\nsizes: 6 5 4\nendian: little\nencoding: raw\n"
    plain = tmp_path / "plain.nrrd"
    plain.write_bytes((lines + "spacings: 1 1 2\n\n").encode() + VOXELS.tobytes())
    assert refusal(plain).message_id == "error.import.no_orientation"
    ras = "space: right-anterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (7,8,9)\n"
    turned = tmp_path / "ras.nrrd"
    turned.write_bytes((lines + ras + "\n").encode() + VOXELS.tobytes())
    np.testing.assert_allclose(read_image(turned).grid.lps_from_ijk((1, 1, 1)), (-8.0, -9.0, 11.0))
    micro = tmp_path / "um.nrrd"
    micro.write_bytes((lines + ras.replace("(1,0,0) (0,1,0) (0,0,2)", "(900,0,0) (0,900,0) (0,0,2000)")
                       + 'space units: "um" "um" "um"\n\n').encode() + VOXELS.tobytes())  # fmt: skip
    np.testing.assert_allclose(read_image(micro).grid.spacing_ijk_mm, (0.9, 0.9, 2.0))
    miles = tmp_path / "miles.nrrd"
    miles.write_bytes((lines + ras + 'space units: "mile" "mile" "mile"\n\n').encode() + VOXELS.tobytes())
    assert refusal(miles).message_id == "error.import.unknown_units"


def test_that_the_modality_is_assumed_aloud_and_can_be_stated(tmp_path: Path) -> None:
    ct = write_nifti(tmp_path / "ct.nii", VOXELS, affine_ras())
    study = read_study(ct)
    assert (study.series[0].modality, study.series[0].quantity) == (Modality.CT, Quantity.HOUNSFIELD)
    assert [p.message_id for p in study.all_problems] == ["problem.image.taken_as_ct"]
    mr = write_nifti(tmp_path / "mr.nii", np.abs(VOXELS), affine_ras())
    study = read_study(mr)
    assert study.series[0].modality is Modality.UNKNOWN
    assert [p.message_id for p in study.all_problems] == ["problem.image.modality_unknown"]
    stated = read_study(mr, modality=Modality.MR)
    assert stated.all_problems == ()
    assert stated.series[0].load().quantity is Quantity.SIGNAL


def test_that_a_label_map_given_as_a_scan_is_noticed(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "v.nii", (VOXELS % 3).astype(np.uint8), affine_ras())
    assert "problem.image.looks_like_labels" in {p.message_id for p in read_study(path).all_problems}


def test_that_signal_types_are_kept_where_they_fit(tmp_path: Path) -> None:
    for dtype, kept in (("uint8", np.int16), ("uint16", np.uint16), ("int32", np.int16), ("float32", np.float32)):
        voxels = (np.abs(VOXELS) if dtype != "uint16" else np.abs(VOXELS).astype(int) + 40000).astype(dtype)
        path = write_nifti(tmp_path / f"{dtype}.nii", voxels, affine_ras())
        volume = read_image(path, modality=Modality.MR)
        assert volume.voxels.dtype == kept
        np.testing.assert_array_equal(volume.voxels, voxels)
