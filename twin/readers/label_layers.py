"""From a flat label map to layers: whole organs, vessels, numbered lesions, ducts and the body."""

from __future__ import annotations

from collections.abc import Mapping

import cc3d
import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure, structures
from twin.grid import Grid
from twin.label_layer import LabelLayer, lesion_layer
from twin.provenance import Provenance
from twin.readers.problem import Problem, Severity
from twin.readers.whole_organ import Inclusion, JoinedComponent, components_of_organs
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

__all__ = ["layers_of_labels"]

Mask = NDArray[np.bool_]

# Organs that hold vessels and lesions of their own; stomach, kidneys and the like are taken as labelled.
_ORGANS_WITH_INCLUSIONS = ("liver", "pancreas", "spleen")
_LEAST_NOTED_ML = 1.0


def layers_of_labels(
    labels: NDArray[np.uint16],
    grid: Grid,
    meaning: Mapping[int, str | None],
    whole_organs: Mapping[str, Mask],
    provenance: Provenance,
) -> tuple[dict[LayerName, LabelLayer], list[Problem]]:
    """Take a flat label map apart.

    Parameters
    ----------
    labels
        ``[k, j, i]``, 0 = background.
    grid
        Where they are.
    meaning
        Value to structure id, None to leave it out.
    whole_organs
        Organs given as a whole: nothing is assumed for them.
    provenance
        Of the import.

    Returns
    -------
    tuple
        Layers that hold a label, with the uncertainty of imported labels, and what was assumed.
    """
    numbers = _numbers(labels, meaning)
    found = _structure_numbers(numbers)
    drawn = {name: value for name, value in found.items() if name not in whole_organs}
    organs_with = {name: drawn[name] for name in _ORGANS_WITH_INCLUSIONS if name in drawn}
    parts = components_of_organs(numbers, organs_with, _inclusions(found), grid)
    layers = {
        LayerName.ORGANS: _organs(numbers, drawn, parts, whole_organs, grid, provenance),
        LayerName.VESSELS: _exclusive(LayerName.VESSELS, numbers, found, grid, provenance),
        LayerName.LESIONS: _lesions(numbers, found, grid, provenance),
        LayerName.DUCTS: _exclusive(LayerName.DUCTS, numbers, found, grid, provenance),
    }
    context, notes = _context(numbers, found, whole_organs, grid, provenance)
    layers[LayerName.CONTEXT] = context
    kept = {name: _with_uncertainty(layer) for name, layer in layers.items() if layer.voxels.any()}
    return kept, [*_notes_of_organs(numbers, organs_with, parts, grid), *notes]


def _numbers(labels: NDArray[np.uint16], meaning: Mapping[int, str | None]) -> NDArray[np.uint8]:
    """Replace the values of the file by the standard values of their structures."""
    table = np.zeros(int(labels.max()) + 1, np.uint8)
    for value, name in meaning.items():
        if name is not None and 0 < value < table.size:
            table[value] = structure(name).value
    return table[labels]


def _structure_numbers(numbers: NDArray[np.uint8]) -> dict[str, int]:
    """Structures that occur, with their standard values (unique over the layers that can be imported)."""
    counts = np.bincount(numbers.ravel(), minlength=256)
    return {s.id: s.value for s in structures() if not s.layer.is_derived and counts[s.value]}


def _inclusions(found: Mapping[str, int]) -> dict[Inclusion, int]:
    inside = {}
    for name, value in found.items():
        layer = structure(name).layer
        if layer in (LayerName.VESSELS, LayerName.LESIONS, LayerName.DUCTS):
            inside[Inclusion(name, is_enclosed_only=name == "bile_duct")] = value
    return inside


def _organs(
    numbers: NDArray[np.uint8],
    drawn: Mapping[str, int],
    parts: list[JoinedComponent],
    whole_organs: Mapping[str, Mask],
    grid: Grid,
    provenance: Provenance,
) -> LabelLayer:
    values = [value for name, value in drawn.items() if structure(name).layer is LayerName.ORGANS]
    voxels = np.where(np.isin(numbers, values), numbers, np.uint8(0))
    flat = voxels.reshape(-1)
    for part in parts:
        if part.is_joined:
            flat[part.indices] = structure(part.organ_id).value
    for name, mask in whole_organs.items():
        voxels[mask] = structure(name).value
    return LabelLayer(LayerName.ORGANS, grid, voxels, provenance=provenance)


