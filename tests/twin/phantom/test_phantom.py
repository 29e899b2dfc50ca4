"""The phantom is a whole, consistent abdomen, and its recipe alone determines it."""

from __future__ import annotations

import numpy as np
import pytest

from twin.anatomy import LayerName
from twin.phantom import Phantom, PhantomRecipe, build_phantom


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return build_phantom(PhantomRecipe.small())


def test_that_the_same_recipe_gives_the_same_voxels_and_labels(phantom: Phantom) -> None:
    again = build_phantom(PhantomRecipe.small())
    assert np.array_equal(again.volume.voxels, phantom.volume.voxels)
    assert {name: layer.hash for name, layer in again.layers.items()} == {
        name: layer.hash for name, layer in phantom.layers.items()
    }


def test_that_another_seed_gives_another_anatomy(phantom: Phantom) -> None:
    other = build_phantom(PhantomRecipe.small(2))
    assert other.layers[LayerName.ORGANS].hash != phantom.layers[LayerName.ORGANS].hash
    assert other.graphs["portal"].nodes_lps_mm.shape != phantom.graphs["portal"].nodes_lps_mm.shape
