"""Cuts: read, written, kept in a file."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import UsageError
from twin.resection import (
    AblationZone,
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    PancreasCut,
    PancreasOperation,
    Partition,
    PlaneCut,
    ReconstructedVessel,
    Resection,
    SheetCut,
    TerritorySet,
    WedgeCut,
    parse_cut,
    resection_from_json,
    resection_to_json,
    write_cut,
)

COORDINATES = st.floats(-1000, 1000)
POINTS = st.tuples(COORDINATES, COORDINATES, COORDINATES)
NORMALS = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda n: sum(v * v for v in n) > 1e-6)
LESIONS = st.integers(1, 30).map("lesion-{}".format)
MARGINS = st.floats(0, 100)
FRACTIONS = st.floats(0.001, 0.999)
BRANCHES = st.lists(st.from_regex(r"[a-z]+(\.[a-z0-9]+){0,3}", fullmatch=True), min_size=1, max_size=4)
PORTAL = st.lists(st.from_regex(r"portal(\.[a-z0-9]+){0,3}", fullmatch=True), min_size=1, max_size=4)
PLANES = st.builds(PlaneCut, POINTS, NORMALS)
PANCREAS = st.one_of(
    st.builds(PancreasCut, st.just(PancreasOperation.WHIPPLE), st.tuples(FRACTIONS)),
    st.builds(PancreasCut, st.just(PancreasOperation.DISTAL), st.tuples(FRACTIONS), keeps_spleen=st.booleans()),
    st.builds(PancreasCut, st.just(PancreasOperation.CENTRAL), st.tuples(FRACTIONS, FRACTIONS).map(sorted).map(tuple)),
    st.just(PancreasCut(PancreasOperation.TOTAL)),
    st.builds(PancreasCut, st.just(PancreasOperation.ENUCLEATION), lesion_id=LESIONS),
)
EXACT_IN_TEXT = st.one_of(
    st.builds(WedgeCut, LESIONS, MARGINS),
    st.builds(AblationZone, LESIONS, MARGINS),
    st.builds(TerritorySet, BRANCHES.map(tuple)),
    st.from_regex(r"H[1-8]{1,8}", fullmatch=True).map(lambda code: TerritorySet(new_world_code=code)),
    st.sampled_from([DonorSplit("left-lateral"), DonorSplit("left"), DonorSplit("right")]),
    st.builds(DonorSplit, st.sampled_from(["left", "right"]), st.sampled_from([None, True, False])),
    st.builds(EmbolisedTerritory, PORTAL.map(tuple)),
    st.builds(ReconstructedVessel, PORTAL.map(tuple)),
    st.builds(Partition, PORTAL.map(tuple)),
    st.builds(AbsentTerritory, BRANCHES.map(tuple)),
    st.from_regex(r"H[1-8]{1,8}", fullmatch=True).map(lambda code: AbsentTerritory(new_world_code=code)),
    PANCREAS,
)
NETS = st.tuples(st.integers(2, 4), st.integers(2, 5))
SHEETS = NETS.flatmap(lambda size: st.tuples(*[st.tuples(*[POINTS] * size[1])] * size[0]))
ALL = st.one_of(EXACT_IN_TEXT, PLANES, st.builds(SheetCut, SHEETS))


@given(EXACT_IN_TEXT)
def test_that_a_cut_written_as_text_reads_back_as_the_same_cut(cut: Resection) -> None:
    assert parse_cut(write_cut(cut)) == cut


@given(PLANES)
def test_that_a_plane_written_as_text_reads_back_within_a_micrometre(cut: PlaneCut) -> None:
    found = parse_cut(write_cut(cut))
    assert isinstance(found, PlaneCut)
    assert found.origin_lps_mm == pytest.approx(cut.origin_lps_mm, abs=6e-4)
    assert found.normal_lps == pytest.approx(cut.normal_lps, abs=2e-6)


@given(ALL)
def test_that_a_cut_kept_in_a_file_comes_back_bit_by_bit(cut: Resection) -> None:
    found = resection_from_json(json.loads(json.dumps(resection_to_json(cut))))
    assert found == cut
    assert type(found) is type(cut)


def test_that_every_kind_of_cut_is_tested() -> None:
    kinds = {PlaneCut, SheetCut, TerritorySet, WedgeCut, AblationZone, PancreasCut, DonorSplit}
    conditions = {EmbolisedTerritory, AbsentTerritory, ReconstructedVessel, Partition}
    assert set(get_args(Resection)) == kinds | conditions


@pytest.mark.parametrize(
    "text",
    [
        "embolised:",
        "embolised:hepatic.right",
        "partition:",
        "partition:hepatic.right",
        "reconstructed:",
        "reconstructed:aorta",
        "absent:",
        "absent:H5,",
        "donor:left-lateral+mhv",
        "donor:middle",
        "donor:right+mhv-mhv",
    ],
)
def test_that_a_text_that_says_nothing_sensible_of_vessels_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_cut(text)


@given(NORMALS)
def test_that_a_normal_has_length_one(normal: tuple[float, float, float]) -> None:
    found = PlaneCut((0, 0, 0), normal).normal_lps
    assert sum(part * part for part in found) == pytest.approx(1)
    assert PlaneCut((0, 0, 0), found).normal_lps == found, "normalised once, for ever"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plane",
        "plane:1,2:0,0,1",
        "plane:1,2,3",
        "plane:1,2,3:0,0,0",
        "plane:1,2,nan:0,0,1",
        "plane:1,2,inf:0,0,1",
        "plane:1,2,3:0,0,1:4",
        "wedge:lesion-1",
        "wedge:lesion-1:-1",
        "wedge:lesion-1:101",
        "wedge::5",
        "wedge:lesion-1:ten",
        "ablation:lesion-1:5mm",
        "territory:",
        "territory:portal.right,,hepatic",
        "H",
        "H'",
        "Hx",
        "H12:3",
        "donor:middle",
        "pancreas:",
        "pancreas:whipple",
        "pancreas:whipple@1.5",
        "pancreas:whipple@0",
        "pancreas:central@0.6,0.3",
        "pancreas:central@0.6",
        "pancreas:distal@0.5:spleen=lose",
        "pancreas:enucleation",
        "pancreas:frey@0.4",
        "hammer:1",
    ],
)
def test_that_what_is_no_cut_is_one_clear_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_cut(text)
    assert caught.value.message_id.startswith("error.cut.")


@given(st.text(max_size=30))
def test_that_no_text_breaks_the_reader(text: str) -> None:
    try:
        cut = parse_cut(text)
    except UsageError:
        return
    assert isinstance(cut, PlaneCut) or parse_cut(write_cut(cut)) == cut
