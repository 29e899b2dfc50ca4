"""One network on the processor: right, the same each time, and it can be stopped."""

import threading
from pathlib import Path

import numpy as np
import onnx
import pytest

from segmentation.networks.session_onnxruntime import NetworkSession
from tests.segmentation.networks.small_networks import CLASSES, band_network, bands, slow_network
from twin.errors import BackendUnavailable, Cancelled
from twin.job import CancelSource


def _saved(model: onnx.ModelProto, path: Path) -> Path:
    onnx.save(model, path)
    return path


def _image(window: int = 32) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (1, 1, window, window, window)).astype(np.float32)


def test_that_int8_weights_are_unfolded(tmp_path: Path) -> None:
    model = band_network(bands())
    logits = NetworkSession(_saved(model, tmp_path / "n.onnx")).run(_image())
    arrays = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    weights = arrays["q"].reshape(-1).astype(np.float32) * arrays["scale"]
    expected = _image() * weights.reshape(1, -1, 1, 1, 1) + arrays["b"].reshape(1, -1, 1, 1, 1)
    assert logits.shape == (1, len(CLASSES), 32, 32, 32)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-2)


def test_that_the_number_of_threads_does_not_change_the_output(tmp_path: Path) -> None:
    path = _saved(slow_network(32, 3), tmp_path / "n.onnx")
    one, two = (NetworkSession(path, n_threads=n).run(_image()) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_that_a_run_is_stopped_in_its_middle(tmp_path: Path) -> None:
    session = NetworkSession(_saved(slow_network(), tmp_path / "slow.onnx"))
    source = CancelSource()
    threading.Timer(0.3, source.cancel).start()
    with pytest.raises(Cancelled):  # the whole run would take far longer than the time limit of the tests is worth
        session.run(_image(96), cancel=source.token)


def test_that_a_session_works_again_after_it_was_stopped(tmp_path: Path) -> None:
    session = NetworkSession(_saved(band_network(bands()), tmp_path / "n.onnx"))
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        session.run(_image(), cancel=source.token)
    assert np.isfinite(session.run(_image(), cancel=CancelSource().token)).all()


def test_that_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    with pytest.raises(BackendUnavailable) as refused:
        NetworkSession(tmp_path / "broken.onnx")
    assert refused.value.parameters["file"] == "broken.onnx"
