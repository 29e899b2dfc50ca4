"""The phantom is a whole, consistent abdomen, and its recipe alone determines it."""

from __future__ import annotations

from collections.abc import Callable

import cc3d
import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from twin.anatomy import LayerName
from twin.errors import GeometryError, UsageError
from twin.grid import Grid
from twin.job import Progress
from twin.label_layer import LabelLayer
from twin.phantom import LesionKind, LesionRecipe, Phantom, PhantomRecipe, build_phantom
from twin.phantom.appearance import Tissue, drawn_appearance
from twin.phantom.scanner import Scanner, scanned
from twin.volume import ContrastPhase

# Volumes (ml) of healthy adults, wide enough for small women and tall men. Liver: Vauthey et al., Liver Transpl
# 2002;8:233. Spleen 107 to 315: Prassopoulos et al., Eur Radiol 1997;7:246. Pancreas 40 to 170: de la Grandmaison
# et al., Diabetologia 2019 and Saisho et al., Clin Anat 2007;20:933. Both kidneys 200 to 480: Cheong et al., Clin J
# Am Soc Nephrol 2007;2:38. Gallbladder and ducts 10 to 60, fasting: Dodds et al., AJR 1985;145:1009.
HEALTHY_ML = {"liver": (1000, 2100), "spleen": (70, 320), "pancreas": (40, 170), "kidney": (200, 480)}
Build = Callable[..., Phantom]


def _centre_lps(layer: LabelLayer, structure_id: str) -> np.ndarray:
    kji = np.argwhere(layer.mask(structure_id))
    return layer.grid.lps_from_ijk(kji[:, ::-1]).mean(axis=0)


def test_that_the_same_recipe_gives_the_same_voxels_and_labels(coarse: Build) -> None:
    first = coarse()
    again = build_phantom(first.recipe)
    assert np.array_equal(again.volume.voxels, first.volume.voxels)
    assert {name: layer.hash for name, layer in again.layers.items()} == {
        name: layer.hash for name, layer in first.layers.items()
    }


def test_that_another_seed_gives_another_anatomy(coarse: Build) -> None:
    first, other = coarse(4), coarse(8)
    assert other.layers[LayerName.ORGANS].hash != first.layers[LayerName.ORGANS].hash
    assert other.graphs["portal"].nodes_lps_mm.shape != first.graphs["portal"].nodes_lps_mm.shape
    assert other.recipe.hash != first.recipe.hash
    assert (other.individual.height_cm, other.individual.weight_kg) != (
        first.individual.height_cm, first.individual.weight_kg,
    )  # fmt: skip


def test_that_every_layer_lies_on_the_grid_of_the_volume(phantom: Phantom) -> None:
    assert set(phantom.layers) == set(LayerName)
    for layer in phantom.layers.values():
        layer.grid.require_same_space(phantom.volume.grid)


def test_that_every_structure_of_the_upper_abdomen_is_there(phantom: Phantom) -> None:
    found = {name for layer in phantom.layers.values() if not layer.name.is_derived for name in layer.structure_ids()}
    wanted = {
        "liver", "pancreas", "spleen", "stomach", "duodenum", "kidney", "bone", "skin", "bile_duct", "pancreatic_duct",
        "portal_vein", "hepatic_vein", "inferior_vena_cava", "aorta", "other_artery", "superior_mesenteric_vein",
        "celiac_trunk", "common_hepatic_artery", "splenic_artery", "superior_mesenteric_artery",
        "gastroduodenal_artery", "lesion-1", "lesion-2", "lesion-3",
    }  # fmt: skip
    assert wanted <= found


def test_that_each_organ_is_in_one_piece(phantom: Phantom) -> None:
    organs = phantom.layers[LayerName.ORGANS]
    for name in organs.structure_ids():
        parts = cc3d.connected_components(organs.mask(name), connectivity=26).max()
        assert parts == (2 if name == "kidney" else 1), name


def test_that_volumes_are_those_of_healthy_adults(phantom: Phantom) -> None:
    organs = phantom.layers[LayerName.ORGANS]
    for name, (low, high) in HEALTHY_ML.items():
        assert low <= organs.volume_ml(name) <= high, name
    assert 10 <= phantom.layers[LayerName.DUCTS].volume_ml("bile_duct") <= 60


