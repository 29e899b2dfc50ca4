"""The parts of a twin as they leave the program: one closed surface each, with its name and its paint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.anatomy import LayerName, Structure, structure, structures
from twin.errors import GeometryError
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import LANGUAGES, Wording

__all__ = [
    "REMNANT",
    "SPECIMEN",
    "ModelPart",
    "is_shown_at_first",
    "model_parts",
    "parts_in_focus",
    "require_closed",
]

REMNANT = "remnant"
SPECIMEN = "specimen"
# What is removed: the eighth colour of the palette searched for colour-blind readers (docs/decisions/0037).
_SPECIMEN_COLOUR = "#A234AA"
_SPLIT_OPACITY = 0.34  # lesions and vessels inside stay in sight
_IN_FRONT = frozenset({"stomach", "duodenum", "kidney"})
_NEIGHBOURS = {
    "liver": frozenset(
        {
            *("pancreas", "pancreatic_duct", "spleen", "aorta", "celiac_trunk", "splenic_artery"),
            *("superior_mesenteric_artery", "superior_mesenteric_vein", "gastroduodenal_artery"),
        }
    ),
    "pancreas": frozenset({"liver", "hepatic_vein", "inferior_vena_cava"}),
}
_DIVISIBLE_ORGANS = ("liver", "pancreas")
# Drawn and listed in the order in which a surgeon reads a plan.
_LAYER_ORDER = (
    LayerName.ORGANS,
    LayerName.LESIONS,
    LayerName.VESSELS,
    LayerName.DUCTS,
    LayerName.COUINAUD,
    LayerName.CONTEXT,
)


@dataclass(frozen=True, eq=False)
class ModelPart:
    """One named, painted surface.

    Parameters
    ----------
    id
        Structure id, ``"remnant"`` or ``"specimen"``; also the stem of file names. Never an identity.
    surface
        Closed surface, LPS millimetres.
    names
        Language to name for people.
    colour
        ``"#RRGGBB"``.
    opacity
        0 to 1.
    is_whole_of_split
        True for the whole organ when remnant and specimen are there as well: it is not shown with them.
    """

    id: str
    surface: Surface
    names: Mapping[str, str]
    colour: str
    opacity: float
    is_whole_of_split: bool = False

    @property
    def colour_rgb(self) -> tuple[float, float, float]:
        """Colour as three numbers from 0 to 1."""
        red, green, blue = (int(self.colour[n : n + 2], 16) / 255.0 for n in (1, 3, 5))
        return (red, green, blue)


def model_parts(twin: Twin, split: Sequence[Surface] | None = None) -> tuple[ModelPart, ...]:
    """Return the parts of a twin, organs first; remnant and specimen stand before the organ they divide.

    Parameters
    ----------
    twin
        The twin.
    split
        Surfaces ``remnant`` and ``specimen``, or None when the plan divides nothing.

    Raises
    ------
    GeometryError
        ``error.export.no_surface`` when the twin has none.
    """
    split = tuple(split or ())
    whole = _divided_organ(twin, split)
    parts = [_split_part(surface, whole) for surface in split]
    known = [structure(name) for name in twin.surfaces]
    place = {one.id: n for n, one in enumerate(structures())}  # segments 4a and 4b stand between 3 and 5
    for one in sorted(known, key=lambda s: (_LAYER_ORDER.index(s.layer), place.get(s.id, s.value))):
        names = {language: one.name(language) for language in LANGUAGES}
        parts.append(
            ModelPart(one.id, twin.surfaces[one.id], names, one.colour, one.opacity, is_whole_of_split=one is whole)
        )
    if not parts:
        raise GeometryError("error.export.no_surface")
    return tuple(parts)


def _divided_organ(twin: Twin, split: Sequence[Surface]) -> Structure | None:
    """Return the organ that remnant and specimen come from: the one whose centre lies nearest to theirs."""
    organs = [name for name in _DIVISIBLE_ORGANS if name in twin.surfaces]
    if not split or not organs:
        return None
    centre_lps_mm = _centre(*split)
    nearest = min(organs, key=lambda name: float(np.linalg.norm(_centre(twin.surfaces[name]) - centre_lps_mm)))
    return structure(nearest)


def is_shown_at_first(part: ModelPart) -> bool:
    """True unless the part hides the organs of the plan, or is the whole of what is shown divided."""
    if part.id in (REMNANT, SPECIMEN):
        return True
    is_in_front = part.id in _IN_FRONT or structure(part.id).layer in (LayerName.CONTEXT, LayerName.COUINAUD)
    return not is_in_front and not part.is_whole_of_split


def parts_in_focus(parts: Sequence[ModelPart]) -> tuple[ModelPart, ...]:
    """Return the parts a still picture shows: what the plan is about, without the neighbours around it."""
    whole = next((part.id for part in parts if part.is_whole_of_split), "")
    unwanted = _NEIGHBOURS.get(whole, frozenset())
    return tuple(part for part in parts if is_shown_at_first(part) and part.id not in unwanted)


def require_closed(parts: Sequence[ModelPart]) -> None:
    """Raise unless every surface is closed: an open one has no inside and cannot be printed.

    Raises
    ------
    GeometryError
        ``error.export.open_surface`` naming the structure.
    """
    for part in parts:
        if not part.surface.is_closed:
            raise GeometryError("error.export.open_surface", structure=part.id)


def _split_part(surface: Surface, whole: Structure | None) -> ModelPart:
    is_specimen = surface.structure_id.startswith(SPECIMEN)
    part_id = SPECIMEN if is_specimen else REMNANT
    names = {language: _split_name(part_id, whole, language) for language in LANGUAGES}
    colour = _SPECIMEN_COLOUR if is_specimen or whole is None else whole.colour
    return ModelPart(part_id, surface, names, colour, _SPLIT_OPACITY)


def _split_name(part_id: str, whole: Structure | None, language: str) -> str:
    wording = Wording(language)
    if part_id == SPECIMEN:
        return wording.text("export.part.specimen")
    if whole is not None and whole.id == "pancreas":
        return wording.text("export.part.remnant_pancreas")
    return wording.text("export.part.remnant_liver")


def _centre(*surfaces: Surface) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    low = np.min([surface.points_lps_mm.min(axis=0) for surface in surfaces], axis=0)
    high = np.max([surface.points_lps_mm.max(axis=0) for surface in surfaces], axis=0)
    return np.asarray((low + high) / 2.0, dtype=np.float64)
