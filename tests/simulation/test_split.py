"""The two parts of an organ after a plan."""

import numpy as np
import pytest

from simulation.split import split_masks, split_organ
from tests.simulation.shapes import ball, block, grid_of, rotation, twin_of
from twin.errors import GeometryError
from twin.plan import Plan
from twin.resection import parse_cut


def plan(*cuts):
    return Plan("A", tuple(parse_cut(cut) for cut in cuts))


@pytest.fixture(scope="module")
def twin():
    grid = grid_of((60, 60, 30), (1, 1, 2), direction=rotation(2))
    return twin_of(grid, ball(grid, (0, 0, 0), 25), [ball(grid, (8, 0, 0), 6)])


def test_that_the_masks_of_both_parts_are_the_organ_to_the_voxel(twin):
    masks = split_masks(plan("plane:1,0,0:1,0.4,0", "wedge:lesion-1:3"), twin)
    assert not (masks.remnant & masks.specimen).any()
    assert np.array_equal(masks.remnant | masks.specimen, twin.mask("liver"))


def test_that_the_face_of_a_plane_is_flat_and_sharp(twin):
    normal = np.array([1.0, 0.4, 0.2]) / np.linalg.norm([1.0, 0.4, 0.2])
    remnant, specimen = split_organ(plan("plane:3,0,0:1,0.4,0.2"), twin)
    for part, side in ((remnant, -1), (specimen, 1)):
        height = (part.points_lps_mm - np.array([3.0, 0, 0])) @ normal * side
        assert height.min() > -1e-3  # nothing sticks out beyond the plane
        assert np.count_nonzero(np.abs(height) < 1e-3) > 50  # and the face lies on it
        corners = part.points_lps_mm[part.triangles].astype(float)
        on_face = (np.abs((corners - np.array([3.0, 0, 0])) @ normal) < 1e-3).all(axis=1)
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        face_mm2 = 0.5 * np.linalg.norm(across[on_face], axis=1).sum()
        from_centre = abs(np.array([3.0, 0, 0]) @ normal)
        assert face_mm2 == pytest.approx(np.pi * (25**2 - from_centre**2), rel=0.04)


def test_that_both_parts_are_closed_and_hold_the_volume_of_their_voxels(twin):
    for cuts in (["plane:3,0,0:1,0.4,0.2"], ["wedge:lesion-1:5"], ["wedge:lesion-1:4", "plane:-10,0,0:-1,0,0"]):
        parts = split_organ(plan(*cuts), twin)
        masks = split_masks(plan(*cuts), twin)
        assert [part.structure_id for part in parts] == ["remnant", "specimen"]
        for part, mask in zip(parts, (masks.remnant, masks.specimen), strict=True):
            assert part.is_closed
            assert part.volume_ml == pytest.approx(mask.sum() * twin.grid.voxel_volume_ml, rel=0.05)


def test_that_segments_split_into_closed_parts():
    from twin.anatomy import LayerName

    grid = grid_of((40, 30, 30))
    liver = block(grid, (16, 10, 10))
    couinaud = np.where(liver, np.where(np.indices(grid.shape_kji)[2] < 22, 6, 3), 0).astype(np.uint8)
    twin = twin_of(grid, liver, derived={LayerName.COUINAUD: couinaud})
    remnant, specimen = split_organ(plan("H3"), twin)
    assert remnant.is_closed
    assert specimen.is_closed
    assert specimen.volume_ml == pytest.approx(np.count_nonzero(couinaud == 3) / 1000, rel=0.05)


def test_that_a_part_that_is_nothing_is_refused():
    grid = grid_of((30, 30, 30))
    twin = twin_of(grid, ball(grid, (0, 0, 0), 8), [ball(grid, (0, 0, 0), 4)])
    with pytest.raises(GeometryError) as refused:
        split_organ(plan("wedge:lesion-1:20"), twin)
    assert refused.value.message_id == "error.surface.empty"
