"""The scan that the networks are given is the one on which they learned."""

import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.networks.model import InputScale
from segmentation.networks.network_scan_sitk import network_scan
from twin.errors import Cancelled, InputError
from twin.grid import Grid
from twin.job import CancelSource
from twin.volume import Modality, Quantity, Volume

SPACING_MM = 2.5


def _volume(spacing_ijk_mm: tuple[float, float, float], *, direction: np.ndarray | None = None) -> Volume:
    rng = np.random.default_rng(3)
    hu = rng.normal(40, 150, (21, 40, 37)).astype(np.int16)
    grid = Grid.from_spacing((37, 40, 21), spacing_ijk_mm, origin_lps_mm=(-20.0, 11.0, 70.0), direction=direction)
    return Volume("volume-1", grid, hu, Quantity.HOUNSFIELD, Modality.CT)


def _learned(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """The steps of the training, with ITK's filters; levels and place of the first voxel."""
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing(volume.grid.spacing_ijk_mm.tolist())
    image.SetOrigin(volume.grid.origin_lps_mm.tolist())
    image.SetDirection(volume.grid.direction.ravel().tolist())
    image = sitk.DICOMOrient(image, "LPS")
    size = [round(n * s / SPACING_MM) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    reference = sitk.Image(size, sitk.sitkFloat32)
    reference.SetSpacing([SPACING_MM] * 3)
    reference.SetDirection(image.GetDirection())
    step = np.full(3, SPACING_MM / 2) - np.array(image.GetSpacing()) / 2
    reference.SetOrigin((np.array(image.GetOrigin()) + np.array(image.GetDirection()).reshape(3, 3) @ step).tolist())
    sigmas = [0.4 * SPACING_MM if s < 0.8 * SPACING_MM else 0.01 for s in image.GetSpacing()]
    smooth = sitk.DiscreteGaussian(sitk.Cast(image, sitk.sitkFloat32), [s * s for s in sigmas])
    hu = sitk.GetArrayFromImage(sitk.Resample(smooth, reference, sitk.Transform(), sitk.sitkLinear, -1000))
    return np.round((np.clip(hu, -125, 275) + 125) / 400 * 255), np.array(reference.GetOrigin())


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 1.5), (1.9, 1.9, 5.0), (2.5, 2.5, 2.5), (1.0, 2.1, 0.6)])
def test_that_the_levels_are_those_of_the_training(spacing: tuple[float, float, float]) -> None:
    volume = _volume(spacing)
    scan = network_scan(volume, SPACING_MM, InputScale())
    expected, origin_lps_mm = _learned(volume)
    assert scan.levels.shape == expected.shape
    difference = np.abs(scan.levels - expected)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.01
    np.testing.assert_allclose(scan.grid.origin_lps_mm, origin_lps_mm, atol=1e-6)


@pytest.mark.parametrize("turn", [np.diag([-1.0, -1.0, 1.0]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])])
def test_that_scans_stored_in_another_order_come_out_upright(turn: np.ndarray) -> None:
    volume = _volume((1.0, 1.4, 3.0), direction=turn)
    scan = network_scan(volume, SPACING_MM, InputScale())
    expected, origin_lps_mm = _learned(volume)
    np.testing.assert_allclose(scan.grid.direction, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(scan.grid.origin_lps_mm, origin_lps_mm, atol=1e-6)
    assert np.abs(scan.levels - expected).max() <= 1


def test_that_a_strongly_tilted_scan_is_brought_onto_the_axes_of_the_patient() -> None:
    angle = np.radians(35.0)
    tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    volume = _volume((2.0, 2.0, 3.0), direction=tilt)
    smooth = np.full(volume.voxels.shape, 75, np.int16)
    scan = network_scan(
        Volume("volume-1", volume.grid, smooth, Quantity.HOUNSFIELD, Modality.CT), SPACING_MM, InputScale()
    )
    np.testing.assert_allclose(scan.grid.direction, np.eye(3), atol=1e-9)
    middle = scan.levels[tuple(n // 2 for n in scan.levels.shape)]
    assert middle == round(200 / 400 * 255)
    assert scan.levels[0, 0, 0] == 0  # outside the scan


def test_that_mr_signal_is_scaled_between_its_percentiles() -> None:
    volume = _volume((2.5, 2.5, 2.5))
    signal = np.abs(volume.voxels).astype(np.float32)
    mr = Volume("volume-1", volume.grid, signal, Quantity.SIGNAL, Modality.MR)
    scan = network_scan(mr, SPACING_MM, InputScale())
    low, high = np.percentile(signal[signal > 0], (1, 99))
    assert scan.window == pytest.approx((low, high), rel=1e-3)
    expected = np.round(np.clip((signal - low) / (high - low), 0, 1) * 255)
    assert np.abs(scan.levels - expected).max() <= 1


def test_that_an_mr_without_signal_is_refused() -> None:
    grid = Grid.from_spacing((8, 8, 8), (2, 2, 2))
    with pytest.raises(InputError, match="no_signal"):
        network_scan(
            Volume("volume-1", grid, np.zeros((8, 8, 8), np.int16), Quantity.SIGNAL, Modality.MR), 2.5, InputScale()
        )


def test_that_bringing_a_scan_over_can_be_cancelled() -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        network_scan(_volume((1, 1, 1)), SPACING_MM, InputScale(), cancel=source.token)
