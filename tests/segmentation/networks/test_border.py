"""Borders drawn again: only near what was found, as the trees say, and never away altogether."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.networks.border import BorderRule, BorderTrees, border_probability, border_region
from segmentation.networks.model import NetworkModel, read_model
from segmentation.networks.network_segmenter import NetworkSegmenter
from tests.segmentation.networks.small_networks import CLASSES, HU_OF, abdomen, band_network, bands, write_model
from twin.anatomy import LayerName
from twin.errors import BackendUnavailable, Cancelled
from twin.job import CancelSource
from twin.volume import Modality

SPACING_MM = 2.0
STRUCTURES = ("spleen", "liver")
BRIGHTER_THAN_HU = 30.0


def stump(n_features: int, *, is_bright_inside: bool = True) -> BoostedTrees:
    """Return one tree that asks only whether the voxel is brighter than fat."""
    leaves = np.array([-6.0, 6.0] if is_bright_inside else [-6.0, -6.0], np.float32)
    return BoostedTrees(
        np.zeros(1, np.int16), np.full(1, BRIGHTER_THAN_HU, np.float32), np.array([[-1, -2]], np.int32),
        np.zeros(1, np.int32), np.zeros(1, np.int16), leaves, n_features,
    )  # fmt: skip


def ball(radius_mm: float, centre_mm: float = 60.0) -> np.ndarray:
    places = np.indices((60, 60, 60)) * SPACING_MM
    return np.asarray(((places - centre_mm) ** 2).sum(axis=0) <= radius_mm**2)


TRUTH = ball(22.0)
FAR = ball(6.0, 102.0)  # as bright, but nothing that was found
HU = np.where(TRUTH | FAR, 110.0, -90.0).astype(np.float32)
DRAWN = ball(17.0)


def fields() -> np.ndarray:
    return np.stack([DRAWN * np.uint8(230), np.zeros(DRAWN.shape, np.uint8)])


def redrawn(trees: BoostedTrees | None = None) -> np.ndarray:
    region = border_region(HU, fields(), STRUCTURES, "spleen", DRAWN, SPACING_MM)
    assert region is not None
    n_features = region.evidence.of(np.zeros((1, 3), np.int32)).shape[1]
    mask = np.zeros(DRAWN.shape, np.bool_)
    mask[region.box.slices] = border_probability(region, BorderRule(trees or stump(n_features))) > 0.5
    return mask


def test_that_the_border_moves_to_where_the_trees_see_it_and_nothing_far_away_is_taken() -> None:
    drawn = redrawn()
    assert 2.0 * np.count_nonzero(drawn & TRUTH) / (np.count_nonzero(drawn) + np.count_nonzero(TRUTH)) > 0.97
    assert not drawn[FAR].any()


def test_that_the_middle_of_a_structure_is_not_asked_about() -> None:
    region = border_region(HU, fields(), STRUCTURES, "spleen", DRAWN, SPACING_MM)
    assert region is not None
    n_features = region.evidence.of(np.zeros((1, 3), np.int32)).shape[1]
    without = redrawn(stump(n_features, is_bright_inside=False))
    assert without[ball(3.0)].all()
    assert not without[~ball(8.0)].any()


def test_that_there_is_no_region_without_a_structure() -> None:
    assert border_region(HU, fields(), STRUCTURES, "liver", np.zeros_like(DRAWN), SPACING_MM) is None


def test_that_the_threshold_lies_at_one_half_and_the_networks_have_their_share() -> None:
    by_trees, by_networks = np.float32([0.0, 0.3, 0.6, 1.0]), np.float32([0.0, 0.3, 0.0, 1.0])
    alone = BorderRule(stump(1), threshold=0.3).probability(by_trees, by_networks)
    assert alone.tolist() == pytest.approx([0.0, 0.5, 0.5 + 0.5 * 0.3 / 0.7, 1.0])
    shared = BorderRule(stump(1), share=0.5).probability(by_trees, by_networks)
    assert shared.tolist() == pytest.approx([0.0, 0.3, 0.3, 1.0])


def test_that_it_can_be_stopped() -> None:
    region = border_region(HU, fields(), STRUCTURES, "spleen", DRAWN, SPACING_MM)
    assert region is not None
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        border_probability(region, BorderRule(stump(1)), cancel=source.token)


def with_trees(folder: Path, name: str = "spleen", *, is_bright_inside: bool = True, **changes: object) -> NetworkModel:
    """Write small networks with trees for the borders of a structure, and read their card."""
    n_features = 8 + 5 + 36 + 28 + 2 * (len(CLASSES) - 2) + 1
    trees = stump(n_features, is_bright_inside=is_bright_inside).to_json()
    structures = {name: {"share": 1.0, "threshold": 0.5, "trees": trees}}
    data = {"spacing_mm": 4.0, "classes": list(CLASSES), "structures": structures, **changes}
    (folder / "borders.json").write_text(json.dumps(data), encoding="utf-8")
    path = write_model(folder, [band_network(bands())], borders="borders.json")
    card = json.loads(path.read_text(encoding="utf-8"))
    card["sha256"]["borders.json"] = hashlib.sha256((folder / "borders.json").read_bytes()).hexdigest()
    path.write_text(json.dumps(card), encoding="utf-8")
    return read_model(path)


def drawn_by(model: NetworkModel, name: str = "spleen", modality: Modality = Modality.CT) -> np.ndarray:
    return NetworkSegmenter([model]).segment(abdomen(modality=modality)).layers[LayerName.ORGANS].mask(name)


def test_that_a_scan_is_drawn_with_them_and_the_file_is_named(tmp_path: Path) -> None:
    model = with_trees(tmp_path)
    assert "borders.json" in model.sha256
    plain, drawn = drawn_by(replace(model, borders=None)), drawn_by(model)
    # The wall of the body is brighter than fat as well: these trees draw a larger spleen.
    assert np.count_nonzero(drawn) > 1.5 * np.count_nonzero(plain)
    assert drawn[abdomen().voxels == HU_OF["spleen"]].mean() > 0.97


def test_that_a_structure_keeps_its_border_where_hardly_anything_would_be_left(tmp_path: Path) -> None:
    model = with_trees(tmp_path, "pancreas", is_bright_inside=False)
    assert np.array_equal(drawn_by(model, "pancreas"), drawn_by(replace(model, borders=None), "pancreas"))


def test_that_nothing_is_drawn_again_on_mr(tmp_path: Path) -> None:
    model = with_trees(tmp_path)
    drawn, plain = (drawn_by(one, modality=Modality.MR) for one in (model, replace(model, borders=None)))
    assert np.array_equal(drawn, plain)


@pytest.mark.parametrize("change", [{"spacing_mm": 2.5}, {"classes": ["background", "liver"]}, {"structures": 3}])
def test_that_trees_for_other_networks_are_refused_by_name(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable) as refused:
        drawn_by(with_trees(tmp_path, **change))
    assert refused.value.parameters["file"] == "borders.json"


def test_that_a_missing_file_of_trees_is_refused_by_name(tmp_path: Path) -> None:
    model = with_trees(tmp_path)
    (tmp_path / "borders.json").unlink()
    with pytest.raises(BackendUnavailable, match="incomplete"):
        model.check_files()
    assert BorderTrees(4.0, CLASSES, {}).of == {}
