"""The network, its loss and its training: run where the extra ``train`` is installed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train (torch) is not installed")
onnxruntime = pytest.importorskip("onnxruntime")

from segmentation.training.networks.architecture_torch import BlockUNet  # noqa: E402
from segmentation.training.networks.export_onnx import write_onnx  # noqa: E402
from segmentation.training.networks.fold_torch import FoldTraining, trained_weights  # noqa: E402
from segmentation.training.networks.loss_torch import partial_loss  # noqa: E402
from segmentation.training.networks.stage import STAGES, Stage  # noqa: E402
from segmentation.training.networks.training_scans_sitk import TrainingScan  # noqa: E402


def test_that_the_exported_graph_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = BlockUNet(3, (16, 32)).eval()
    write_onnx({name: value.numpy() for name, value in network.state_dict().items()}, 3, 16, tmp_path / "net.onnx")
    image = np.random.default_rng(0).normal(0, 1, (1, 1, 16, 16, 16)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)).numpy()
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": image})
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()  # weights of 8 bits
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999


def test_that_an_unlabelled_organ_costs_nothing_where_it_was_not_labelled() -> None:
    classes = torch.zeros((8, 8, 8), dtype=torch.long)
    sure_background = torch.zeros((1, 3, 8, 8, 8))
    sure_background[:, 0] = 20.0
    sure_organ = torch.zeros((1, 3, 8, 8, 8))
    sure_organ[:, 2] = 20.0
    as_background = float(partial_loss(sure_background, classes, (0, 1), 0.0))
    assert float(partial_loss(sure_organ, classes, (0, 1), 0.0)) == pytest.approx(as_background, abs=1e-4)
    assert float(partial_loss(sure_organ, classes, (0, 1, 2), 0.0)) > as_background + 1.0


def _scan() -> TrainingScan:
    random = np.random.default_rng(2)
    classes = np.zeros((24, 24, 24), np.uint8)
    classes[6:18, 6:18, 6:18] = 1
    image = np.where(classes == 1, 180, 60) + random.integers(-20, 20, classes.shape)
    return TrainingScan("made_up", "btcv", image.astype(np.uint8), classes, tuple(range(10)))


def _stage(steps: int) -> Stage:
    return replace(STAGES[0], steps=steps, patch=32)


def test_that_a_stopped_training_goes_on_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    whole = FoldTraining(_stage(6), 0, tmp_path / "whole")
    stopped = FoldTraining(_stage(6), 0, tmp_path / "stopped")
    for training in (whole, stopped):
        training.work.mkdir()
    whole.run([_scan()])
    stopped.run([_scan()], stop_after=3)
    assert stopped.steps_done == 3
    stopped.run([_scan()])
    expected, found = trained_weights(whole.checkpoint), trained_weights(stopped.checkpoint)
    assert all(np.allclose(found[name], expected[name], atol=1e-6) for name in expected)
