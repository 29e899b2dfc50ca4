"""A model of small networks, written once."""

from pathlib import Path

import pytest

from segmentation.networks.model import NetworkModel, read_model

pytest.importorskip("onnx", reason="the package onnx writes the small networks (extra test)")


@pytest.fixture(scope="session")
def band_model(tmp_path_factory: pytest.TempPathFactory) -> NetworkModel:
    """A coarse ensemble of two networks that name tissues by their intensity."""
    from tests.segmentation.networks.small_networks import band_network, bands, write_model

    folder: Path = tmp_path_factory.mktemp("bands")
    return read_model(write_model(folder, [band_network(bands()), band_network(bands(), sharpness=5000.0)]))
