"""Thick slices against plain NumPy: brightest, darkest, mean, in every straight direction, at the ends of the scan."""

import numpy as np
import pytest

from app.scene.slab import THICKNESSES_MM, Slab, SlabMode
from app.scene.slice_frame import SliceAxis, SliceFrame
from app.scene.slice_scene import SliceScene
from app.scene.window_level import WindowLevel
from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

GRID = Grid.from_spacing((14, 12, 10), (1.0, 2.0, 3.0))
VOXELS = np.random.default_rng(3).integers(-1000, 1000, GRID.shape_kji).astype(np.int16)
PLAIN = {SlabMode.MIP: np.max, SlabMode.MINIP: np.min, SlabMode.MEAN: np.mean}


@pytest.mark.parametrize("mode", list(SlabMode))
@pytest.mark.parametrize("axis", SliceAxis.straight())
def test_that_a_thick_slice_is_what_all_its_slices_say(axis: SliceAxis, mode: SlabMode) -> None:
    frame, slab = SliceFrame(GRID, axis), Slab(mode, 9.0)
    reach = slab.n_slices(frame.spacing_mm[2]) // 2
    for index in (0, frame.n_slices // 2, frame.n_slices - 1):
        wanted = [frame.slice_of(VOXELS, n) for n in range(index - reach, index + reach + 1) if 0 <= n < frame.n_slices]
        plain = np.rint(PLAIN[mode](np.array(wanted, np.float64), axis=0))
        shown = slab.values(frame, VOXELS, index)
        assert shown.dtype == VOXELS.dtype
        assert np.abs(shown.astype(float) - plain).max() <= (1 if mode is SlabMode.MEAN else 0)


@pytest.mark.parametrize("spacing_mm", [0.7, 1.6, 2.0, 5.0, 8.0])
def test_that_its_thickness_is_whole_slices_around_the_one_looked_at(spacing_mm: float) -> None:
    for thickness_mm in THICKNESSES_MM:
        slab = Slab(SlabMode.MIP, thickness_mm)
        assert slab.n_slices(spacing_mm) % 2 == 1
        assert abs(slab.true_mm(spacing_mm) - thickness_mm) <= spacing_mm or slab.n_slices(spacing_mm) == 1


def test_that_it_goes_through_the_thicknesses_and_stays_at_the_ends() -> None:
    slab = Slab(SlabMode.MEAN, 10.0)
    assert slab.changed(1).thickness_mm == 15.0
    assert slab.changed(-5).thickness_mm == THICKNESSES_MM[0]
    assert slab.changed(50).thickness_mm == THICKNESSES_MM[-1]


def test_that_a_picture_shows_the_thick_slice_and_an_oblique_one_stays_thin() -> None:
    scene = SliceScene(Volume("v", GRID, VOXELS, Quantity.HOUNSFIELD, Modality.CT))
    window, slab = WindowLevel(2000.0, 0.0), Slab(SlabMode.MIP, 9.0)
    thin = scene.picture(SliceAxis.AXIAL, 5, window)
    thick = scene.picture(SliceAxis.AXIAL, 5, window, slab=slab)
    assert (thick >= thin).all()
    assert (thick > thin).any()
    oblique = [scene.picture(SliceAxis.OBLIQUE, 8, window, slab=one) for one in (None, slab)]
    assert np.array_equal(*oblique)
