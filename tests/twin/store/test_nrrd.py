"""Voxels as NRRD."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import CaseFileError
from twin.grid import Grid
from twin.store.nrrd import nrrd_chunks, voxels_of_nrrd

DTYPES = st.sampled_from(["<i2", ">i2", "<u2", "u1", "i1", "<f4", "<f8", "<i4", "<u4"])
SHAPES = st.tuples(*(st.integers(1, 5) for _ in range(3)))


def _written(voxels: np.ndarray, encoding: str) -> bytes:  # type: ignore[type-arg]
    k, j, i = voxels.shape
    grid = Grid.from_spacing((i, j, k), (0.7, 0.8, 2.5), origin_lps_mm=(-1 / 3, 2e-7, 1e3))
    return b"".join(nrrd_chunks(voxels, grid, encoding=encoding))


@given(DTYPES.flatmap(lambda dtype: arrays(dtype, SHAPES)), st.sampled_from(["raw", "gzip"]))
def test_that_voxels_come_back_bit_by_bit(voxels: np.ndarray, encoding: str) -> None:  # type: ignore[type-arg]
    found = voxels_of_nrrd(_written(voxels, encoding), "here")
    assert found.dtype == voxels.dtype.newbyteorder("<")
    assert np.array_equal(found, voxels, equal_nan=voxels.dtype.kind == "f")
    assert not found.flags.writeable


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_that_the_same_voxels_give_the_same_bytes(encoding: str) -> None:
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    assert _written(voxels, encoding) == _written(voxels[:, ::-1][:, ::-1], encoding)


def test_that_raw_values_begin_where_a_processor_likes_them() -> None:
    header = _written(np.zeros((1, 1, 1), np.int16), "raw").partition(b"\n\n")[0]
    assert (len(header) + 2) % 64 == 0


@pytest.mark.parametrize("content", [b"", b"NRRD0004\n\n", b"type: int16\nsizes: 9 9 9\nencoding: raw\n\nxx"])
def test_that_what_is_no_nrrd_is_one_typed_error(content: bytes) -> None:
    with pytest.raises(CaseFileError) as caught:
        voxels_of_nrrd(content, "here")
    assert caught.value.message_id == "error.case.damaged"


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_that_other_tools_read_every_type_at_its_place(tmp_path, encoding: str) -> None:  # type: ignore[no-untyped-def]
    sitk = pytest.importorskip("SimpleITK")
    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"):
        voxels = np.arange(24).reshape(2, 3, 4).astype(dtype)
        path = tmp_path / f"{dtype}.nrrd"
        path.write_bytes(_written(voxels, encoding))
        image = sitk.ReadImage(str(path))
        assert np.array_equal(sitk.GetArrayFromImage(image), voxels)
        assert image.GetOrigin() == pytest.approx((-1 / 3, 2e-7, 1e3))
        assert image.GetSpacing() == pytest.approx((0.7, 0.8, 2.5))
