"""A real ONNX model with a sidecar, run in a process of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="only to make the small model")

from segmentation.external.onnx_model import OnnxModel  # noqa: E402
from tests.segmentation.external.stand_ins import scan  # noqa: E402
from twin.anatomy import LayerName  # noqa: E402
from twin.errors import BackendUnavailable, Cancelled, InputError  # noqa: E402
from twin.job import CancelSource, Progress  # noqa: E402
from twin.wording import LANGUAGES, Wording  # noqa: E402

PATCH = (16, 16, 16)
SIDECAR = {
    "format": "twinsight-onnx-1",
    "name": "bright blocks",
    "version": "3",
    "licence": "CC0",
    "modality": "CT",
    "spacing_mm": [3.0, 3.0, 4.0],
    "patch": list(PATCH),
    "input": {"clip": [-100, 140], "levels": [0, 240]},
    "output": "logits",
    "classes": ["background", "foie"],
    "structures": {"foie": "liver"},
}


def write_model(folder: Path, **changes: object) -> Path:
    """Write a model that calls voxels above 100 of its input the first class: logits are +-(x - 100)."""
    helper = onnx.helper
    shape = [1, 1, *PATCH]
    hundred = helper.make_tensor("hundred", onnx.TensorProto.FLOAT, [1], [100.0])
    nodes = [
        helper.make_node("Sub", ["hundred", "image"], ["dark"]),
        helper.make_node("Neg", ["dark"], ["bright"]),
        helper.make_node("Concat", ["dark", "bright"], ["logits"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "blocks",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 2, *PATCH])],
        [hundred],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "blocks.onnx"
    onnx.save(model, str(path))
    path.with_suffix(".json").write_text(json.dumps({**SIDECAR, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize("is_turned", [False, True])
def test_that_the_model_labels_what_it_sees_at_its_place(tmp_path: Path, is_turned: bool) -> None:
    heard: list[Progress] = []
    volume = scan(is_turned=is_turned)
    segmenter = OnnxModel(write_model(tmp_path), tmp_path / "weights.json")
    assert segmenter.availability().is_available
    result = segmenter.segment(volume, progress=heard.append)
    liver = result.layers[LayerName.ORGANS].mask("liver")
    assert np.array_equal(liver, np.asarray(volume.voxels) > 50)
    provenance = result.layers[LayerName.ORGANS].provenance
    assert provenance is not None
    assert (provenance.version, provenance.parameters["licence"]) == ("3", "CC0")
    assert any(0.1 < progress.fraction < 0.9 for progress in heard)


def test_that_an_anisotropic_working_grid_keeps_the_place(tmp_path: Path) -> None:
    volume = scan()
    result = OnnxModel(write_model(tmp_path, spacing_mm=[2.0, 3.0, 2.5]), tmp_path / "weights.json").segment(volume)
    liver, truth = result.layers[LayerName.ORGANS].mask("liver"), np.asarray(volume.voxels) > 50
    assert 2 * np.count_nonzero(liver & truth) / (np.count_nonzero(liver) + np.count_nonzero(truth)) > 0.9


def test_that_a_cancel_ends_it(tmp_path: Path) -> None:
    source = CancelSource()

    def listen(progress: Progress) -> None:
        if progress.message_id == "progress.external.running":
            source.cancel()

    with pytest.raises(Cancelled):
        OnnxModel(write_model(tmp_path), tmp_path / "weights.json").segment(
            scan(), progress=listen, cancel=source.token
        )


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({"format": "other"}, "format"),
        ({"classes": ["background"]}, "classes"),
        ({"patch": [16, 16]}, "patch"),
        ({"spacing_mm": 0}, "spacing_mm"),
        ({"modality": "PET"}, "modality"),
        ({"input": {}}, "input.clip"),
        ({"input": {"clip": [3, 2]}}, "clip"),
        ({"output": "poem"}, "output"),
    ],
)
def test_that_a_wrong_sidecar_is_one_line_that_names_the_entry(
    tmp_path: Path, changes: dict[str, object], entry: str
) -> None:
    segmenter = OnnxModel(write_model(tmp_path, **changes), tmp_path / "weights.json")
    assert segmenter.availability().message_id == "external.unavailable.bad_sidecar"
    with pytest.raises(InputError) as refused:
        segmenter.segment(scan())
    assert refused.value.parameters == {"file": "blocks.json", "entry": entry}
    for language in LANGUAGES:
        assert entry in Wording(language).error(refused.value)


def test_that_reasons_for_absence_are_told(tmp_path: Path) -> None:
    record = tmp_path / "weights.json"
    path = write_model(tmp_path, structures={}, classes=["background", "brain"])
    assert OnnxModel(path, record).availability().message_id == "external.unavailable.no_known_structure"
    path.with_suffix(".json").unlink()
    assert OnnxModel(path, record).availability().message_id == "external.unavailable.no_sidecar"
    path.unlink()
    assert OnnxModel(path, record).availability().message_id == "external.unavailable.onnx_file_absent"
    assert OnnxModel(None, record).availability().message_id == "external.unavailable.no_onnx_model"


def test_that_the_checksum_on_the_sidecar_counts(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_model(tmp_path, sha256={"blocks.onnx": digest})
    assert OnnxModel(path, tmp_path / "weights.json").segment(scan()).has("liver")
    write_model(tmp_path, sha256={"blocks.onnx": "0" * 64})
    with pytest.raises(BackendUnavailable) as refused:
        OnnxModel(path, tmp_path / "weights.json").segment(scan())
    assert refused.value.message_id == "error.external.weights_changed"


def test_that_a_file_that_is_no_model_fails_in_one_line(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    path.write_bytes(b"not a model")
    with pytest.raises(BackendUnavailable) as failed:
        OnnxModel(path, tmp_path / "weights.json").segment(scan())
    assert failed.value.message_id == "error.external.failed"
    assert "blocks.onnx" in str(failed.value.parameters["reason"])


def test_that_a_model_that_gives_something_else_is_refused(tmp_path: Path) -> None:
    changes = {"classes": ["background", "foie", "rate"], "structures": {"foie": "liver", "rate": "spleen"}}
    with pytest.raises(BackendUnavailable) as failed:
        OnnxModel(write_model(tmp_path, **changes), tmp_path / "weights.json").segment(scan())
    assert "output_shape" in str(failed.value.parameters["reason"])
