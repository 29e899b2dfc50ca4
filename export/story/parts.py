"""The parts that a story shows: few, in the calm palette, with names in the patient's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from export.model import REMNANT, SPECIMEN, ModelPart
from export.story.choices import Approach, StoryKind
from export.story.enclosed_vtk import divided_by
from export.story.own_skin import OwnSkin
from export.story.torso import placed_torso, scar_surface, torso_surface
from export.story.words import StoryWords
from twin.anatomy import structure
from twin.surface import Surface
from twin.twin import Twin

__all__ = [
    "CLEAR_OPACITY",
    "FADED_OPACITY",
    "GONE",
    "SCAR",
    "TORSO",
    "is_context",
    "main_organ",
    "story_parts",
    "whole_id",
]

TORSO, SCAR = "torso", "scar"
GONE = "-gone"  # ending of the id of what lies in the part that is removed: vessels go with it
FADED_OPACITY = 0.13
CLEAR_OPACITY = 0.26  # yellow behind so much purple is still yellow; a test holds it there
# Context is one pale neutral family; both were searched to stay 15 CIEDE2000 from what they are shown with.
_CONTEXT_COLOUR, _TORSO_COLOUR, _SCAR_COLOUR = "#D0E8E8", "#E9E0D8", "#07504C"
_SPECIMEN_COLOUR = "#A234AA"
_OPACITY = {"liver": 0.5, "pancreas": 0.62, REMNANT: 0.5, SPECIMEN: 0.55, TORSO: 0.42}
_KEY_STRUCTURES = {
    "liver": ("portal_vein", "hepatic_vein", "bile_duct"),
    "pancreas": ("portal_vein", "superior_mesenteric_vein", "bile_duct", "pancreatic_duct"),
}
_CONTEXT_STRUCTURES: Mapping[str, tuple[str, ...]] = {
    "liver": (),
    "pancreas": ("liver", "stomach", "duodenum", "spleen"),
}
# What shares a meaning for the patient shares a colour: the duct is painted like bile.
_COLOURS = {"pancreatic_duct": "#1B634F", "superior_mesenteric_vein": "#151C5D"}


def main_organ(kind: StoryKind) -> str:
    """Return the organ that a story is about."""
    return "pancreas" if kind is StoryKind.PANCREAS else "liver"


def story_parts(
    twin: Twin,
    split: Sequence[Surface],
    kind: StoryKind,
    approach: Approach,
    lesion_names: Mapping[str, str],
    words: StoryWords,
    *,
    has_own_skin: bool = False,
) -> tuple[ModelPart, ...]:
    """Return torso, scar, organ, what stays and goes, its vessels and ducts, the lesions told, and the neighbours.

    Parameters
    ----------
    twin
        With the surface of the organ.
    split
        Surfaces ``remnant`` and ``specimen``, none when the plan divides nothing.
    kind, approach
        Of the story.
    lesion_names
        Lesions that are told, with their names.
    words
        Texts.
    has_own_skin
        True for the patient's own belly in place of the drawn body.

    Raises
    ------
    InputError
        ``error.story.no_skin`` when the own skin is wanted and not there.
    """
    organ = main_organ(kind)
    place = placed_torso(twin.surfaces[organ], twin.surfaces)
    own = OwnSkin.of_skin(twin.surfaces.get("skin"), place) if has_own_skin else None
    surfaces = {
        TORSO: torso_surface(place) if own is None else own.surface(),
        SCAR: scar_surface(approach, place, None if own is None else own.front_y_mm),
        organ: twin.surfaces[organ],
    }
    surfaces |= {_part_id(surface): surface for surface in split}
    surfaces |= {i: twin.surfaces.get(i) for i in (*_KEY_STRUCTURES[organ], *lesion_names)}
    surfaces |= {i: twin.surfaces.get(i) for i in _CONTEXT_STRUCTURES[organ]}
    vein, liver = surfaces.get("portal_vein"), twin.surfaces.get("liver")
    if organ == "pancreas" and vein is not None and liver is not None:
        surfaces["portal_vein"] = divided_by(vein, liver)[0]  # its tree inside the liver is no part of this story
    if SPECIMEN in surfaces:
        surfaces = _with_gone(surfaces, organ)
    return tuple(
        ModelPart(
            part_id,
            surface,
            {words.language: lesion_names.get(whole_id(part_id)) or words.say(_name_of(part_id, own is not None))},
            _colour(whole_id(part_id), organ),
            _OPACITY.get(part_id, 1.0) if part_id not in _CONTEXT_STRUCTURES[organ] else 1.0,
            is_whole_of_split=bool(split) and part_id == organ,
        )
        for part_id, surface in surfaces.items()
        if surface is not None
    )


def is_context(part_id: str, kind: StoryKind) -> bool:
    """Tell whether a part is a neighbour of the organ that the story is about."""
    return part_id in _CONTEXT_STRUCTURES[main_organ(kind)]


def whole_id(part_id: str) -> str:
    """Return the id of the part that a part was divided from.

    Examples
    --------
    >>> whole_id("portal_vein-gone"), whole_id("lesion-1")
    ('portal_vein', 'lesion-1')
    """
    return part_id.removesuffix(GONE)


def _name_of(part_id: str, has_own_skin: bool) -> str:
    return "parts.own_torso" if part_id == TORSO and has_own_skin else f"parts.{whole_id(part_id)}"


def _with_gone(surfaces: Mapping[str, Surface | None], organ: str) -> dict[str, Surface | None]:
    """Divide vessels, ducts and lesions by what is removed."""
    divided: dict[str, Surface | None] = {}
    specimen = surfaces[SPECIMEN]
    assert specimen is not None
    for part_id, surface in surfaces.items():
        is_inside = part_id in _KEY_STRUCTURES[organ] or part_id.startswith("lesion-")
        if surface is None or not is_inside:
            divided[part_id] = surface
        else:
            divided[part_id], divided[part_id + GONE] = divided_by(surface, specimen)
    return divided


def _part_id(surface: Surface) -> str:
    return SPECIMEN if surface.structure_id.startswith(SPECIMEN) else REMNANT


def _colour(part_id: str, organ: str) -> str:
    fixed = {TORSO: _TORSO_COLOUR, SCAR: _SCAR_COLOUR, SPECIMEN: _SPECIMEN_COLOUR, REMNANT: structure(organ).colour}
    if part_id in _CONTEXT_STRUCTURES[organ]:
        return _CONTEXT_COLOUR
    return fixed.get(part_id) or _COLOURS.get(part_id) or structure(part_id).colour