@pytest.mark.parametrize("volume_ml", [900.0, 1700.0])
def test_that_the_liver_has_the_volume_that_is_asked_for(coarse: Build, volume_ml: float) -> None:
    phantom = coarse(3, liver_volume_ml=volume_ml)
    assert phantom.layers[LayerName.ORGANS].volume_ml("liver") == pytest.approx(volume_ml, rel=0.02)


def test_that_left_is_left_back_is_back_and_up_is_up(phantom: Phantom) -> None:
    organs, vessels, context = (phantom.layers[n] for n in (LayerName.ORGANS, LayerName.VESSELS, LayerName.CONTEXT))
    liver, spleen, stomach = (_centre_lps(organs, name) for name in ("liver", "spleen", "stomach"))
    assert liver[0] < 0.0 < spleen[0]  # x grows to the patient's left
    assert stomach[1] < spleen[1] < _centre_lps(context, "bone")[1] + 60.0  # y grows to the back
    assert _centre_lps(vessels, "aorta")[0] > _centre_lps(vessels, "inferior_vena_cava")[0]
    assert liver[2] > _centre_lps(organs, "duodenum")[2]  # z grows to the head


def test_that_lesions_are_numbered_by_falling_volume_and_lie_in_the_liver(phantom: Phantom) -> None:
    lesions = phantom.layers[LayerName.LESIONS]
    volumes = [lesions.volume_ml(name) for name in lesions.structure_ids()]
    assert volumes == sorted(volumes, reverse=True)
    in_liver = phantom.layers[LayerName.ORGANS].mask("liver")[lesions.voxels > 0]
    assert in_liver.mean() > 0.9  # one may bulge through the capsule
    largest = max(lesion.diameter_mm for lesion in phantom.recipe.lesions)
    assert volumes[0] == pytest.approx(np.pi / 6.0 * (largest / 10.0) ** 3, rel=0.25)


def test_that_a_lesion_lies_in_the_segment_that_was_chosen(coarse: Build) -> None:
    phantom = coarse(lesions=(LesionRecipe("6", 30.0), LesionRecipe("2", 20.0, LesionKind.CYST)))
    lesions, couinaud = phantom.layers[LayerName.LESIONS], phantom.layers[LayerName.COUINAUD]
    for name, value in (("lesion-1", 6), ("lesion-2", 2)):
        here = couinaud.voxels[lesions.mask(name)]
        assert np.bincount(here).argmax() == value
    cyst_hu = phantom.volume.voxels[lesions.mask("lesion-2")].mean()
    assert -20.0 < cyst_hu < 45.0


def test_that_a_pancreatic_lesion_lies_in_the_gland(coarse: Build) -> None:
    lesion = LesionRecipe("pancreas.head", 26.0, LesionKind.PANCREATIC)
    phantom = coarse(lesions=(lesion,))
    inside = phantom.layers[LayerName.LESIONS].mask("lesion-1")
    assert phantom.layers[LayerName.ORGANS].mask("pancreas")[inside].all()


def test_that_a_lesion_without_room_is_refused(coarse: Build) -> None:
    with pytest.raises(GeometryError, match="lesion_does_not_fit"):
        coarse(lesions=(LesionRecipe("1", 110.0),))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: LesionRecipe("9", 20.0),
        lambda: LesionRecipe("5", 1.0),
        lambda: PhantomRecipe(size_ijk=(4, 512, 100)),
        lambda: PhantomRecipe(liver_volume_ml=150.0),
        lambda: PhantomRecipe(phase=ContrastPhase.DELAYED),
    ],
)
def test_that_a_recipe_that_cannot_be_built_is_refused_at_once(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError):
        wrong()


def test_that_no_lesion_leaves_an_empty_layer(coarse: Build) -> None:
    phantom = coarse(lesions=())
    assert phantom.layers[LayerName.LESIONS].values() == ()


def test_that_a_thigh_has_bone_and_skin_and_no_organ() -> None:
    phantom = build_phantom(PhantomRecipe.limb())
    assert phantom.layers[LayerName.ORGANS].values() == ()
    assert set(phantom.layers[LayerName.CONTEXT].structure_ids()) == {"bone", "skin"}
    assert phantom.volume.voxels.max() > 700


