"""Label maps made elsewhere: one flat volume of values, taken apart into the label layers of a case."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structures
from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.provenance import Provenance, array_hash
from twin.readers.image_file import LengthUnit
from twin.readers.image_sitk import read_image_file
from twin.readers.label_layers import layers_of_labels
from twin.readers.problem import Problem, Severity
from twin.readers.reorientation import reoriented
from twin.readers.resample_sitk import labels_on_grid

__all__ = ["LabelMapImport", "read_label_map", "read_value_map"]

_READER_VERSION = "1"


@dataclass(frozen=True, eq=False)
class LabelMapImport:
    """Layers of a label map.

    Parameters
    ----------
    layers
        By name, all on one grid; layers without any label are absent.
    notes
        What was assumed, moved or left out.
    grid
        Grid of the layers.
    """

    layers: Mapping[LayerName, LabelLayer]
    notes: tuple[Problem, ...]
    grid: Grid


def read_value_map(path: Path) -> dict[int, str | None]:
    """Read a file of correspondences: a JSON object from value to structure id, null for "leave out".

    Raises
    ------
    InputError
        ``error.labels.bad_map`` when it is no such object, ``error.labels.unknown_structure`` for an unknown id.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = {int(value): None if name is None else str(name) for value, name in data.items()}
    except OSError as error:
        raise InputError("error.import.unreadable", file=path.name) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError("error.labels.bad_map", file=path.name) from error
    _check_structures(found)
    return found


def read_label_map(
    path: Path,
    *,
    value_map: Mapping[int, str | None] | None = None,
    reference: Grid | None = None,
    organ_files: Mapping[str, Path] | None = None,
    resample: bool = False,
    units: LengthUnit | None = None,
) -> LabelMapImport:
    """Read a label map and take it apart into layers.

    Parameters
    ----------
    path
        NIfTI, NRRD or MetaImage file of whole numbers, 0 = background.
    value_map
        Value to structure id, None to leave a value out; the standard values of ``structures.json`` by default.
    reference
        Grid of the scan the labels belong to; None for labels without a volume.
    organ_files
        Organ id to a file whose non-zero voxels are the whole organ: nothing is assumed for it then.
    resample
        True to resample by nearest neighbour what is not on ``reference``; it is refused otherwise. Axes in another
        order or direction are put right without resampling.
    units
        Unit of NIfTI files that say none; not needed where they fall on ``reference``.

    Returns
    -------
    LabelMapImport
        The whole organ is its label with the vessel and lesion parts that it encloses, or that adjoin it with at
        least half of their surface (noted as assumed). Lesions are numbered by falling volume.

    Raises
    ------
    InputError
        File unusable, values unknown or no whole numbers, unknown structure, empty map.
    GeometryError
        ``error.labels.other_space`` when a file is not on the reference grid.
    """
    meaning = _standard_values() if value_map is None else dict(value_map)
    _check_structures(meaning)
    _check_organs(organ_files or {})
    reading = _Reading(reference, resample, units)
    labels, grid = reading.labels(path)
    organ_reading = _Reading(reference or grid, resample, units)
    whole = {organ: organ_reading.labels(file)[0] != 0 for organ, file in (organ_files or {}).items()}
    notes = [*reading.notes, *organ_reading.notes]
    notes += _checked_values(labels, meaning, path.name, is_complete=value_map is None)
    hashes = {"labels": array_hash(labels)} | {organ: array_hash(mask) for organ, mask in whole.items()}
    parameters = {"values": {str(v): name for v, name in meaning.items()}, "is_resampled": reading.is_resampled}
    provenance = Provenance("reader.labels", _READER_VERSION, parameters, hashes)
    layers, assumed = layers_of_labels(labels, grid, meaning, whole, provenance)
    if not layers:
        raise InputError("error.labels.empty", file=path.name)
    return LabelMapImport(layers, (*notes, *assumed), grid)


def _standard_values() -> dict[int, str | None]:
    return {s.value: s.id for s in structures() if not s.layer.is_derived}


def _check_structures(meaning: Mapping[int, str | None]) -> None:
    known = [s.id for s in structures() if not s.layer.is_derived]
    for name in meaning.values():
        if name is not None and name not in known:
            raise InputError("error.labels.unknown_structure", structure=name, known=", ".join(known))


def _check_organs(organ_files: Mapping[str, Path]) -> None:
    organs = [s.id for s in structures() if s.layer is LayerName.ORGANS]
    for name in organ_files:
        if name not in organs:
            raise InputError("error.labels.not_an_organ", structure=name, known=", ".join(organs))


def _checked_values(
    labels: NDArray[np.uint16], meaning: Mapping[int, str | None], name: str, *, is_complete: bool
) -> list[Problem]:
    """Refuse values that nobody explained; with a file of correspondences they are left out and named."""
    unknown = [int(v) for v in np.flatnonzero(np.bincount(labels.ravel())) if v != 0 and int(v) not in meaning]
    if not unknown:
        return []
    shown = ", ".join(map(str, unknown[:10])) + (", …" if len(unknown) > 10 else "")
    if is_complete:
        raise InputError("error.labels.unknown_values", file=name, values=shown)
    return [Problem(Severity.WARNING, "problem.labels.left_out", {"file": name, "values": shown}, name)]


class _Reading:
    """Brings label files onto one grid and notes what that took."""

    def __init__(self, reference: Grid | None, resample: bool, units: LengthUnit | None) -> None:
        self._reference = reference
        self._resample = resample
        self._units = units
        self.notes: list[Problem] = []
        self.is_resampled = False

    def labels(self, path: Path) -> tuple[NDArray[np.uint16], Grid]:
        """Return the labels of a file on the reference grid, or on its own where there is none."""
        name, reference = path.name, self._reference
        image = read_image_file(path, units=self._units, needs_units=reference is None)
        labels = _whole_numbers(image.voxels, name)
        if reference is None:
            self.notes += image.problems
            return labels, image.grid
        turned, turned_grid, is_turned = reoriented(labels, image.grid, reference)
        if reference.is_same_space(turned_grid):
            self.notes += [p for p in image.problems if p.message_id != "problem.image.units_assumed"]
            if is_turned:
                self.notes.append(Problem(Severity.INFO, "problem.labels.reoriented", {"file": name}, name))
            return turned, reference
        self.notes += image.problems
        if not self._resample:
            raise _other_space(reference, turned_grid, name)
        read_image_file(path, units=self._units)  # lengths now matter: a file without unit is refused here
        self.is_resampled = True
        self.notes.append(Problem(Severity.WARNING, "problem.labels.resampled", {"file": name}, name))
        return labels_on_grid(labels, image.grid, reference), reference


def _whole_numbers(voxels: NDArray[Any], name: str) -> NDArray[np.uint16]:
    rounded = np.rint(voxels) if voxels.dtype.kind == "f" else voxels
    if voxels.min() < 0 or voxels.max() > np.iinfo(np.uint16).max or not (rounded == voxels).all():
        raise InputError("error.labels.not_whole_numbers", file=name)
    return np.ascontiguousarray(rounded, dtype=np.uint16)


def _other_space(reference: Grid, grid: Grid, name: str) -> GeometryError:
    try:
        reference.require_same_space(grid)
    except GeometryError as error:
        return GeometryError("error.labels.other_space", file=name, reason=f"term.reason.{error.parameters['reason']}")
    raise AssertionError("grids agree")
