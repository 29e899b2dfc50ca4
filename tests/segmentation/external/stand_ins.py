"""Programs that behave like those of others, written to a folder and started like them."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from pathlib import Path

import numpy as np

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

SIZE_IJK = (30, 26, 22)

_HEAD = """\
    #!{python}
    import json, os, subprocess, sys, time
    import numpy as np
    import SimpleITK as sitk

    arguments = dict(zip(sys.argv[1::1], sys.argv[2::1]))

    def bar(percent):
        sys.stderr.write(f"\\r{{percent:3d}}%|##   | {{percent}}/100 [00:01<00:01]")
        sys.stderr.flush()

    def labels_like(path, boxes):
        image = sitk.ReadImage(path)
        labels = np.zeros(sitk.GetArrayFromImage(image).shape, np.uint8)
        for value, (k, j, i) in boxes.items():
            labels[k[0]:k[1], j[0]:j[1], i[0]:i[1]] = value
        made = sitk.GetImageFromArray(labels)
        made.CopyInformation(image)
        return made
"""


def program(folder: Path, name: str, body: str) -> Path:
    """Write an executable Python program."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    source = textwrap.dedent(_HEAD).format(python=sys.executable) + textwrap.dedent(body)
    path.write_text(source, encoding="utf-8")
    path.chmod(0o755)
    return path


def scan(modality: Modality = Modality.CT, *, is_turned: bool = False) -> Volume:
    """Return a small scan with a bright block, its axes turned against those of the patient if wanted."""
    direction = np.diag([-1.0, -1.0, 1.0]) if is_turned else np.eye(3)
    grid = Grid.from_spacing(SIZE_IJK, (3.0, 3.0, 4.0), origin_lps_mm=(-40.0, 12.5, 700.25), direction=direction)
    voxels = np.full(grid.shape_kji, -100, np.int16)
    voxels[6:16, 8:18, 5:15] = 120
    quantity = Quantity.HOUNSFIELD if modality is Modality.CT else Quantity.SIGNAL
    return Volume("volume-1", grid, voxels if modality is Modality.CT else voxels + 100, quantity, modality)


def nnunet_folder(folder: Path, **changes: object) -> Path:
    """Write a model folder as nnU-Net leaves it, with weights of a few bytes."""
    dataset: dict[str, object] = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "liver": 1, "tumour": 2, "brain": 3},
        "file_ending": ".nii.gz",
        "licence": "CC BY 4.0",
    }
    dataset |= changes
    for fold in (0, 1):
        (folder / f"fold_{fold}").mkdir(parents=True)
        (folder / f"fold_{fold}" / "checkpoint_final.pth").write_bytes(bytes([fold] * 64))
    (folder / "dataset.json").write_text(json.dumps(dataset), encoding="utf-8")
    (folder / "plans.json").write_text("{}", encoding="utf-8")
    return folder


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    """Wait until a process has ended; tell whether it has."""
    deadline = time.monotonic() + 20
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not lives(pid)
