"""Whatever happens to the bytes of a file, the answer is a study or one typed error, never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.readers.synthetic_dicom import SyntheticSeries
from tests.twin.readers.volume_files import sitk_image
from twin.errors import TwinSightError
from twin.readers.study import Severity, read_study

damage = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6)


def damaged(content: bytes, changes: list[tuple[float, int]], first: int, last: int, cut: float) -> bytes:
    spoilt = bytearray(content)
    for place, value in changes:
        spoilt[first + int(place * (min(last, len(spoilt)) - first - 1))] = value
    return bytes(spoilt[: max(1, int(len(spoilt) * cut))])


@settings(max_examples=50)
@given(changes=damage, cut=st.sampled_from((1.0, 1.0, 1.0, 0.99, 0.5)))
def test_that_one_damaged_slice_never_harms_the_others(changes: list[tuple[float, int]], cut: float) -> None:
    series = SyntheticSeries(n_slices=8)
    with tempfile.TemporaryDirectory() as folder:
        paths = series.write(Path(folder))
        paths[4].write_bytes(damaged(paths[4].read_bytes(), changes, 132, 1200, cut))
        try:
            study = read_study(Path(folder))
            volumes = [found.load() for found in study.importable]
        except TwinSightError:
            return
    for volume in volumes:
        assert volume.voxels.shape == volume.grid.shape_kji
    if not study.all_problems:
        assert volumes[0].voxels.shape[0] == 8
    assert all(problem.severity in Severity for problem in study.all_problems)


@settings(max_examples=60)
@given(
    changes=damage, cut=st.sampled_from((1.0, 0.9, 0.3)), name=st.sampled_from(("v.nii", "v.nii.gz", "v.nrrd", "v.mha"))
)
def test_that_a_damaged_volume_file_gives_a_volume_or_a_typed_error(
    changes: list[tuple[float, int]], cut: float, name: str
) -> None:
    voxels = np.arange(300, dtype=np.int16).reshape(5, 6, 10) - 150
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        sitk.WriteImage(sitk_image(voxels), str(path))
        path.write_bytes(damaged(path.read_bytes(), changes, 0, 420, cut))
        try:
            volume = read_study(path).suggested_series.load()
        except TwinSightError:
            return
    assert volume.voxels.shape == volume.grid.shape_kji


def test_that_a_header_that_states_a_huge_volume_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "v.nrrd"
    path.write_text(
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 60000 60000 60000\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nendian: little\nencoding: raw\n\n"
    )
    with pytest.raises(TwinSightError):
        read_study(path)
