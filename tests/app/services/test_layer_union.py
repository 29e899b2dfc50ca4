"""New labels come into a layer without losing the others."""

import numpy as np

from app.services.layer_union import with_structures_of
from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

GRID = Grid.from_spacing((6, 1, 1), (1, 1, 1))


def vessels(values: list[int], origin: LabelOrigin) -> LabelLayer:
    layer = LabelLayer(LayerName.VESSELS, GRID, np.array(values, np.uint8).reshape(1, 1, 6))
    return layer.with_uncertainties({name: BoundaryUncertainty.of_origin(origin) for name in layer.structure_ids()})


PORTAL, CAVA, AORTA = (structure(name).value for name in ("portal_vein", "inferior_vena_cava", "aorta"))


def values(layer: LabelLayer) -> list[int]:
    return layer.voxels.ravel().tolist()


def test_that_imported_structures_stay_when_others_are_segmented() -> None:
    old = vessels([PORTAL, PORTAL, 0, 0, 0, 0], LabelOrigin.IMPORTED)
    new = vessels([0, CAVA, CAVA, 0, AORTA, 0], LabelOrigin.AUTOMATIC)
    union = with_structures_of(new, old, new_is_automatic=True)
    assert values(union) == [PORTAL, PORTAL, CAVA, 0, AORTA, 0]
    assert union.uncertainties["portal_vein"].origin is LabelOrigin.IMPORTED
    assert union.uncertainties["aorta"].origin is LabelOrigin.AUTOMATIC


def test_that_a_structure_found_again_replaces_the_one_of_before() -> None:
    old = vessels([CAVA, CAVA, 0, 0, 0, 0], LabelOrigin.AUTOMATIC)
    new = vessels([0, CAVA, CAVA, 0, 0, 0], LabelOrigin.AUTOMATIC)
    assert values(with_structures_of(new, old, new_is_automatic=True)) == [0, CAVA, CAVA, 0, 0, 0]


def test_that_an_import_covers_what_was_found_automatically() -> None:
    old = vessels([CAVA, CAVA, 0, 0, 0, 0], LabelOrigin.AUTOMATIC)
    new = vessels([0, PORTAL, PORTAL, 0, 0, 0], LabelOrigin.IMPORTED)
    assert values(with_structures_of(new, old, new_is_automatic=False)) == [CAVA, PORTAL, PORTAL, 0, 0, 0]


def test_that_lesions_are_replaced_as_a_whole() -> None:
    old = LabelLayer(LayerName.LESIONS, GRID, np.array([1, 2, 0, 0, 0, 0], np.uint8).reshape(1, 1, 6))
    new = LabelLayer(LayerName.LESIONS, GRID, np.array([0, 0, 0, 1, 1, 0], np.uint8).reshape(1, 1, 6))
    assert values(with_structures_of(new, old, new_is_automatic=False)) == [0, 0, 0, 1, 1, 0]


def test_that_the_skin_around_new_bones_keeps_its_own_voxels_only() -> None:
    bone, skin = structure("bone").value, structure("skin").value
    old = LabelLayer(LayerName.CONTEXT, GRID, np.array([skin, skin, bone, skin, 0, 0], np.uint8).reshape(1, 1, 6))
    new = LabelLayer(LayerName.CONTEXT, GRID, np.array([0, bone, 0, 0, 0, 0], np.uint8).reshape(1, 1, 6))
    assert values(with_structures_of(new, old, new_is_automatic=False)) == [skin, bone, 0, skin, 0, 0]
