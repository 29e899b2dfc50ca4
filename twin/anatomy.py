"""The structures TwinSight knows: id, label value, layer, code, names and colour (``resources/anatomy``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from resources import resource_path
from twin.errors import InputError

__all__ = ["LayerName", "Structure", "lesion_id", "structure", "structure_of_value", "structures"]


class LayerName(StrEnum):
    """The label layers of a case. Within a layer labels exclude each other; between layers they overlap."""

    ORGANS = "organs"
    VESSELS = "vessels"
    LESIONS = "lesions"
    DUCTS = "ducts"
    CONTEXT = "context"
    COUINAUD = "couinaud"
    PORTAL_BRANCH = "portal_branch"
    VENOUS_BRANCH = "venous_branch"

    @property
    def is_derived(self) -> bool:
        """True for layers that the twin computes from others and nobody edits."""
        return self in (LayerName.COUINAUD, LayerName.PORTAL_BRANCH, LayerName.VENOUS_BRANCH)


@dataclass(frozen=True)
class Structure:
    """One structure of the anatomy: what it is called, coded, and drawn as.

    ``code`` and ``code_meaning`` are SNOMED CT (scheme SCT) as printed in DICOM PS3.16.
    """

    id: str
    value: int
    layer: LayerName
    code: str
    code_meaning: str
    name_en: str
    name_fr: str
    colour: str
    opacity: float

    def name(self, language: str) -> str:
        """Name in ``"fr"`` or ``"en"``."""
        return self.name_fr if language == "fr" else self.name_en

    @property
    def colour_rgb(self) -> tuple[float, float, float]:
        """Colour as three numbers from 0 to 1."""
        red, green, blue = (int(self.colour[n : n + 2], 16) / 255.0 for n in (1, 3, 5))
        return (red, green, blue)


@cache
def _table() -> dict[str, Structure]:
    rows = json.loads(resource_path("anatomy/structures.json").read_text(encoding="utf-8"))["structures"]
    return {
        row["id"]: Structure(
            row["id"],
            int(row["value"]),
            LayerName(row["layer"]),
            row["code"],
            row["meaning"],
            row["en"],
            row["fr"],
            row["colour"],
            float(row["opacity"]),
        )
        for row in rows
    }


def structures() -> tuple[Structure, ...]:
    """All structures, in the order of the table."""
    return tuple(_table().values())


def structure(structure_id: str) -> Structure:
    """Return a structure by its id; ``"lesion-3"`` is the structure ``lesion`` with its number in the names.

    Raises
    ------
    InputError
        When there is no such structure.

    Examples
    --------
    >>> structure("liver").code, structure("lesion-2").name("fr")
    ('10200004', 'Lésion 2')
    """
    found = _table().get(structure_id)
    if found is not None:
        return found
    kind, _, number = structure_id.partition("-")
    if kind == "lesion" and number.isdigit():
        lesion = _table()["lesion"]
        return Structure(
            structure_id,
            int(number),
            lesion.layer,
            lesion.code,
            lesion.code_meaning,
            f"{lesion.name_en} {number}",
            f"{lesion.name_fr} {number}",
            lesion.colour,
            lesion.opacity,
        )
    raise InputError("error.anatomy.unknown_structure", structure=structure_id)


def structure_of_value(layer: LayerName, value: int) -> Structure:
    """Return the structure that ``value`` stands for in ``layer``; in ``lesions`` each value is a lesion of its own.

    Raises
    ------
    InputError
        When the layer has no structure with this value.
    """
    if layer is LayerName.LESIONS:
        return structure(lesion_id(value))
    for candidate in _table().values():
        if candidate.layer is layer and candidate.value == value:
            return candidate
    raise InputError("error.anatomy.unknown_value", layer=layer.value, value=value)


def lesion_id(value: int) -> str:
    """Id of the lesion stored as ``value`` in the layer ``lesions``."""
    return f"lesion-{value}"
