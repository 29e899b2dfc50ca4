"""Candidates: what stands out is proposed, a healthy liver proposes nothing, vessels and fat are left alone."""

import numpy as np
import pytest

from segmentation.lesions.candidates import CandidateKind, find_lesion_candidates
from tests.segmentation.clicking_user import dice
from tests.segmentation.lesions.made_up_liver import made_up_liver
from twin.errors import Cancelled
from twin.job import CancelSource

DARK = ((18.0, -8.0, 6.0), 10.0, 55.0)
FLUID = ((-22.0, 4.0, -10.0), 8.0, 5.0)
BRIGHT = ((-10.0, -16.0, 14.0), 8.0, 170.0)


@pytest.mark.parametrize("is_mr", [False, True])
def test_that_what_stands_out_is_proposed_once_with_its_outline(is_mr: bool) -> None:
    scan = made_up_liver(DARK, FLUID, BRIGHT, is_mr=is_mr)
    found = find_lesion_candidates(scan.volume, scan.organ)
    assert len(found) == 3
    for lesion in scan.lesions:
        assert max(dice(c.region.whole(scan.volume.grid), lesion) for c in found) >= 0.7


def test_that_the_largest_is_listed_first() -> None:
    scan = made_up_liver(DARK, FLUID, BRIGHT)
    volumes_ml = [c.volume_ml for c in find_lesion_candidates(scan.volume, scan.organ)]
    assert len(volumes_ml) == 3
    assert volumes_ml == sorted(volumes_ml, reverse=True)


def test_that_kinds_are_what_the_grey_values_say() -> None:
    scan = made_up_liver(DARK, FLUID, BRIGHT)
    kinds = {}
    for candidate in find_lesion_candidates(scan.volume, scan.organ):
        drawn = candidate.region.whole(scan.volume.grid)
        kinds[int(np.argmax([dice(drawn, lesion) for lesion in scan.lesions]))] = candidate.kind
    assert kinds == {0: CandidateKind.DARKER, 1: CandidateKind.FLUID, 2: CandidateKind.BRIGHTER}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_that_a_healthy_liver_has_none(seed: int) -> None:
    scan = made_up_liver(seed=seed)
    assert find_lesion_candidates(scan.volume, scan.organ) == ()


def test_that_a_vessel_is_none() -> None:
    scan = made_up_liver(*[((x, 0.0, 0.4 * x), 5.0, 180.0) for x in np.arange(-40.0, 41.0, 3.0)])
    assert find_lesion_candidates(scan.volume, scan.organ) == ()


def test_that_a_known_vessel_is_none_even_where_it_looks_round() -> None:
    scan = made_up_liver(BRIGHT)
    assert find_lesion_candidates(scan.volume, scan.organ, vessel_mask=scan.lesions[0]) == ()


def test_that_fat_in_a_fissure_is_none() -> None:
    scan = made_up_liver(((30.0, 22.0, 0.0), 7.0, -90.0))
    assert find_lesion_candidates(scan.volume, scan.organ) == ()


def test_that_an_empty_organ_has_none() -> None:
    scan = made_up_liver(DARK)
    assert find_lesion_candidates(scan.volume, np.zeros_like(scan.organ)) == ()


def test_that_the_search_can_be_cancelled() -> None:
    scan = made_up_liver(DARK)
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        find_lesion_candidates(scan.volume, scan.organ, cancel=source.token)
