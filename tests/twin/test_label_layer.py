"""Label layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin import label_layer
from twin.anatomy import LayerName, structure, structures
from twin.box import Box
from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.label_layer import LabelLayer, lesion_layer
from twin.provenance import array_hash
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

GRID = Grid.from_spacing((4, 3, 2), (1.0, 2.0, 3.0))


def _organs(*values: int) -> LabelLayer:
    voxels = np.zeros(GRID.shape_kji, np.uint8)
    voxels.flat[: len(values)] = values
    return LabelLayer(LayerName.ORGANS, GRID, voxels)


@given(
    st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: arrays(dtype, GRID.shape_kji, elements=st.integers(0, 255))
    )
)
def test_that_the_values_are_those_that_occur(voxels: np.ndarray) -> None:  # type: ignore[type-arg]
    layer = LabelLayer(LayerName.LESIONS, GRID, voxels)
    assert layer.values() == tuple(int(value) for value in np.unique(voxels) if value)


def test_that_high_values_of_a_wide_layer_are_found() -> None:
    voxels = np.zeros(GRID.shape_kji, np.uint16)
    voxels[0, 0, 0] = 65535
    assert LabelLayer(LayerName.PORTAL_BRANCH, GRID, voxels).values() == (65535,)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3), st.integers(0, 2)), max_size=6))
def test_that_counts_carried_over_a_change_are_those_of_the_voxels(strokes: list[tuple[int, int, int, int]]) -> None:
    layer = _organs(1, 1, 2)
    assert layer.values() == (1, 2)
    for k, j, i, value in strokes:
        box = Box((k, j, i), (2, 3, 4))
        block = np.full(box.shape_kji, value, np.uint8)
        layer = layer.with_box(box, block, uncertainties=layer.uncertainties, provenance=None)
    fresh = LabelLayer(LayerName.ORGANS, GRID, layer.voxels)
    assert layer.values() == fresh.values()
    assert [layer.volume_ml(i) for i in ("liver", "pancreas")] == [fresh.volume_ml(i) for i in ("liver", "pancreas")]
    assert layer.volume_ml("liver") == np.count_nonzero(layer.mask("liver")) * GRID.voxel_volume_ml
    assert layer.hash == fresh.hash


def test_that_a_volume_is_counted_from_voxels() -> None:
    layer = _organs(1, 1, 2)
    assert layer.structure_ids() == ("liver", "pancreas")
    assert layer.volume_ml("liver") == pytest.approx(2 * 6 / 1000)
    assert layer.volume_ml("spleen") == 0
    assert layer.box("pancreas") == Box((0, 0, 2), (1, 1, 3))
    assert layer.box("spleen") is None


def test_that_a_mask_of_another_layer_or_of_nothing_known_is_refused() -> None:
    with pytest.raises(GeometryError) as caught:
        _organs(1).mask("aorta")
    assert caught.value.message_id == "error.anatomy.wrong_layer"
    with pytest.raises(InputError):
        _organs(1).mask("heart of stone")


def test_that_the_skin_is_the_whole_body() -> None:
    voxels = np.zeros(GRID.shape_kji, np.uint8)
    voxels[0] = 16
    voxels[0, 0, 0] = 15
    assert LabelLayer(LayerName.CONTEXT, GRID, voxels).mask("skin").sum() == 12


def test_that_voxels_are_read_only_and_fit_their_grid() -> None:
    with pytest.raises(ValueError):
        _organs(1).voxels[0, 0, 0] = 2
    with pytest.raises(GeometryError):
        LabelLayer(LayerName.ORGANS, GRID, np.zeros((1, 1, 1), np.uint8))
    with pytest.raises(TypeError):
        LabelLayer(LayerName.ORGANS, GRID, np.zeros(GRID.shape_kji, np.int16))  # type: ignore[arg-type]


def test_that_lesions_are_numbered_by_falling_volume() -> None:
    masks = [np.zeros(GRID.shape_kji, bool) for _ in range(3)]
    masks[0][0, 0, :1] = True
    masks[1][0, 1, :3] = True
    masks[2][0, 2, :2] = True
    layer = lesion_layer(GRID, masks)
    assert layer.structure_ids() == ("lesion-1", "lesion-2", "lesion-3")
    assert [np.count_nonzero(layer.voxels == value) for value in (1, 2, 3)] == [3, 2, 1]


def test_that_the_hash_is_that_of_the_voxels_and_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = _organs(1, 2)
    assert layer.hash == array_hash(layer.voxels)
    monkeypatch.setattr(label_layer, "array_hash", lambda voxels: "computed again")
    uncertain = layer.with_uncertainties({"liver": BoundaryUncertainty.of_origin(LabelOrigin.MANUAL)})
    assert uncertain.hash == layer.hash == array_hash(layer.voxels)
    assert layer.with_voxels(np.zeros(GRID.shape_kji, np.uint8)).hash == "computed again"
    assert uncertain.with_voxels(np.zeros(GRID.shape_kji, np.uint8)).hash == "computed again"


def test_that_the_hash_tells_type_shape_and_values_apart() -> None:
    arrays_ = [np.zeros(4, np.uint8), np.zeros((2, 2), np.uint8), np.zeros(4, np.uint16), np.ones(4, np.uint8)]
    assert len({array_hash(array) for array in arrays_}) == 4
    turned = np.asfortranarray(np.arange(6).reshape(2, 3))
    assert array_hash(turned) == array_hash(np.ascontiguousarray(turned))


def test_that_no_two_structures_of_a_layer_share_a_value() -> None:
    keys = [(entry.layer, entry.value) for entry in structures()]
    assert len(set(keys)) == len(keys)
    assert all(entry.name("fr") and entry.name("en") and entry.code for entry in structures())


def test_that_each_lesion_is_a_structure_with_its_number() -> None:
    lesion = structure("lesion-12")
    assert (lesion.value, lesion.layer) == (12, LayerName.LESIONS)
    assert lesion.name("en").endswith("12")
    with pytest.raises(InputError):
        structure("lesion-x")


@pytest.mark.parametrize("origin", list(LabelOrigin))
def test_that_an_uncertainty_comes_back_from_a_file(origin: LabelOrigin) -> None:
    uncertainty = BoundaryUncertainty.of_origin(origin)
    assert BoundaryUncertainty.from_json(uncertainty.to_json()) == uncertainty
    assert uncertainty.is_assumed
    assert uncertainty.inward_mm <= 0 <= uncertainty.outward_mm


def test_that_shifts_in_the_wrong_direction_are_refused() -> None:
    for inward_mm, outward_mm in ((0.1, 1.0), (-1.0, -0.1)):
        with pytest.raises(ValueError):
            BoundaryUncertainty(inward_mm, outward_mm, LabelOrigin.MANUAL)
