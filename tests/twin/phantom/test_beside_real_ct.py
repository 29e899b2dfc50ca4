"""The phantom beside two real portal CTs: every tissue's mean, spread and noise lie in or near their range.

Places on the real scans were pointed at by hand (voxel k from the feet, j, i); livers come from their manual labels.
Run with ``-s`` to print the table of ``docs/phantom.md``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from tests.twin.phantom.ct_statistics import NoiseTexture, by_value, calm_disc, mean_and_spread, noise_texture
from twin.anatomy import LayerName
from twin.phantom import Phantom, PhantomRecipe, build_phantom
from twin.readers.study import read_study

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

# Tissue: place (k, x, y in mm from the middle of the image), radius, search, lowest and highest plausible mean.
PLACES = {
    "chaos_ct3": {
        "aorta": ((42, 6, 28), 6, 2, 120, 220), "vena cava": ((27, -23, 19), 6, 2, 100, 200),
        "portal vein": ((27, -23, -2), 4, 3, 140, 240), "spleen": ((42, 76, 47), 11, 3, 80, 180),
        "kidney": ((17, 57, 51), 5, 8, 130, 260), "pancreas": ((27, 20, -22), 4, 12, 70, 150),
        "muscle": ((5, -34, 90), 8, 3, 30, 100), "fat": ((42, 76, -9), 4, 8, -130, -70),
        "marrow": ((17, 0, 47), 6, 3, 80, 400), "heart": ((62, 38, -55), 12, 6, 80, 220),
        "lung": ((62, 73, 62), 6, 14, -950, -700),
    },
    "ircadb17": {
        "aorta": ((90, 0, 20), 6, 2, 120, 220), "vena cava": ((66, -26, -4), 6, 2, 100, 200),
        "portal vein": ((50, -33, -36), 4, 4, 140, 240), "spleen": ((90, 75, 19), 11, 6, 60, 180),
        "kidney": ((50, -70, 35), 5, 12, 130, 260), "pancreas": ((50, 40, -24), 4, 12, 60, 150),
        "muscle": ((38, -33, 83), 8, 8, 20, 100), "fat": ((50, 30, -81), 4, 8, -130, -70),
        "marrow": ((38, 7, 33), 6, 6, 80, 400), "heart": ((114, 37, -62), 12, 6, 80, 220),
        "lung": ((114, -90, -41), 6, 14, -950, -700),
    },
}  # fmt: skip
PHANTOM_STRUCTURES = {
    "aorta": (LayerName.VESSELS, "aorta"), "vena cava": (LayerName.VESSELS, "inferior_vena_cava"),
    "portal vein": (LayerName.VESSELS, "portal_vein"), "spleen": (LayerName.ORGANS, "spleen"),
    "pancreas": (LayerName.ORGANS, "pancreas"), "kidney": (LayerName.ORGANS, "kidney"),
}  # fmt: skip
Row = dict[str, tuple[float, float]]


def _real(folder: Path) -> tuple[Row, NoiseTexture]:
    volume = read_study(folder / "dicom.zip").series[0].load()
    image, spacing = volume.voxels.astype(np.float32), volume.grid.spacing_ijk_mm[::-1]
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "labels.nii.gz")))
    liver = ndimage.binary_erosion(labels == 1, iterations=3)
    rows = {"liver": mean_and_spread(image, liver)}
    for tissue, ((k, x, y), radius, search, low, high) in PLACES[folder.name].items():
        j, i = (round(image.shape[a] / 2 + mm / spacing[a]) for a, mm in ((1, y), (2, x)))
        rows[tissue] = mean_and_spread(image, calm_disc(image, spacing, (k, j, i), radius, search, low, high))
    return rows, noise_texture(image, liver, spacing)


def _phantom_rows(phantom: Phantom) -> tuple[Row, NoiseTexture]:
    image, spacing = phantom.volume.voxels.astype(np.float32), phantom.volume.grid.spacing_ijk_mm[::-1]
    organs = phantom.layers[LayerName.ORGANS]
    liver = ndimage.binary_erosion(organs.mask("liver"), iterations=3)
    rows = {"liver": mean_and_spread(image, liver)}
    for tissue, (layer, name) in PHANTOM_STRUCTURES.items():
        mask = ndimage.binary_erosion(phantom.layers[layer].mask(name), iterations=3)
        rows[tissue] = mean_and_spread(image, mask & (image > 100) if tissue == "kidney" else mask)
    body, grid = phantom.layers[LayerName.CONTEXT].mask("skin"), phantom.volume.grid
    y_mm = grid.lps_from_ijk(np.stack([np.zeros(grid.size_ijk[1]), np.arange(grid.size_ijk[1])], 1) @ np.eye(2, 3))[
        :, 1
    ]
    behind = body & (y_mm > 45.0)[None, :, None] & (organs.voxels == 0)
    rows["muscle"] = mean_and_spread(image, by_value(image, 30, 90, behind, n_eroded=4))
    rows["fat"] = mean_and_spread(image, by_value(image, -130, -75, body & (organs.voxels == 0)))
    rows["lung"] = mean_and_spread(image, by_value(image, -990, -700, body, n_eroded=4))
    bone = phantom.layers[LayerName.CONTEXT].mask("bone")
    rows["marrow"] = mean_and_spread(image, by_value(image, 80, 320, bone, n_eroded=2))
    chest = body & (image > 60) & (np.arange(grid.size_ijk[2]) > 0.9 * grid.size_ijk[2])[:, None, None]
    rows["heart"] = mean_and_spread(image, by_value(image, 90, 200, chest | ndimage.binary_closing(chest), n_eroded=8))
    return rows, noise_texture(image, liver, spacing)


def test_that_means_spreads_and_noise_lie_beside_those_of_real_scans(shared_data: Path) -> None:
    real = {name: _real(shared_data / name) for name in PLACES}
    rows, texture = _phantom_rows(build_phantom(PhantomRecipe()))
    print()
    for tissue, (mean, spread) in rows.items():
        beside = " | ".join(f"{r[0][tissue][0]:.0f} ± {r[0][tissue][1]:.0f}" for r in real.values())
        print(f"| {tissue} | {mean:.0f} ± {spread:.0f} | {beside} |")
    for name in ("spread_hu", "half_width_mm", "mean_frequency_per_mm", "between_slices"):
        beside = " | ".join(f"{getattr(r[1], name):.2f}" for r in real.values())
        print(f"| {name} | {getattr(texture, name):.2f} | {beside} |")
    for tissue, (mean, spread) in rows.items():
        means, spreads = zip(*(r[0][tissue] for r in real.values()), strict=True)
        slack = 8.0
        assert min(means) - slack <= mean <= max(means) + slack, tissue
        assert 0.6 * min(spreads) <= spread <= 1.6 * max(spreads), tissue
    for name, slack in (("spread_hu", 3.0), ("half_width_mm", 0.06), ("mean_frequency_per_mm", 0.02)):
        values = [getattr(r[1], name) for r in real.values()]
        assert min(values) - slack <= getattr(texture, name) <= max(values) + slack, name
    assert min(r[1].between_slices for r in real.values()) <= texture.between_slices
    assert texture.between_slices <= max(r[1].between_slices for r in real.values())
