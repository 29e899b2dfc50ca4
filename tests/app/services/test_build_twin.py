"""The twin of a case and the cache of its surfaces."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.services.build_twin import build_case_twin, build_twin_of_file
from app.services.case_file import case_read
from app.services.structure_volume import volume_figure
from tests.app.made_up_study import labelled_case_on_disk
from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.case import Case
from twin.errors import GeometryError


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def surfaces_made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which surfaces are made anew."""
    from twin import twin as module

    made: list[str] = []
    original = module.surface_of_mask

    def noting(mask, grid, structure_id, **options):  # type: ignore[no-untyped-def]
        made.append(structure_id)
        return original(mask, grid, structure_id, **options)

    monkeypatch.setattr(module, "surface_of_mask", noting)
    return made


def test_that_surfaces_come_from_the_cache_while_their_labels_stay(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with case_read(case) as opened:
        small = Case("a").with_layer(opened.layers[LayerName.LESIONS])
    made = surfaces_made(monkeypatch)
    first = build_case_twin(small, case)
    assert made == ["lesion-1", "lesion-2", "lesion-3"]
    second = build_case_twin(small, case)
    assert made == ["lesion-1", "lesion-2", "lesion-3"]
    for structure_id, surface in first.surfaces.items():
        assert np.array_equal(second.surfaces[structure_id].points_lps_mm, surface.points_lps_mm)
        assert np.array_equal(second.surfaces[structure_id].triangles, surface.triangles)
        assert second.quality[structure_id] == first.quality[structure_id]
    voxels = small.layers[LayerName.LESIONS].voxels.copy()
    voxels[voxels == 3] = 0
    build_case_twin(small.with_layer(small.layers[LayerName.LESIONS].with_voxels(voxels)), case)
    assert made[3:] == ["lesion-1", "lesion-2"]


def test_that_a_damaged_cache_is_made_again(case: Path) -> None:
    with case_read(case) as opened:
        small = Case("a").with_layer(opened.layers[LayerName.LESIONS])
    first = build_case_twin(small, case)
    for path in (case / "cache" / "surfaces").glob("*.npz"):
        path.write_bytes(b"damaged")
    again = build_case_twin(small, case)
    assert again.quality == first.quality


def test_that_volumes_come_from_labels_with_their_interval(case: Path) -> None:
    summary = build_twin_of_file(case)
    truth = small_phantom().layers[LayerName.ORGANS]
    figure = summary.volumes["liver"]
    assert figure.value == pytest.approx(truth.volume_ml("liver"))
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < truth.volume_ml("liver") < figure.high
    assert {quality.structure_id for quality in summary.quality} >= {"liver", "portal_vein", "lesion-1"}


def test_that_bones_have_no_interval() -> None:
    figure = volume_figure(small_phantom().layers[LayerName.CONTEXT], "bone")
    assert figure.value is not None
    assert (figure.low, figure.high) == (None, None)


def test_that_without_labels_there_is_no_twin(tmp_path: Path) -> None:
    with pytest.raises(GeometryError):
        build_case_twin(Case("a").with_volume(small_phantom().volume), tmp_path)
