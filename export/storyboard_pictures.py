"""What the picture of each step shows, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from export.model import REMNANT, SPECIMEN, ModelPart, model_parts, parts_in_focus
from export.renderer import View
from export.story.choices import Approach
from export.story.enclosed_vtk import divided_by
from export.story.torso import placed_torso, scar_surface, torso_surface
from export.storyboard_notes import StepId
from export.storyboard_steps import StoryboardStep
from twin.anatomy import LayerName, structure
from twin.outcome import CrossedVessel, Outcome
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import LANGUAGES, Wording

__all__ = ["Picture", "StoryboardPictures"]

_TORSO_COLOUR, _SCAR_COLOUR = "#E9E0D8", "#07504C"
_CROSSED_COLOUR, _DOUBTFUL_COLOUR = "#FF7A00", "#FFFFFF"
_LEAST_MARK_MM, _MARK_OF_DIAMETER = 3.4, 0.75  # radius; a mark is larger than the vessel it sits on
_N_AROUND, _N_UP = 16, 9
_STAYING_OPACITY, _WHOLE_OPACITY, _FAINT_OPACITY = 0.62, 0.42, 0.22
_AROUND_MM = 12.0  # farther from the organ, vessels only make it small in the picture


@dataclass(frozen=True)
class Picture:
    """Parts to draw and the side they are seen from."""

    parts: tuple[ModelPart, ...]
    view: View = View.FRONT


@dataclass(frozen=True)
class StoryboardPictures:
    """Chooses the parts of each picture.

    Parameters
    ----------
    twin, outcome
        Of the plan.
    organ_id
        Organ that the plan acts on.
    split
        Surfaces of remnant and specimen of the whole plan; None when nothing is divided.
    split_of_cuts
        The same for single cuts, by their place in the plan.
    approach
        Way in.
    """

    twin: Twin
    outcome: Outcome
    organ_id: str
    split: Sequence[Surface] | None
    split_of_cuts: Mapping[int, Sequence[Surface]]
    approach: Approach

    def of(self, step: StoryboardStep) -> Picture:
        """Return the picture of a step."""
        match step.id:
            case StepId.APPROACH:
                return Picture(self._body())
            case StepId.EXPLORE:
                return Picture(self._whole())
            case StepId.CONTROL:
                return Picture((*_opened(self._divided(), _FAINT_OPACITY), *self._crossings()))
            case StepId.CUT:
                return Picture(self._divided(step.cut))
            case StepId.REBUILD | StepId.STAYS:
                return Picture(self._staying())
            case StepId.CLOSE:
                return Picture(self._staying(), self._side_of_the_cut())

    def _divided(self, cut: int | None = None) -> tuple[ModelPart, ...]:
        """Return what the plan, or one of its cuts, divides, with what lies in and beside the organ."""
        split = self.split if cut is None else self.split_of_cuts.get(cut, self.split)
        shown = parts_in_focus(model_parts(self.twin, split))
        organ = self.twin.surfaces[self.organ_id]
        near = [(part, _near(part.surface, organ)) for part in shown]
        return tuple(replace(part, surface=surface) for part, surface in near if surface is not None)

    def _whole(self) -> tuple[ModelPart, ...]:
        """Return the organ before the operation: as it is divided, but in one piece."""
        inside = tuple(part for part in self._divided() if part.id not in (REMNANT, SPECIMEN, self.organ_id))
        whole = next(part for part in model_parts(self.twin) if part.id == self.organ_id)
        return (replace(whole, opacity=_WHOLE_OPACITY), *inside)

    def _staying(self) -> tuple[ModelPart, ...]:
        """Return what is left in the patient; the body where nothing of the organ is."""
        divided = {part.id: part for part in self._divided()}
        if SPECIMEN not in divided:
            return self._whole()
        if REMNANT not in divided:
            return self._body()
        region = divided[SPECIMEN].surface
        staying = [replace(divided[REMNANT], opacity=_STAYING_OPACITY)]
        for part in divided.values():
            if part.id in (REMNANT, SPECIMEN) or (part.id == "bile_duct" and self.organ_id == "pancreas"):
                continue  # gallbladder and lower bile duct go with the head; the twin does not divide them
            surface = part.surface
            if structure(part.id).layer is not LayerName.ORGANS:
                outside, _ = divided_by(surface, region)
                if outside is None:
                    continue
                surface = outside
            staying.append(replace(part, surface=surface))
        return tuple(staying)

    def _body(self) -> tuple[ModelPart, ...]:
        organ = next(part for part in model_parts(self.twin) if part.id == self.organ_id)
        place = placed_torso(organ.surface, self.twin.surfaces)
        scar = scar_surface(self.approach, place)
        parts = [_part("torso", torso_surface(place), _TORSO_COLOUR, 0.42), replace(organ, opacity=0.9)]
        return (*parts, *([] if scar is None else [_part("scar", scar, _SCAR_COLOUR, 1.0)]))

    def _crossings(self) -> tuple[ModelPart, ...]:
        """Return a mark at each crossing: white where the vessel may have to be preserved, else dark."""
        doubtful = [vessel for vessel in self.outcome.clip_list if vessel.to_preserve]
        certain = [vessel for vessel in self.outcome.clip_list if not vessel.to_preserve]
        marks = (("crossed", certain, _CROSSED_COLOUR), ("doubtful", doubtful, _DOUBTFUL_COLOUR))
        return tuple(_part(name, _marks(name, vessels), colour, 1.0) for name, vessels, colour in marks if vessels)

    def _side_of_the_cut(self) -> View:
        """Return the side from which the cut face is seen best: that of what is removed."""
        by_id = {part.id: part.surface.points_lps_mm for part in self._divided()}
        if not {REMNANT, SPECIMEN} <= set(by_id):
            return View.FRONT
        away = by_id[SPECIMEN].mean(axis=0) - by_id[REMNANT].mean(axis=0)
        axis = int(np.abs(away).argmax())
        sides = ((View.LEFT, View.RIGHT), (View.BACK, View.FRONT), (View.ABOVE, View.BELOW))
        return sides[axis][0 if away[axis] > 0 else 1]


def _part(name: str, surface: Surface, colour: str, opacity: float) -> ModelPart:
    names = {language: Wording(language).text(f"export.storyboard.part.{name}") for language in LANGUAGES}
    return ModelPart(name, surface, names, colour, opacity)


def _opened(parts: Sequence[ModelPart], opacity: float) -> tuple[ModelPart, ...]:
    """Return the parts with the organ so faint that the marks inside are seen; the lesions would hide some."""
    told = [part for part in parts if not part.id.startswith("lesion-")]
    return tuple(replace(part, opacity=opacity) if part.id in (REMNANT, SPECIMEN) else part for part in told)


def _near(surface: Surface, organ: Surface) -> Surface | None:
    """Return the triangles of a surface that lie beside the organ, all three corners within its box and a rim."""
    low, high = organ.points_lps_mm.min(axis=0) - _AROUND_MM, organ.points_lps_mm.max(axis=0) + _AROUND_MM
    is_near = (
        ((surface.points_lps_mm >= low) & (surface.points_lps_mm <= high)).all(axis=1)[surface.triangles].all(axis=1)
    )
    if not is_near.any():
        return None
    used, corners = np.unique(surface.triangles[is_near], return_inverse=True)  # points left over widen the view
    normals = None if surface.normals_lps is None else surface.normals_lps[used]
    triangles = corners.reshape(-1, 3).astype(np.int32)
    return replace(surface, points_lps_mm=surface.points_lps_mm[used], triangles=triangles, normals_lps=normals)


def _marks(name: str, vessels: Sequence[CrossedVessel]) -> Surface:
    points, triangles = [], []
    ball, faces = _ball()
    for n, vessel in enumerate(vessels):
        radius_mm = max(_LEAST_MARK_MM, _MARK_OF_DIAMETER * vessel.diameter_mm)
        points.append(np.asarray(vessel.point_lps_mm) + radius_mm * ball)
        triangles.append(faces + n * len(ball))
    return Surface(name, np.concatenate(points).astype(np.float32), np.concatenate(triangles).astype(np.int32))


def _ball() -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return a sphere of radius 1: rings and two poles, triangles counter-clockwise from outside."""
    heights = np.linspace(-np.pi / 2, np.pi / 2, _N_UP)[1:-1]
    around = np.linspace(0.0, 2.0 * np.pi, _N_AROUND, endpoint=False)
    rings = [np.stack([np.cos(h) * np.cos(around), np.cos(h) * np.sin(around), np.full(_N_AROUND, np.sin(h))], -1)
             for h in heights]  # fmt: skip
    points = np.concatenate([*rings, [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]])
    south, north, last = len(points) - 2, len(points) - 1, (len(heights) - 1) * _N_AROUND
    faces = []
    for a in range(_N_AROUND):
        b = (a + 1) % _N_AROUND
        faces += [(south, b, a), (north, last + a, last + b)]
        for ring in range(len(heights) - 1):
            low, high = ring * _N_AROUND, (ring + 1) * _N_AROUND
            faces += [(low + a, low + b, high + b), (low + a, high + b, high + a)]
    return points, np.array(faces, np.int32)
