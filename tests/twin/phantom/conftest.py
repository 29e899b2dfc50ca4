"""One small phantom for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.phantoms import phantom_of, small_phantom
from twin.phantom import Phantom, PhantomRecipe


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return small_phantom()


@pytest.fixture(scope="session")
def coarse() -> Callable[..., Phantom]:
    """Build (once for each recipe) a phantom with voxels of 4 to 5 mm."""

    def build(seed: int = 4, **changes: object) -> Phantom:
        voxels = {"size_ijk": (96, 66, 60), "spacing_ijk_mm": (4.0, 4.0, 5.0)}
        trees = {"portal_terminals": 40, "hepatic_terminals": 30}
        return phantom_of(PhantomRecipe.small(seed, **{**voxels, **trees, **changes}))

    return build
