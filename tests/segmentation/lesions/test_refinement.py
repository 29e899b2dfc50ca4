"""A lesion from a click: found at once, and never made worse in the direction that nobody asked for."""

import numpy as np
import pytest

from segmentation.lesions.refinement import refine_lesion
from segmentation.lesions.stroke import LesionRegion, Stroke
from tests.segmentation.clicking_user import Click, ClickingUser, dice
from tests.segmentation.lesions.made_up_liver import MadeUpLiver, made_up_liver
from twin.box import Box
from twin.errors import Cancelled, GeometryError, InputError
from twin.job import CancelSource

CENTRE = np.array([12.0, -6.0, 4.0])


def _outlined(scan: MadeUpLiver, *, organ: np.ndarray | None = None, n_clicks: int = 5) -> list[float]:
    """Dice after each click of the scripted user."""
    strokes: list[Stroke] = []
    regions: list[LesionRegion | None] = [None]

    def answer(click: Click) -> np.ndarray:
        strokes.append(Stroke(click.point_lps_mm, click.is_inside))
        whole = scan.organ if organ is None else organ
        regions.append(refine_lesion(scan.volume, whole, strokes, previous=regions[-1]))
        return regions[-1].whole(scan.volume.grid)

    user = ClickingUser(scan.lesions[0], scan.volume.grid)
    return user.corrected(np.zeros_like(scan.lesions[0]), answer, n_clicks=n_clicks)


@pytest.mark.parametrize("is_mr", [False, True])
@pytest.mark.parametrize(("radius_mm", "value_hu"), [(15.0, 60.0), (9.0, 10.0), (9.0, 170.0)])
def test_that_one_click_outlines_a_lesion_and_five_do_it_well(radius_mm: float, value_hu: float, is_mr: bool) -> None:
    scores = _outlined(made_up_liver((CENTRE, radius_mm, value_hu), is_mr=is_mr))
    assert scores[1] >= 0.75
    assert scores[5] >= 0.85
    assert min(np.diff(scores)) > -0.03


def test_that_an_organ_mask_that_misses_the_lesion_is_no_hindrance() -> None:
    scan = made_up_liver(((36.0, 0.0, 0.0), 14.0, 60.0))
    assert _outlined(scan, organ=scan.organ & ~scan.lesions[0])[5] >= 0.8


def test_that_no_organ_at_all_is_no_hindrance() -> None:
    scan = made_up_liver((CENTRE, 12.0, 50.0))
    assert _outlined(scan, organ=np.zeros_like(scan.organ))[5] >= 0.8


def test_that_a_click_inside_only_adds_and_one_outside_only_takes_away() -> None:
    scan = made_up_liver((CENTRE, 12.0, 60.0))
    grid = scan.volume.grid
    first = refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE)])
    rim = CENTRE + np.array([15.0, 0.0, 0.0])
    more = refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE), Stroke(rim)], previous=first)
    assert not (first.whole(grid) & ~more.whole(grid)).any()
    assert more.volume_ml(grid) > first.volume_ml(grid)
    less = refine_lesion(
        scan.volume, scan.organ, [Stroke(CENTRE), Stroke(rim), Stroke(rim, is_inside=False)], previous=more
    )
    assert not (less.whole(grid) & ~more.whole(grid)).any()
    assert less.volume_ml(grid) < more.volume_ml(grid)


def test_that_every_click_is_obeyed() -> None:
    scan = made_up_liver((CENTRE, 12.0, 60.0))
    grid = scan.volume.grid
    inside, outside = CENTRE + np.array([0.0, 14.0, 0.0]), CENTRE - np.array([0.0, 8.0, 0.0])
    drawn = refine_lesion(
        scan.volume, scan.organ, [Stroke(CENTRE), Stroke(inside), Stroke(outside, is_inside=False)]
    ).whole(grid)
    at = [tuple(np.round(grid.ijk_from_lps(point)[::-1]).astype(int)) for point in (inside, outside)]
    assert [bool(drawn[voxel]) for voxel in at] == [True, False]


def test_that_a_stroke_that_agrees_changes_nothing() -> None:
    scan = made_up_liver((CENTRE, 12.0, 60.0))
    first = refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE)])
    again = refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE)], previous=first)
    assert again.box == first.box
    np.testing.assert_array_equal(again.mask, first.mask)


def test_that_a_line_across_gives_the_size() -> None:
    scan = made_up_liver((CENTRE, 12.0, 104.0))  # hardly visible: the line must decide
    ends = CENTRE + np.array([[-12.0, 0.0, 0.0], [12.0, 0.0, 0.0]])
    region = refine_lesion(scan.volume, scan.organ, [], diameter_lps_mm=ends)
    assert dice(region.whole(scan.volume.grid), scan.lesions[0]) >= 0.75


def test_that_a_scribble_inside_is_followed() -> None:
    scan = made_up_liver((CENTRE, 12.0, 60.0))
    scribble = CENTRE + np.array([[-6.0, 0.0, 0.0], [6.0, 0.0, 0.0]])
    region = refine_lesion(scan.volume, scan.organ, [Stroke(scribble)])
    assert dice(region.whole(scan.volume.grid), scan.lesions[0]) >= 0.8


def test_that_the_region_lies_in_its_smallest_box() -> None:
    scan = made_up_liver((CENTRE, 9.0, 60.0))
    region = refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE)])
    assert Box.around(region.whole(scan.volume.grid)) == region.box


def test_that_a_stroke_outside_alone_starts_nothing() -> None:
    scan = made_up_liver((CENTRE, 9.0, 60.0))
    with pytest.raises(InputError, match="no_start"):
        refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE, is_inside=False)])


def test_that_a_click_beside_the_scan_is_refused() -> None:
    scan = made_up_liver((CENTRE, 9.0, 60.0))
    with pytest.raises(InputError, match="point_outside"):
        refine_lesion(scan.volume, scan.organ, [Stroke((500.0, 0.0, 0.0))])


def test_that_strokes_outside_over_all_of_it_say_that_nothing_is_left() -> None:
    scan = made_up_liver((CENTRE, 9.0, 60.0))
    tiny = np.zeros(scan.volume.grid.shape_kji, bool)
    tiny[20, 30, 40] = True
    region = LesionRegion.of_mask(tiny)
    point = scan.volume.grid.lps_from_ijk((40, 30, 20))
    with pytest.raises(GeometryError, match="nothing_left"):
        refine_lesion(scan.volume, scan.organ, [Stroke(point, is_inside=False)], previous=region)


def test_that_refining_can_be_cancelled() -> None:
    scan = made_up_liver((CENTRE, 9.0, 60.0))
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        refine_lesion(scan.volume, scan.organ, [Stroke(CENTRE)], cancel=source.token)
