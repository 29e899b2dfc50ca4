"""The NIfTI set: every label layer of a case on its source grid, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.image_sitk import write_nifti
from export.staging import staged_folder, write_whole
from twin.anatomy import LayerName, Structure, structure, structure_of_value, structures
from twin.case import Case
from twin.errors import GeometryError

__all__ = ["projected_labels", "write_nifti_set"]

# Later ones cover earlier ones.
_RISING_PRIORITY = (
    LayerName.CONTEXT,
    LayerName.ORGANS,
    LayerName.VESSELS,
    LayerName.DUCTS,
    LayerName.LESIONS,
)
_WHOLE_ORGANS = ("liver", "pancreas")
_LAYER_IMAGES = (LayerName.LESIONS, LayerName.VESSELS, LayerName.COUINAUD)
_LESION = structure("lesion")
_OTHER_ARTERY = structure("other_artery")
_FINE_ARTERIES = range(71, 76)
_PROJECTED = {s.value: s for s in structures() if s.layer in _RISING_PRIORITY and s.value not in _FINE_ARTERIES}


def write_nifti_set(case: Case, folder: Path) -> tuple[Path, ...]:
    """Write the labels of a case as NIfTI on the source grid.

    ``labels.nii.gz`` is a projection of all layers (lesions > ducts > vessels > organs > context),
    ``organs/liver.nii.gz`` and ``organs/pancreas.nii.gz`` are whole organs with what lies inside them,
    ``lesions``, ``vessels`` and ``couinaud`` are written when they hold a label. Beside each image stand a
    table of its values (``.json``) and a colour table for 3D Slicer (``.ctbl``).

    Parameters
    ----------
    case
        The case.
    folder
        Made when it is missing.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    GeometryError
        ``error.export.no_labels`` when nothing is labelled.
    InputError
        When the folder cannot be written; then nothing is.
    """
    if not case.structure_ids():
        raise GeometryError("error.export.no_labels")
    with staged_folder(folder) as staging:
        _write_image(staging, "labels", projected_labels(case), case, LayerName.ORGANS)
        organs = case.layer(LayerName.ORGANS)
        for organ in _WHOLE_ORGANS:
            if organ in organs.structure_ids():
                write_nifti(staging / "organs" / f"{organ}.nii.gz", organs.mask(organ).astype(np.uint8), organs.grid)
        for name in _LAYER_IMAGES:
            if case.layer(name).values():
                _write_image(staging, name.value, case.layer(name).voxels, case, name)
        names = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
    return tuple(Path(folder) / name for name in names)


def projected_labels(case: Case) -> NDArray[np.uint8]:
    """Return all layers as one image, uint8 ``[k, j, i]``; named arteries become "other arteries"."""
    labels = np.zeros(case.reference_grid.shape_kji, np.uint8)
    for name in _RISING_PRIORITY:
        if name not in case.layers:
            continue
        layer = case.layers[name]
        # One small table instead of a mask for each value.
        table = np.arange(max(layer.values(), default=0) + 1)
        if name is LayerName.LESIONS:
            table[1:] = _LESION.value
        table[[value for value in _FINE_ARTERIES if value < table.size]] = _OTHER_ARTERY.value
        seen = layer.voxels != 0
        labels[seen] = table.astype(np.uint8)[layer.voxels[seen]]
    return labels


def _write_image(staging: Path, stem: str, voxels: NDArray[np.generic], case: Case, layer: LayerName) -> None:
    counts = np.bincount(voxels.ravel())
    values = [int(value) for value in np.flatnonzero(counts) if value != 0]
    rows = [_PROJECTED[value] if stem == "labels" else structure_of_value(layer, value) for value in values]
    write_nifti(staging / f"{stem}.nii.gz", voxels, case.reference_grid)  # type: ignore[arg-type]
    table = [_table_row(value, row) for value, row in zip(values, rows, strict=True)]
    write_whole(staging / f"{stem}.json", _json_bytes(table))
    write_whole(staging / f"{stem}.ctbl", _slicer_colours(zip(values, rows, strict=True)))


def _table_row(value: int, row: Structure) -> dict[str, object]:
    return {
        "value": value,
        "id": row.id,
        "code": row.code,
        "code_scheme": "SCT",
        "code_meaning": row.code_meaning,
        "names": {"fr": row.name_fr, "en": row.name_en},
        "colour": row.colour,
    }


def _slicer_colours(rows: Iterable[tuple[int, Structure]]) -> bytes:
    """Return a colour table as 3D Slicer reads it: value, name without spaces, red, green, blue, alpha."""
    lines = ["# Color table file for 3D Slicer", "0 Background 0 0 0 0"]
    for value, row in rows:
        red, green, blue = (int(row.colour[n : n + 2], 16) for n in (1, 3, 5))
        lines.append(f"{value} {row.name_en.replace(' ', '_')} {red} {green} {blue} 255")
    return ("\n".join(lines) + "\n").encode()


def _json_bytes(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()