def test_that_phases_of_one_individual_share_their_anatomy(coarse: Build) -> None:
    portal, arterial = coarse(), coarse(phase=ContrastPhase.ARTERIAL)
    assert portal.layers[LayerName.ORGANS].hash == arterial.layers[LayerName.ORGANS].hash
    aorta = portal.layers[LayerName.VESSELS].mask("aorta")
    assert arterial.volume.voxels[aorta].mean() > portal.volume.voxels[aorta].mean() + 80.0
    liver = portal.layers[LayerName.ORGANS].mask("liver")
    assert arterial.volume.voxels[liver].mean() < portal.volume.voxels[liver].mean() - 15.0


def test_that_a_shorter_scan_shows_the_same_individual(coarse: Build) -> None:
    whole, part = coarse(), coarse(size_ijk=(96, 66, 58))
    inner = whole.layers[LayerName.ORGANS].voxels[1:-1] == 1
    agreement = (part.layers[LayerName.ORGANS].voxels == 1) == inner
    assert agreement[inner].mean() > 0.995


def test_that_facts_fit_the_body(phantom: Phantom) -> None:
    facts = phantom.facts
    assert facts.word("sex") in ("f", "m")
    height_m, weight_kg = facts.number("height_cm") / 100.0, facts.number("weight_kg")
    assert 18.0 < weight_kg / height_m**2 < 33.0
    # 30 cm of the trunk hold a quarter to two fifths of the body.
    body_ml = phantom.layers[LayerName.CONTEXT].volume_ml("skin")
    assert 0.2 < body_ml / 1000.0 / weight_kg < 0.4


def test_that_wide_contrast_changes_values_and_not_the_anatomy(coarse: Build) -> None:
    usual, wide = coarse(), coarse(contrast_spread=1.0)
    assert usual.layers[LayerName.VESSELS].hash == wide.layers[LayerName.VESSELS].hash
    assert not np.array_equal(usual.volume.voxels, wide.volume.voxels)


def test_that_progress_rises_to_the_end(coarse: Build) -> None:
    heard: list[Progress] = []
    build_phantom(coarse().recipe, heard.append)
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_that_each_organ_has_the_value_of_its_tissue(phantom: Phantom) -> None:
    recipe = phantom.recipe
    look = drawn_appearance(np.random.default_rng([recipe.seed, 2]), recipe.phase, recipe.contrast_spread)
    for layer, name, tissue in (
        (LayerName.ORGANS, "liver", Tissue.LIVER),
        (LayerName.ORGANS, "spleen", Tissue.SPLEEN),
        (LayerName.ORGANS, "pancreas", Tissue.PANCREAS),
        (LayerName.VESSELS, "aorta", Tissue.ARTERY),
        (LayerName.VESSELS, "inferior_vena_cava", Tissue.CAVAL_BLOOD),
        (LayerName.DUCTS, "bile_duct", Tissue.BILE),
    ):
        core = binary_erosion(phantom.layers[layer].mask(name), iterations=2)
        assert core.sum() > 50, name
        assert phantom.volume.voxels[core].mean() == pytest.approx(look.mean_hu[tissue], abs=9.0), name


def test_that_noise_is_coloured_and_as_strong_as_asked() -> None:
    flat = np.zeros((40, 128, 128), np.float32)
    grid = Grid.from_spacing((128, 128, 40), (0.75, 0.75, 2.0))
    look = drawn_appearance(np.random.default_rng(1), ContrastPhase.PORTAL, 0.0)
    scan = scanned(flat, np.full(flat.shape, Tissue.AIR, np.uint8), grid, look, Scanner(), 1.0, 5)
    middle = scan[:, 40:88, 40:88].astype(float)
    assert middle.std() == pytest.approx(Scanner().noise_hu, rel=0.1)
    power = (np.abs(np.fft.fft2(middle)) ** 2).mean(axis=0)
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(48, 0.75)] * 2))
    low, peak, high = (
        power[(frequency > a) & (frequency < b)].mean() for a, b in ((0.01, 0.06), (0.25, 0.35), (0.6, 0.68))
    )
    assert peak > 1.5 * low
    assert peak > 1.5 * high
    assert not scanned(np.zeros_like(flat), np.zeros(flat.shape, np.uint8), grid, look, Scanner(), 0.0, 5).any()
