"""What the stage shows: colours that can be told apart, a body that is nobody's, a scar that lies on it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from export.renderer import View
from export.story.choices import Approach, SceneId
from export.story.enclosed_vtk import divided_by
from export.story.own_skin import OwnSkin
from export.story.parts import SCAR, TORSO, main_organ
from export.story.pictures import opacity_on_stage, painted_parts, scene_picture
from export.story.story import Emphasis, Story
from export.story.torso import TorsoPlace, placed_torso, scar_surface, torso_surface
from tests.export.conftest import Example
from tests.export.story.conftest import PlainRenderer, full_choices, replanned, told
from twin.errors import InputError
from twin.resection import DonorSplit, PancreasCut, PancreasOperation, PlaneCut
from twin.surface import Surface

# Machado, Oliveira and Fernandes, IEEE TVCG 2009;15:1291, severity 1, on linear RGB.
_VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_LEAST_DISTANCE = 15.0


def _seen(colour: str, vision: str) -> NDArray[np.float64]:
    rgb = np.array([int(colour[n : n + 2], 16) / 255.0 for n in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(_VISION[vision] @ linear, 0.0, 1.0)
    return np.asarray(rgb2lab(np.where(mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055)))


@pytest.fixture(scope="module")
def stories(approved: Example) -> list[Story]:
    pancreas = replanned(approved, PancreasCut(PancreasOperation.DISTAL, (0.5,)))
    donor = replanned(approved, DonorSplit("left"))
    return [
        told(approved, full_choices("fr")),
        told(donor, full_choices("fr")),
        told(pancreas, full_choices("fr"), is_split=False),
        told(pancreas, full_choices("fr")),
    ]


@pytest.mark.parametrize("vision", list(_VISION))
def test_that_colours_shown_together_can_be_told_apart(stories: list[Story], vision: str) -> None:
    too_near = set()
    for story in stories:
        for scene in story.scenes:
            colours = {story.part(part_id).colour for part_id in scene.stage}
            for one, other in combinations(sorted(colours), 2):
                if deltaE_ciede2000(_seen(one, vision), _seen(other, vision)) < _LEAST_DISTANCE:
                    too_near.add((scene.id, one, other))
    assert too_near == set()


def _through(colour: str, over: str, opacity: float) -> str:
    """The flat colour of a part seen through another one."""
    mixed = [round((1 - opacity) * int(colour[n : n + 2], 16) + opacity * int(over[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def test_that_yellow_stays_yellow_inside_the_part_that_goes(story: Story) -> None:
    steps = next(scene for scene in story.scenes if scene.id is SceneId.STEPS)
    assert "lesion-1-gone" in steps.stage
    over, lesion = story.part("specimen"), story.part("lesion-1-gone")
    seen = _through(lesion.colour, over.colour, opacity_on_stage(over, steps.stage["specimen"]))
    _, a, b = _seen(seen, "normal")
    assert 75.0 < np.degrees(np.arctan2(b, a)) < 115.0, seen  # between orange and green; pink is below 45
    assert deltaE_ciede2000(_seen(seen, "normal"), _seen(over.colour, "normal")) >= _LEAST_DISTANCE


def test_that_a_vein_is_divided_along_the_border_without_teeth(approved: Example) -> None:
    vein, specimen = approved.twin.surfaces["portal_vein"], approved.split[1]
    outside, inside = divided_by(vein, specimen)
    assert outside is not None
    assert inside is not None
    area = [_area_mm2(one) for one in (outside, inside)]
    assert sum(area) == pytest.approx(_area_mm2(vein), rel=1e-4)
    border = _border_points(inside)
    plane = approved.plan.resections[0]
    assert isinstance(plane, PlaneCut)
    away_mm = (border - np.asarray(plane.origin_lps_mm)) @ np.asarray(plane.normal_lps)
    assert len(border) > 6
    assert np.ptp(away_mm) < 1.0  # the triangles of the vein are more than that


def _area_mm2(surface: Surface) -> float:
    a, b, c = (surface.points_lps_mm[surface.triangles[:, n]].astype(float) for n in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


def _border_points(surface: Surface) -> NDArray[np.float64]:
    edges = np.sort(np.concatenate([surface.triangles[:, [n, (n + 1) % 3]] for n in range(3)]), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    return surface.points_lps_mm[np.unique(unique[counts == 1])].astype(np.float64)


def test_that_nothing_is_painted_blood_red(stories: list[Story]) -> None:
    for story in stories:
        for part in story.parts:
            red, green, blue = part.colour_rgb
            assert not (red > 0.6 and green < 0.3 and blue < 0.3), part.id


def test_that_the_body_is_closed_holds_the_organ_and_is_no_ones(approved: Example) -> None:
    liver = approved.twin.surfaces["liver"]
    place = placed_torso(liver, approved.twin.surfaces)
    torso = torso_surface(place)
    assert torso.is_closed
    assert torso.volume_ml > 0
    low, high = torso.points_lps_mm.min(axis=0), torso.points_lps_mm.max(axis=0)
    assert (liver.points_lps_mm > low).all()
    assert (liver.points_lps_mm < high).all()
    shape = (torso.points_lps_mm - np.asarray(place.origin_lps_mm)) / place.scale
    other = placed_torso(approved.twin.surfaces["pancreas"], {})
    again = (torso_surface(other).points_lps_mm - np.asarray(other.origin_lps_mm)) / other.scale
    assert np.allclose(shape, again, atol=1e-2)  # one drawing for everyone


@pytest.mark.parametrize("approach", [a for a in Approach if a is not Approach.UNTOLD])
def test_that_a_scar_lies_on_the_front_of_the_body(approved: Example, approach: Approach) -> None:
    place = placed_torso(approved.twin.surfaces["liver"], approved.twin.surfaces)
    scar, torso = scar_surface(approach, place), torso_surface(place)
    assert scar is not None
    assert scar.is_closed
    assert scar.volume_ml > 0
    away_mm = np.linalg.norm(torso.points_lps_mm[None, :, :] - scar.points_lps_mm[::29, None, :], axis=-1).min(axis=1)
    assert away_mm.max() < 6.0 * place.scale
    assert (scar.points_lps_mm[:, 1] < place.origin_lps_mm[1]).all()
    assert scar_surface(Approach.UNTOLD, place) is None


def _trunk(place: TorsoPlace, above: float = 0.0) -> Surface:
    """A bulging skin from below the pelvis to above the breasts, with a lump of 4 mm and a few points inside it.

    ``above`` makes it so much thicker well above the tip of the breastbone and well below the iliac crests.
    """
    heights, angles = np.meshgrid(np.arange(-420.0, 260.0, 6.0), np.linspace(0, 2 * np.pi, 140, endpoint=False))
    radius = 150.0 + 30.0 * np.cos(heights / 90.0)
    lump = (np.abs(heights + 90.0) < 4.0) & (np.abs(angles - 1.5 * np.pi) < 0.04)
    radius = radius + 4.0 * lump + above * ((heights > 20.0) | (heights < -205.0))
    points = np.stack([radius * np.cos(angles), 0.8 * radius * np.sin(angles), heights], -1).reshape(-1, 3)
    inner = points[::7] * (0.5, 0.5, 1.0)
    made = (np.concatenate([points, inner]) + place.origin_lps_mm).astype(np.float32)
    return Surface("skin", made, np.array([[0, 1, 2]], np.int32))


def test_that_the_own_skin_is_smooth_and_ends_at_breastbone_and_pelvis(approved: Example) -> None:
    place = placed_torso(approved.twin.surfaces["liver"], approved.twin.surfaces)
    own = OwnSkin.of_skin(_trunk(place), place)
    skin = own.surface()
    assert skin.is_closed
    assert skin.volume_ml > 0
    high = OwnSkin.of_skin(
        _trunk(place, above=40.0), place
    )  # another patient above the breastbone and below the pelvis
    assert np.allclose(own.radius_mm, high.radius_mm, atol=0.5), "neither breasts nor pelvis are in it"
    front = own.front_y_mm(np.zeros(31) + place.origin_lps_mm[0], place.origin_lps_mm[2] - np.linspace(60, 120, 31))
    assert np.abs(np.diff(front, n=2)).max() < 0.2, "a lump of 4 mm is gone"
    scar = scar_surface(Approach.J_SHAPED, place, own.front_y_mm)
    assert scar is not None
    y_mm = own.front_y_mm(*(scar.points_lps_mm[:, n].astype(float) for n in (0, 2)))
    assert np.abs(scar.points_lps_mm[:, 1] - y_mm).max() < 8.0 * place.scale


def test_that_the_own_skin_is_shown_only_when_asked_for(approved: Example) -> None:
    place = placed_torso(approved.twin.surfaces["liver"], approved.twin.surfaces)
    surfaces = {**approved.twin.surfaces, "skin": _trunk(place)}
    patient = replace(approved, twin=replace(approved.twin, surfaces=surfaces))
    drawn, own = (told(patient, full_choices("fr", has_own_skin=is_own)) for is_own in (False, True))
    assert drawn.part(TORSO).names["fr"] == "Le corps dessiné"
    assert own.part(TORSO).names["fr"] == "Votre ventre"
    assert "Voici la forme de votre ventre." in own.scenes[0].text[0]
    assert "corps dessiné" not in own.scenes[0].alternative_text
    assert own.part(TORSO).surface.n_triangles != drawn.part(TORSO).surface.n_triangles
    with pytest.raises(InputError) as refusal:
        told(approved, full_choices("fr", has_own_skin=True))
    assert refusal.value.message_id == "error.story.no_skin"


def test_that_the_j_turns_to_the_patients_right(approved: Example) -> None:
    place = placed_torso(approved.twin.surfaces["liver"], approved.twin.surfaces)
    scar = scar_surface(Approach.J_SHAPED, place)
    assert scar is not None
    lowest = scar.points_lps_mm[scar.points_lps_mm[:, 2].argmin()]
    assert lowest[0] < place.origin_lps_mm[0] - 80


def test_that_body_and_scar_are_shown_where_the_operation_is_told(story: Story) -> None:
    by_id = {scene.id: scene.stage for scene in story.scenes}
    assert TORSO in by_id[SceneId.BODY]
    assert {TORSO, SCAR} <= set(by_id[SceneId.DONE])
    assert SCAR not in by_id[SceneId.BODY]
    assert by_id[SceneId.STAYS]["specimen"] is Emphasis.FADED
    assert opacity_on_stage(story.part("specimen"), Emphasis.FADED) < 0.2
    assert main_organ(story.kind) == "liver"


def test_that_a_picture_shows_the_scene_in_the_size_asked_for(story: Story) -> None:
    renderer = PlainRenderer()
    scene = next(scene for scene in story.scenes if scene.id is SceneId.DONE)
    png = scene_picture(story, scene, renderer, (90, 66))
    assert set(renderer.asked[0][0]) == set(scene.stage)
    width, height = (int.from_bytes(png[n : n + 4], "big") for n in (16, 20))
    assert (width, height) == (90, 66)
    assert b"tEXt" not in png


def test_that_a_turned_picture_shows_the_side_the_camera_names(story: Story) -> None:
    """Turned by a quarter, an eye in front sees the patient's left side."""
    from export.story.pictures import _turned

    scene = story.scenes[1]
    parts = painted_parts(story, scene)
    before = np.concatenate([part.surface.points_lps_mm for part in parts])
    after = np.concatenate([part.surface.points_lps_mm for part in _turned(parts, 90.0, 0.0)])
    assert np.allclose(after[:, 1], -before[:, 0], atol=1e-3)  # what was left is now in front
    lifted = np.concatenate([part.surface.points_lps_mm for part in _turned(parts, 0.0, 90.0)])
    assert np.allclose(lifted[:, 1], -before[:, 2], atol=1e-3)  # from above, the head is nearest
    assert View.FRONT
