"""The card beside the networks says what they are, and their files are what it says."""

import json
from pathlib import Path

import pytest

from segmentation.networks.model import ModelKind, NetworkModel, read_model
from tests.segmentation.networks.small_networks import band_network, bands, write_model
from twin.errors import BackendUnavailable


def test_that_a_card_is_read(band_model: NetworkModel) -> None:
    assert (band_model.kind, band_model.spacing_mm, band_model.patch_kji) == (ModelKind.COARSE, 4.0, (32, 32, 32))
    assert len(band_model.members) == 2
    assert "bile_duct" in band_model.structure_ids
    assert "gallbladder" not in band_model.structure_ids
    band_model.check_files()


def test_that_measured_figures_of_a_card_are_read(tmp_path: Path) -> None:
    card = {
        "boundary": {"gallbladder": {"inward_mm": -1.5, "outward_mm": 2.0}},
        "dice": {"liver": {"a": 0.9, "b": 1.0}, "pancreas": 0.7},
        "border_confidence": {"usual": {"liver": 0.7}, "exponent": 2.0, "largest_factor": 4.0},
    }
    model = read_model(write_model(tmp_path, [band_network(bands())], card=card))
    assert model.uncertainties["bile_duct"].outward_mm == 2.0
    assert not model.uncertainties["bile_duct"].is_assumed
    assert model.dice == {"liver": pytest.approx(0.95), "pancreas": 0.7}
    assert model.confidence.factor("liver", 0.35) == pytest.approx(4.0)


def test_that_a_fine_model_says_where_it_looks(tmp_path: Path) -> None:
    box = {"around": ["pancreas", "gallbladder"], "margin_mm": 20}
    model = read_model(write_model(tmp_path, [band_network(bands())], name="fine", kind="fine", box=box))
    assert model.region is not None
    assert model.region.around == ("pancreas", "bile_duct")


def test_that_a_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    model = read_model(write_model(tmp_path, [band_network(bands())]))
    with model.members[0].open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackendUnavailable, match="damaged") as refused:
        model.check_files()
    assert refused.value.parameters["file"] == "coarse_0.onnx"


def test_that_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    model = read_model(write_model(tmp_path, [band_network(bands())]))
    model.members[0].unlink()
    with pytest.raises(BackendUnavailable, match="incomplete"):
        model.check_files()


@pytest.mark.parametrize(
    "change", [{"kind": "other"}, {"classes": ["liver"]}, {"members": []}, {"patch": [96]}, {"card": 3}]
)
def test_that_a_card_that_makes_no_sense_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="bad_card"):
        read_model(write_model(tmp_path, [band_network(bands())], **change))


def test_that_a_member_cannot_lie_outside_the_folder_of_its_card(tmp_path: Path) -> None:
    path = write_model(tmp_path, [band_network(bands())])
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "members": ["../../coarse_0.onnx"]}), encoding="utf-8")
    assert read_model(path).members == (tmp_path / "coarse_0.onnx",)
