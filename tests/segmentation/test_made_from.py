"""A training goes on from work that was made from the same networks, and from no other."""

from pathlib import Path

import pytest

from segmentation.training.made_from import require_made_from

NETWORKS = {"coarse_0.onnx": "aa", "coarse_1.onnx": "bb"}


def test_that_a_training_goes_on_with_the_same_networks(tmp_path: Path) -> None:
    require_made_from(tmp_path / "work", NETWORKS)
    (tmp_path / "work" / "rows.npz").touch()
    require_made_from(tmp_path / "work", dict(reversed(NETWORKS.items())))


def test_that_rows_of_other_networks_are_refused_in_one_line(tmp_path: Path) -> None:
    require_made_from(tmp_path, NETWORKS)
    with pytest.raises(SystemExit, match=r"made from other networks or labels.*--work"):
        require_made_from(tmp_path, {**NETWORKS, "coarse_1.onnx": "cc"})


def test_that_rows_of_unknown_networks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.npz").touch()
    with pytest.raises(SystemExit, match="made from other networks"):
        require_made_from(tmp_path, NETWORKS)
