"""What the networks think of single structures, asked for a part of a scan."""

import numpy as np
import pytest

from segmentation.local_image import local_grid
from segmentation.networks.chances import structure_chances
from segmentation.networks.model import NetworkModel
from segmentation.seeds.structure_chance import StructureChance
from tests.segmentation.networks.small_networks import HU_OF, abdomen
from twin.box import Box
from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume


def test_that_a_chance_is_high_where_the_structure_is(band_model: NetworkModel) -> None:
    volume = abdomen()
    box = Box.around(volume.voxels == HU_OF["pancreas"])
    assert box is not None
    box = box.grown(6, volume.grid.shape_kji)
    chance = structure_chances(volume, ("pancreas",), box, models=[band_model])["pancreas"]
    local = local_grid(volume.grid, box, float(volume.grid.spacing_ijk_mm.min()))
    seen, true = chance.on(local), local.mask(volume.voxels == HU_OF["pancreas"])
    assert seen[true].mean() > 0.7
    assert seen[~true].mean() < 0.2


def test_that_only_what_the_networks_know_is_answered(band_model: NetworkModel) -> None:
    volume = abdomen()
    whole = Box((0, 0, 0), volume.grid.shape_kji)
    assert structure_chances(volume, ("duodenum",), whole, models=[band_model]) == {}
    assert structure_chances(volume, ("liver",), whole, models=[]) == {}
    mr = Volume("mr", volume.grid, volume.voxels.astype(np.float32), Quantity.SIGNAL, Modality.MR)
    assert structure_chances(mr, ("pancreas",), whole, models=[band_model]) == {}


@pytest.mark.parametrize("turned", [False, True])
def test_that_a_chance_is_read_where_it_lies_in_the_patient(turned: bool) -> None:
    """A scan whose rows run the other way meets the same places of the networks' grid."""
    own = Grid.from_spacing((20, 16, 12), (2.5, 2.5, 2.5), origin_lps_mm=(3.0, -7.0, 11.0))
    values = np.zeros(own.shape_kji, np.uint8)
    values[4:8, 5:11, 6:15] = 255
    scan = own
    if turned:
        affine = own.affine_lps_mm.copy()
        affine[:3, 0] *= -1
        affine[:3, 1] *= -1
        affine[:3, 3] = own.lps_from_ijk((19, 15, 0))
        scan = Grid(own.size_ijk, affine)
    seen = StructureChance(values, own).on(local_grid(scan, Box((0, 0, 0), scan.shape_kji), 2.5))
    expected = values[:, ::-1, ::-1] if turned else values
    np.testing.assert_allclose(seen, expected / 255.0, atol=1e-4)
