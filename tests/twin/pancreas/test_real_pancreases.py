"""The axis of pancreases that others labelled by hand."""

import numpy as np
import pytest
import SimpleITK as sitk

from twin.box import Box
from twin.grid import Grid
from twin.pancreas.axis import PancreasAxis

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_that_every_labelled_pancreas_has_a_smooth_axis_from_right_to_left(shared_data):
    paths = sorted((shared_data / "btcv").glob("*_labels.nii.gz"))
    if not paths:
        pytest.skip("the labelled scans of btcv are absent")
    for path in paths:
        image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
        mask = sitk.GetArrayFromImage(image) == 2
        grid = Grid.from_spacing(image.GetSize(), image.GetSpacing(), origin_lps_mm=image.GetOrigin())
        box = Box.around(mask).grown(4, grid.shape_kji)
        axis = PancreasAxis.of_mask(np.ascontiguousarray(mask[box.slices]), grid.cropped(box))
        assert 100 < axis.length_mm < 260, path.name
        assert axis.nodes_lps_mm[0, 0] < axis.nodes_lps_mm[-1, 0], path.name
        bends = np.degrees(np.arccos(np.clip(np.sum(axis.tangents_lps[1:] * axis.tangents_lps[:-1], axis=1), -1, 1)))
        assert np.percentile(bends, 95) < 12, path.name
        inside = axis.position_mm[mask[box.slices]]
        counts = np.histogram(inside, bins=20, range=(0, axis.length_mm))[0]
        assert (counts > 0).all(), path.name
