"""The whole way from a scan to labels, with networks that know tissues by their intensity alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmentation.classical.prior import ClassicalPrior, classical_prior
from segmentation.classical.segment import ClassicalSegmenter
from segmentation.networks import ensemble, network_segmenter, shape
from segmentation.networks.model import NetworkModel, read_model
from segmentation.networks.network_segmenter import NetworkSegmenter, only_where_better
from segmentation.segmenter import SegmentationResult, Segmenter, segmenters
from tests.segmentation.networks.small_networks import (
    HU_OF,
    WALL_HU,
    abdomen,
    band_network,
    bands,
    slow_network,
    write_model,
)
from tests.segmentation.shapes import air, limb, noise
from twin.anatomy import LayerName
from twin.errors import BackendUnavailable, Cancelled, InputError
from twin.grid import Grid
from twin.job import CancelSource, Progress
from twin.volume import Modality, Quantity, Volume
from twin.wording import LANGUAGES, Wording

STRUCTURES = (
    "liver", "pancreas", "portal_vein", "inferior_vena_cava", "aorta", "bile_duct", "spleen", "stomach", "kidney",
    "bone", "skin",
)  # fmt: skip


@pytest.fixture(scope="module")
def result(band_model: NetworkModel) -> SegmentationResult:
    return NetworkSegmenter([band_model]).segment(abdomen())


def _dice(drawn: np.ndarray, true: np.ndarray) -> float:
    return 2.0 * np.count_nonzero(drawn & true) / (np.count_nonzero(drawn) + np.count_nonzero(true))


@pytest.mark.parametrize("structure_id", ["liver", "spleen", "kidney", "pancreas", "aorta"])
def test_that_a_structure_is_drawn_where_it_is(structure_id: str, result: SegmentationResult) -> None:
    layer = result.layers[LayerName.VESSELS if structure_id == "aorta" else LayerName.ORGANS]
    assert _dice(layer.mask(structure_id), abdomen().voxels == HU_OF[structure_id]) > 0.85


def test_that_each_structure_is_either_found_or_said_to_be_missing_in_words(result: SegmentationResult) -> None:
    for structure_id in STRUCTURES:
        assert result.has(structure_id) != (structure_id in result.not_found), structure_id
    for language in LANGUAGES:
        for reason in result.not_found.values():
            assert Wording(language).text(reason) != reason
        for warning in result.warnings:
            assert Wording(language).text(warning.message_id, **warning.parameters) != warning.message_id


def test_that_bone_and_skin_are_drawn_on_ct(result: SegmentationResult) -> None:
    context, hu = result.layers[LayerName.CONTEXT], abdomen().voxels
    assert _dice(context.mask("skin"), hu > -500) > 0.95
    assert _dice(context.mask("bone"), hu == 600) > 0.8


def test_that_labels_lie_on_the_grid_of_the_scan_and_name_the_weights(
    result: SegmentationResult, band_model: NetworkModel
) -> None:
    layer = result.layers[LayerName.ORGANS]
    abdomen().grid.require_same_space(layer.grid)
    assert layer.provenance is not None
    assert layer.provenance.producer == "segmenter.networks"
    assert set(band_model.sha256.items()) <= set(layer.provenance.input_hashes.items())


def test_that_confidence_is_kept_on_its_grid(result: SegmentationResult) -> None:
    assert result.confidence_grid is not None
    liver = result.confidence["liver"]
    assert liver.shape == result.confidence_grid.shape_kji
    k, j, i = np.round(result.confidence_grid.ijk_from_lps((-60.0, -10.0, 110.0))).astype(int)[::-1]
    assert liver[k, j, i] > 200
    assert liver[k, j, -1] < 20


def test_that_the_same_scan_gives_the_same_labels(result: SegmentationResult, band_model: NetworkModel) -> None:
    again = NetworkSegmenter([band_model], n_threads=1).segment(abdomen())
    assert {name: layer.hash for name, layer in again.layers.items()} == {
        name: layer.hash for name, layer in result.layers.items()
    }


def test_that_an_mr_gets_liver_spleen_and_kidneys_only(band_model: NetworkModel) -> None:
    mr = NetworkSegmenter([band_model]).segment(abdomen(modality=Modality.MR))
    assert all(mr.has(name) for name in ("liver", "spleen", "kidney"))
    assert mr.not_found["pancreas"] == mr.not_found["aorta"] == "networks.not_found.not_validated_on_mr"
    assert mr.not_found["bone"] == "networks.not_found.only_on_ct"
    assert "networks.warning.few_mr" in {warning.message_id for warning in mr.warnings}


def test_that_a_liver_of_ct_is_asked_for_more_certainty_than_one_of_mr(
    band_model: NetworkModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shape._RULES, "liver", replace(shape.rule_of("liver"), smallest_mean=1.01))
    ct, mr = (NetworkSegmenter([band_model]).segment(abdomen(modality=m)) for m in (Modality.CT, Modality.MR))
    assert ct.not_found["liver"] == "networks.not_found.not_sure"
    assert ct.has("spleen")
    assert ct.has("pancreas")  # the spleen says that this is an abdomen
    assert mr.has("liver")


# A network that knows intensities alone takes the marrow of a thigh for a vessel: the rules must see that it is none.
@pytest.mark.parametrize("scan", [air, noise, limb])
def test_that_a_scan_of_something_else_gets_no_organ(scan: Callable[[], Volume], band_model: NetworkModel) -> None:
    found = NetworkSegmenter([band_model]).segment(scan())
    assert not any(found.has(name) for name in STRUCTURES[:-2])


def test_that_large_organs_are_looked_for_beside_a_liver_only(
    band_model: NetworkModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    wide_look = ensemble.with_wide_look

    def recorded(close, grid, wide, wide_grid, ids):  # type: ignore[no-untyped-def]
        shown.append((grid.spacing_ijk_mm[0], wide_grid.spacing_ijk_mm[0]))
        return wide_look(close, grid, wide, wide_grid, ids)

    monkeypatch.setattr(ensemble, "with_wide_look", recorded)
    scan = abdomen()
    NetworkSegmenter([band_model]).segment(scan)
    assert shown == [(4.0, 6.0)]
    without = np.where(scan.voxels == HU_OF["liver"], WALL_HU, scan.voxels).astype(np.int16)
    found = NetworkSegmenter([band_model]).segment(replace(scan, voxels=without))
    assert found.has("spleen")
    assert len(shown) == 1


def test_that_a_narrow_body_gets_no_organ(band_model: NetworkModel) -> None:
    narrow = NetworkSegmenter([band_model]).segment(abdomen(half_width_mm=90.0))
    assert not any(narrow.has(name) for name in STRUCTURES[:-2])
    assert narrow.not_found["liver"] == "segmentation.not_found.narrow_body"


def test_that_less_sure_networks_widen_the_interval(tmp_path: Path) -> None:
    def outward_mm(sharpness: float) -> float:
        card = {"border_confidence": {"usual": {"liver": 1.0}}}
        model = read_model(write_model(tmp_path, [band_network(bands(), sharpness=sharpness)], card=card))
        found = NetworkSegmenter([model]).segment(abdomen())
        return found.layers[LayerName.ORGANS].uncertainties["liver"].outward_mm

    assert outward_mm(250.0) > outward_mm(6000.0) >= 3.0


def test_that_a_fine_network_redraws_what_it_was_made_for(band_model: NetworkModel, tmp_path: Path) -> None:
    card = {
        "kind": "fine",
        "spacing_mm": 4.0,
        "box": {"around": ["pancreas", "gallbladder"], "margin_mm": 20},
        "card": {"boundary": {"pancreas": {"inward_mm": -0.5, "outward_mm": 0.7}}},
    }
    fine = read_model(write_model(tmp_path, [band_network(bands())], name="fine", **card))
    both = NetworkSegmenter([band_model, fine]).segment(abdomen())
    pancreas = both.layers[LayerName.ORGANS].mask("pancreas")
    assert _dice(pancreas, abdomen().voxels == HU_OF["pancreas"]) > 0.85
    uncertainties = both.layers[LayerName.ORGANS].uncertainties
    assert uncertainties["pancreas"].inward_mm >= -1.5  # of the card of the fine network, at most threefold
    assert uncertainties["liver"].is_assumed
    assert "fine-7" in NetworkSegmenter([band_model, fine]).version


def test_that_a_fine_network_looks_only_at_what_it_draws_better(tmp_path: Path) -> None:
    def read(name: str, **given: object) -> NetworkModel:
        (tmp_path / name).mkdir()
        return read_model(write_model(tmp_path / name, [band_network(bands())], name=name, **given))

    coarse = read("coarse", card={"dice": {"pancreas": 0.5, "liver": 0.9}})
    box = {"around": ["pancreas", "liver"], "margin_mm": 20}
    fine = read("fine", kind="fine", box=box, card={"dice": {"pancreas": {"a": 0.7, "b": 0.5}, "liver": 0.8}})
    closer = only_where_better(fine, coarse)
    assert closer is not None
    assert closer.region is not None
    assert closer.region.around == ("pancreas",)
    worse = read("worse", kind="fine", box=box, card={"dice": {"pancreas": 0.4, "liver": 0.9}})
    assert only_where_better(worse, coarse) is None


def test_that_the_classical_segmenter_draws_what_it_draws_better(
    band_model: NetworkModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    class Drawn(ClassicalSegmenter):
        def segment(self, volume: Volume, **rest: object) -> SegmentationResult:  # type: ignore[override]
            drawn.append(volume.id)
            return SegmentationResult({})

    monkeypatch.setattr(network_segmenter, "ClassicalSegmenter", Drawn)
    better, worse = (replace(band_model, dice={"liver": dice}) for dice in (0.99, 0.5))
    NetworkSegmenter([better]).segment(abdomen())
    assert drawn == []
    NetworkSegmenter([worse]).segment(abdomen())
    assert drawn == ["volume-1"]


def test_that_the_card_of_the_classical_segmenter_has_its_dice() -> None:
    prior: ClassicalPrior = classical_prior()
    assert set(prior.dice) == {"liver", "aorta", "inferior_vena_cava"}
    assert 0.9 < prior.dice["liver"] < 1.0


def test_that_progress_rises_to_one_in_words(band_model: NetworkModel) -> None:
    heard: list[Progress] = []
    NetworkSegmenter([band_model]).segment(abdomen(), progress=heard.append)
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(Wording("fr").text(progress.message_id) != progress.message_id for progress in heard)


def test_that_a_segmentation_is_cancelled_while_a_network_runs(tmp_path: Path) -> None:
    model = read_model(write_model(tmp_path, [slow_network()], window=96))
    source = CancelSource()

    def stop(progress: Progress) -> None:
        if progress.message_id == "networks.progress.organs":
            source.cancel()

    with pytest.raises(Cancelled):
        NetworkSegmenter([model]).segment(abdomen(), progress=stop, cancel=source.token)


def test_that_an_image_of_unknown_kind_is_refused_in_one_line(band_model: NetworkModel) -> None:
    grid = Grid.from_spacing((8, 8, 8), (2, 2, 2))
    volume = Volume("volume-1", grid, np.ones((8, 8, 8), np.int16), Quantity.SIGNAL, Modality.UNKNOWN)
    with pytest.raises(InputError) as refused:
        NetworkSegmenter([band_model]).segment(volume)
    assert "unknown" in Wording("en").error(refused.value)


def test_that_a_tiny_scan_is_answered_without_a_crash(band_model: NetworkModel) -> None:
    grid = Grid.from_spacing((3, 2, 1), (1, 1, 1))
    volume = Volume("volume-1", grid, np.zeros((1, 2, 3), np.int16), Quantity.HOUNSFIELD, Modality.CT)
    assert set(NetworkSegmenter([band_model]).segment(volume).not_found) == set(STRUCTURES)


def test_that_networks_without_weights_are_unavailable_with_the_reason() -> None:
    without = NetworkSegmenter([])
    availability = without.availability()
    assert not availability.is_available
    assert availability.message_id == "networks.unavailable.no_weights"
    with pytest.raises(BackendUnavailable):
        without.segment(abdomen())


def test_that_damaged_weights_make_them_unavailable(tmp_path: Path) -> None:
    model = read_model(write_model(tmp_path, [band_network(bands())]))
    model.members[0].write_bytes(b"")
    assert NetworkSegmenter([model]).availability().message_id == "networks.unavailable.bad_files"
    with pytest.raises(BackendUnavailable, match=r"coarse_0\.onnx"):
        NetworkSegmenter([model]).segment(abdomen())


def test_that_the_networks_come_first_and_the_classical_segmenter_says_when_they_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_segmenter, "shipped_models", tuple)
    networks, classical = segmenters()
    assert isinstance(networks, Segmenter)
    assert not networks.availability().is_available
    assert (networks.id, classical.id) == ("segmenter.networks", "segmenter.classical")
    assert "networks.warning.made_without" in {w.message_id for w in classical.segment(air()).warnings}


def test_that_the_classical_segmenter_says_nothing_when_the_networks_are_there(
    band_model: NetworkModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_segmenter, "shipped_models", lambda: (band_model,))
    networks, classical = segmenters()
    assert networks.availability().is_available
    assert "networks.warning.made_without" not in {w.message_id for w in classical.segment(air()).warnings}
