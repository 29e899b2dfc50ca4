"""The twin of a case."""

import numpy as np
import pytest

from tests.simulation.shapes import ball, block, grid_of, rotation
from twin.anatomy import LayerName
from twin.case import Case
from twin.errors import Cancelled, GeometryError
from twin.grid import Grid
from twin.job import CancelSource
from twin.label_layer import LabelLayer, lesion_layer
from twin.twin import build_twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin


@pytest.fixture(scope="module")
def case():
    grid = grid_of((80, 70, 40), (1, 1, 2), direction=rotation(4))
    organs = np.zeros(grid.shape_kji, np.uint8)
    organs[ball(grid, (-8, 0, 0), 24)] = 1
    organs[ball(grid, (27, 5, 0), 9)] = 11
    vessels = np.zeros_like(organs)
    vessels[block(grid, (20, 2, 2))] = 3
    context = np.zeros_like(organs)
    context[block(grid, (38, 33, 38))] = 16
    context[block(grid, (3, 3, 38))] = 15
    small, large = ball(grid, (-12, 8, 4), 3), ball(grid, (-10, -8, 0), 7)
    truth = BoundaryUncertainty.of_origin(LabelOrigin.TRUTH)
    case = Case("a").with_layer(LabelLayer(LayerName.ORGANS, grid, organs).with_uncertainties({"liver": truth}))
    case = case.with_layer(LabelLayer(LayerName.VESSELS, grid, vessels))
    case = case.with_layer(lesion_layer(grid, [small, large]))
    return case.with_layer(LabelLayer(LayerName.CONTEXT, grid, context))


def test_that_every_labelled_structure_gets_a_good_surface(case):
    twin = build_twin(case)
    assert set(twin.surfaces) == {"liver", "spleen", "portal_vein", "lesion-1", "lesion-2", "bone", "skin"}
    assert [name for name, quality in twin.quality.items() if not quality.is_good] == []
    for name, surface in twin.surfaces.items():
        assert surface.structure_id == name
        assert surface.labels_hash
    assert twin.labels_hash == case.labels_hash


def test_that_lesions_are_named_by_falling_volume_and_the_skin_holds_the_whole_body(case):
    twin = build_twin(case)
    assert twin.lesion_ids == ("lesion-1", "lesion-2")
    assert twin.surfaces["lesion-1"].volume_ml > twin.surfaces["lesion-2"].volume_ml
    body_ml = np.count_nonzero(case.layers[LayerName.CONTEXT].voxels) * twin.grid.voxel_volume_ml
    assert twin.surfaces["skin"].volume_ml == pytest.approx(body_ml, rel=0.01)


def test_that_quality_compares_surface_and_labels(case):
    quality = build_twin(case, structure_ids={"liver"}).quality["liver"]
    assert quality.label_ml == pytest.approx(case.layers[LayerName.ORGANS].volume_ml("liver"))
    assert abs(quality.difference_percent) <= 1.0
    assert quality.is_closed


def test_that_only_the_surfaces_asked_for_are_made(case):
    twin = build_twin(case, structure_ids={"lesion-2"})
    assert set(twin.surfaces) == {"lesion-2"}
    assert twin.has("liver")
    assert not twin.has("pancreas")
    assert not twin.mask("pancreas").any()


def test_that_uncertainty_is_that_of_the_label_or_assumed_as_imported(case):
    twin = build_twin(case, structure_ids=())
    assert twin.uncertainty("liver").origin is LabelOrigin.TRUTH
    assumed = twin.uncertainty("lesion-1")
    assert assumed.origin is LabelOrigin.IMPORTED
    assert assumed.is_assumed


def test_that_a_case_without_labels_is_refused():
    with pytest.raises(GeometryError) as refused:
        build_twin(Case("a"))
    assert refused.value.message_id == "error.twin.no_labels"
    grid = Grid.from_spacing((3, 3, 3), (1, 1, 1))
    with pytest.raises(GeometryError):
        build_twin(Case("a").with_layer(LabelLayer.empty(LayerName.ORGANS, grid)))


def test_that_progress_names_each_structure_and_ends_at_one(case):
    heard = []
    build_twin(case, structure_ids={"spleen", "lesion-1"}, progress=heard.append)
    assert [p.parameters.get("structure") for p in heard] == [None, "spleen", "lesion-1", None]
    assert heard[-1].fraction == 1.0


def test_that_building_stops_when_asked(case):
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        build_twin(case, cancel=source.token)