def _exclusive(
    name: LayerName, numbers: NDArray[np.uint8], found: Mapping[str, int], grid: Grid, provenance: Provenance
) -> LabelLayer:
    values = [value for structure_id, value in found.items() if structure(structure_id).layer is name]
    voxels = np.where(np.isin(numbers, values), numbers, np.uint8(0))
    return LabelLayer(name, grid, voxels, provenance=provenance)


def _lesions(numbers: NDArray[np.uint8], found: Mapping[str, int], grid: Grid, provenance: Provenance) -> LabelLayer:
    """One lesion per connected part, numbered by falling volume."""
    if "lesion" not in found:
        return LabelLayer.empty(LayerName.LESIONS, grid)
    parts, n_parts = cc3d.connected_components(numbers == found["lesion"], connectivity=26, return_N=True)
    return lesion_layer(grid, [parts == n for n in range(1, n_parts + 1)], provenance)


def _context(
    numbers: NDArray[np.uint8],
    found: Mapping[str, int],
    whole_organs: Mapping[str, Mask],
    grid: Grid,
    provenance: Provenance,
) -> tuple[LabelLayer, list[Problem]]:
    """Bone and body. The body holds every organ: a flat map has them cut out of it, or draws its outline only."""
    layer = _exclusive(LayerName.CONTEXT, numbers, found, grid, provenance)
    if "skin" not in found:
        return layer, []
    labelled = numbers != 0
    for mask in whole_organs.values():
        labelled = labelled | mask
    body = labelled | _enclosed_sideways(labelled)
    voxels = np.where(body & (layer.voxels == 0), np.uint8(found["skin"]), layer.voxels)
    is_changed = bool((voxels != layer.voxels).any())
    notes = [Problem(Severity.INFO, "problem.labels.body_completed")] if is_changed else []
    return layer.with_voxels(voxels), notes


def _enclosed_sideways(mask: Mask) -> Mask:
    """Voxels that a mask surrounds within the scan; the body is open where the scan ends above and below."""
    outside = cc3d.connected_components(~mask, connectivity=6)
    is_open = np.zeros(int(outside.max()) + 1, bool)
    is_open[0] = True
    for edge in (outside[:, 0], outside[:, -1], outside[:, :, 0], outside[:, :, -1]):
        is_open[np.unique(edge)] = True
    return np.asarray(~is_open[outside])


def _with_uncertainty(layer: LabelLayer) -> LabelLayer:
    imported = BoundaryUncertainty.of_origin(LabelOrigin.IMPORTED)
    return layer.with_uncertainties(dict.fromkeys(layer.structure_ids(), imported))


def _notes_of_organs(
    numbers: NDArray[np.uint8], organs: Mapping[str, int], parts: list[JoinedComponent], grid: Grid
) -> list[Problem]:
    """Say what was assumed: what each organ was given, and what of some size was left outside of it."""
    voxel_ml = grid.voxel_volume_ml
    notes = []
    for organ, value in organs.items():
        joined_ml = sum(p.n_voxels for p in parts if p.is_joined and p.organ_id == organ) * voxel_ml
        if joined_ml > 0:
            label_ml = np.count_nonzero(numbers == value) * voxel_ml
            parameters = {"organ": organ, "joined_ml": f"{joined_ml:.0f}", "label_ml": f"{label_ml:.0f}"}
            notes.append(Problem(Severity.WARNING, "problem.labels.whole_organ_assumed", parameters, organ))
    for part in parts:
        volume_ml = part.n_voxels * voxel_ml
        if not part.is_joined and part.share > 0.1 and volume_ml >= _LEAST_NOTED_ML:
            parameters = {
                "structure": part.structure_id,
                "organ": part.organ_id,
                "volume_ml": f"{volume_ml:.0f}",
                "share": f"{100 * part.share:.0f}",
            }
            notes.append(Problem(Severity.INFO, "problem.labels.partly_outside", parameters, part.organ_id))
    return notes
