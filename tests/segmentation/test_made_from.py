"""A training goes on from work that was made from the same networks, and from no other."""

from pathlib import Path

import pytest

from segmentation.training.made_from import require_made_from


def networks(folder: Path, **weights: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = [folder / f"{name}.onnx" for name in weights]
    for file, content in zip(files, weights.values(), strict=True):
        file.write_text(content)
    return files


def test_that_a_training_goes_on_with_the_same_networks(tmp_path: Path) -> None:
    files = networks(tmp_path / "models", coarse_0="aa", coarse_1="bb")
    require_made_from(tmp_path / "work", files)
    (tmp_path / "work" / "rows.npz").touch()
    require_made_from(tmp_path / "work", reversed(files))


def test_that_rows_of_other_networks_are_refused_in_one_line(tmp_path: Path) -> None:
    require_made_from(tmp_path / "work", networks(tmp_path / "models", coarse_0="aa", coarse_1="bb"))
    with pytest.raises(SystemExit, match=r"made from other networks or labels.*--work"):
        require_made_from(tmp_path / "work", networks(tmp_path / "models", coarse_0="aa", coarse_1="cc"))


def test_that_rows_of_unknown_networks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "rows.npz").touch()
    with pytest.raises(SystemExit, match="made from other networks"):
        require_made_from(tmp_path / "work", networks(tmp_path / "models", coarse_0="aa"))
