"""One study of a batch."""

import numpy as np
import pytest

from app.services.process_study import _require_scan
from twin.errors import InputError
from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

GRID = Grid.from_spacing((20, 20, 8), (1, 1, 1))


def volume(voxels: np.ndarray, modality: Modality = Modality.UNKNOWN) -> Volume:  # type: ignore[type-arg]
    return Volume("volume-1", GRID, voxels.reshape(GRID.shape_kji), Quantity.SIGNAL, modality)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_that_a_label_map_is_no_scan(dtype: type) -> None:
    with pytest.raises(InputError) as caught:
        _require_scan(volume((np.arange(3200) % 17).astype(dtype)))
    assert caught.value.message_id == "error.batch.not_a_scan"


def test_that_a_scan_is_a_scan() -> None:
    noise = np.random.default_rng(1).normal(0, 200, 3200)
    _require_scan(volume(noise.astype(np.int16)))
    _require_scan(volume(noise.astype(np.float32)))
    _require_scan(volume(np.zeros(3200, np.int16), Modality.CT))  # a file that says what it is is believed
