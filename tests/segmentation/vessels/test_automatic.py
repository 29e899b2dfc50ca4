"""Vessels join what a segmenter found: on a made-up liver and on the phantom, and only where the scan shows them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from segmentation.segmenter import SegmentationResult
from segmentation.vessels.automatic import with_vessels
from tests.segmentation.vessels.made_up_liver import MadeUpLiver, centreline_dice, made_up_liver, scan
from twin.anatomy import LayerName, structure
from twin.label_layer import LabelLayer
from twin.phantom import Phantom, PhantomRecipe, build_phantom
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import ContrastPhase, Modality, Volume

VEINS = {"portal_vein", "hepatic_vein"}


def _result(volume: Volume, liver: np.ndarray, cava: np.ndarray, aorta: np.ndarray) -> SegmentationResult:
    organs, vessels = np.zeros(liver.shape, np.uint8), np.zeros(liver.shape, np.uint8)
    organs[liver] = structure("liver").value
    vessels[cava], vessels[aorta] = structure("inferior_vena_cava").value, structure("aorta").value
    automatic = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    return SegmentationResult(
        {
            LayerName.ORGANS: LabelLayer(LayerName.ORGANS, volume.grid, organs, {"liver": automatic}),
            LayerName.VESSELS: LabelLayer(LayerName.VESSELS, volume.grid, vessels, {"aorta": automatic}),
        }
    )


def _of_made_up(made_up: MadeUpLiver) -> SegmentationResult:
    return _result(made_up.volume, made_up.liver, made_up.cava, made_up.aorta)


@cache
def _traced() -> SegmentationResult:
    return with_vessels(made_up_liver().volume, _of_made_up(made_up_liver()))


@cache
def _phantom() -> Phantom:
    voxels = {"size_ijk": (190, 150, 110), "spacing_ijk_mm": (1.6, 1.6, 2.0)}
    return build_phantom(PhantomRecipe.small(2, portal_terminals=60, hepatic_terminals=50, **voxels))


@cache
def _traced_phantom() -> SegmentationResult:
    phantom = _phantom()
    vessels = phantom.layers[LayerName.VESSELS]
    liver = phantom.layers[LayerName.ORGANS].mask("liver")
    start = _result(phantom.volume, liver, vessels.mask("inferior_vena_cava"), vessels.mask("aorta"))
    return with_vessels(phantom.volume, start)


def test_that_veins_join_the_layer_and_great_vessels_keep_their_voxels() -> None:
    made_up, layer = made_up_liver(), _traced().layers[LayerName.VESSELS]
    assert set(layer.structure_ids()) >= VEINS | {"aorta", "inferior_vena_cava"}
    np.testing.assert_array_equal(layer.mask("aorta"), made_up.aorta)
    assert np.count_nonzero(made_up.cava & ~layer.mask("inferior_vena_cava")) <= 0.02 * np.count_nonzero(made_up.cava)


def test_that_each_vessel_has_an_uncertainty_marked_assumed() -> None:
    layer = _traced().layers[LayerName.VESSELS]
    for structure_id in VEINS:
        uncertainty = layer.uncertainties[structure_id]
        assert uncertainty.is_assumed
        assert uncertainty.origin is LabelOrigin.AUTOMATIC


def test_that_nothing_is_both_found_and_not_found() -> None:
    result = _traced()
    assert not set(result.not_found) & set(result.layers[LayerName.VESSELS].structure_ids())


def test_that_without_a_liver_the_result_is_left_alone() -> None:
    made_up = made_up_liver()
    empty = SegmentationResult({}, {"liver": "segmentation.not_found.no_liver"})
    assert with_vessels(made_up.volume, empty) is empty


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (ContrastPhase.UNENHANCED, "vessels.not_found.unenhanced"),
        (ContrastPhase.ARTERIAL, "vessels.not_found.arterial"),
    ],
)
def test_that_a_scan_of_another_phase_has_no_veins(phase: ContrastPhase, reason: str) -> None:
    made_up = made_up_liver()
    start = _result(made_up.volume, made_up.liver, made_up.cava, np.zeros_like(made_up.aorta))
    result = with_vessels(replace(made_up.volume, phase=phase), start)
    assert {result.not_found[structure_id] for structure_id in VEINS} == {reason}


def test_that_the_brightness_of_the_aorta_tells_an_unenhanced_scan() -> None:
    made_up = made_up_liver(contrast=-0.9)  # blood darker than the liver
    result = with_vessels(made_up.volume, _of_made_up(made_up))
    assert {result.not_found[structure_id] for structure_id in VEINS} == {"vessels.not_found.unenhanced"}


def test_that_an_mr_keeps_its_labels_and_has_no_vessels() -> None:
    made_up = made_up_liver()
    mr = scan(made_up.volume.voxels.astype(float), Modality.MR)
    result = with_vessels(mr, _of_made_up(made_up))
    assert result.has("liver")
    assert {result.not_found[structure_id] for structure_id in VEINS} == {"vessels.not_found.not_ct"}


def test_that_a_portal_vein_drawn_outside_the_liver_is_kept() -> None:
    made_up = made_up_liver()
    start = _of_made_up(made_up)
    voxels = start.layers[LayerName.VESSELS].voxels.copy()
    outside = made_up.portal & ~made_up.liver
    voxels[outside] = structure("portal_vein").value
    layers = {**start.layers, LayerName.VESSELS: start.layers[LayerName.VESSELS].with_voxels(voxels)}
    result = with_vessels(made_up.volume, SegmentationResult(layers))
    assert (result.layers[LayerName.VESSELS].mask("portal_vein") & outside).sum() == outside.sum()


# Floors well under what is reached, on voxels as wide as half of most branches.
@pytest.mark.parametrize(("structure_id", "least"), [("portal_vein", 0.6), ("hepatic_vein", 0.5)])
def test_that_the_trees_of_the_phantom_are_found(structure_id: str, least: float) -> None:
    true = _phantom().layers[LayerName.VESSELS].mask(structure_id)
    drawn = _traced_phantom().layers[LayerName.VESSELS].mask(structure_id)
    assert centreline_dice(drawn, true) >= least


def test_that_the_trees_of_the_phantom_are_not_swapped() -> None:
    truth, drawn = (layers[LayerName.VESSELS] for layers in (_phantom().layers, _traced_phantom().layers))
    for own, other in (("portal_vein", "hepatic_vein"), ("hepatic_vein", "portal_vein")):
        right = np.count_nonzero(drawn.mask(own) & truth.mask(own))
        wrong = np.count_nonzero(drawn.mask(own) & truth.mask(other))
        assert wrong <= 0.15 * right


@pytest.mark.parametrize("structure_id", ["celiac_trunk", "common_hepatic_artery", "splenic_artery"])
def test_that_an_artery_of_the_phantom_that_is_named_is_that_artery(structure_id: str) -> None:
    result = _traced_phantom()
    if not result.has(structure_id):
        assert result.not_found[structure_id] == "vessels.not_found.not_reached"
        return
    drawn = result.layers[LayerName.VESSELS].mask(structure_id)
    true = _phantom().layers[LayerName.VESSELS].mask(structure_id)
    assert np.count_nonzero(drawn & true) >= 0.5 * np.count_nonzero(drawn)
