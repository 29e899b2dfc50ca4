"""Labels on the grid of the scan follow the interpolated probabilities."""

import numpy as np
import pytest

from segmentation.kernels.label_fields import label_slab, uniform_cells
from segmentation.networks.scan_labels import labels_on_scan
from tests.naive.label_fields import plain_label_slab, plain_uniform_cells
from twin.errors import Cancelled
from twin.grid import Grid
from twin.job import CancelSource


def _fields() -> np.ndarray:
    rng = np.random.default_rng(5)
    raw = rng.dirichlet((0.3, 0.3, 0.3, 0.3), (4, 5, 6))
    return np.round(np.moveaxis(raw, -1, 0)[1:] * 255).astype(np.uint8)


@pytest.mark.kernel
def test_that_cells_equal_the_plain_reference() -> None:
    fields = np.repeat(np.repeat(_fields(), 3, axis=1), 3, axis=3)
    cells = np.empty(fields.shape[1:], np.uint8)
    uniform_cells(fields, cells)
    np.testing.assert_array_equal(cells, plain_uniform_cells(fields))
    assert {255, *range(4)} >= set(np.unique(cells)) > {255}


@pytest.mark.kernel
@pytest.mark.parametrize("angle_deg", [0.0, 17.0])
def test_that_labels_equal_the_plain_reference(angle_deg: float) -> None:
    fields = _fields()
    cells = np.empty(fields.shape[1:], np.uint8)
    uniform_cells(fields, cells)
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    axes, start = (
        np.array([[0.37, 0, 0], [0, 0.41 * c, -0.41 * s], [0, 0.41 * s, 0.41 * c]]),
        np.array([-1.1, 0.3, -0.7]),
    )
    labels = np.zeros((14, 13, 15), np.uint8)
    low, high = np.array([1, 0, 2]), np.array([14, 12, 15])
    label_slab(fields, cells, axes, start, low, high, labels)
    expected = plain_label_slab(fields, axes, start, low, high, labels.shape)
    assert np.mean(labels != expected) < 1e-3  # ties may fall either way by rounding
    assert len(np.unique(labels)) == 4


def test_that_a_border_runs_between_working_voxels() -> None:
    """A ball whose probability falls linearly over 4 mm is drawn as a ball, not as coarse cubes."""
    working = Grid.from_spacing((16, 16, 16), (2.5,) * 3, origin_lps_mm=(1.25, 1.25, 1.25))
    scan = Grid.from_spacing((50, 50, 40), (0.8, 0.8, 1.0), origin_lps_mm=(0.4, 0.4, 0.5))

    def from_centre_mm(grid: Grid) -> np.ndarray:
        k, j, i = np.indices(grid.shape_kji)
        return np.linalg.norm(grid.lps_from_ijk(np.stack([i, j, k], axis=-1)) - 20.0, axis=-1)

    field = np.round(np.clip(0.5 + (12.0 - from_centre_mm(working)) / 8.0, 0, 1) * 255).astype(np.uint8)
    drawn = labels_on_scan([field], working, scan) == 1
    true = from_centre_mm(scan) <= 12.0
    dice = 2 * np.count_nonzero(drawn & true) / (drawn.sum() + true.sum())
    assert dice > 0.98


def test_that_what_is_missing_to_one_is_background() -> None:
    grid = Grid.from_spacing((3, 3, 3), (1, 1, 1))
    fields = [np.full(grid.shape_kji, n, np.uint8) for n in (100, 80)]
    assert set(np.unique(labels_on_scan(fields, grid, grid))) == {1}
    assert not labels_on_scan([fields[0]], grid, grid).any()


def test_that_a_scan_beside_the_working_grid_gets_no_label() -> None:
    grid = Grid.from_spacing((3, 3, 3), (1, 1, 1))
    far = Grid.from_spacing((3, 3, 3), (1, 1, 1), origin_lps_mm=(50, 0, 0))
    assert not labels_on_scan([np.full((3, 3, 3), 255, np.uint8)], grid, far).any()


def test_that_drawing_can_be_cancelled() -> None:
    grid, source = Grid.from_spacing((3, 3, 3), (1, 1, 1)), CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        labels_on_scan([np.full((3, 3, 3), 255, np.uint8)], grid, grid, cancel=source.token)
