"""A plan and its hash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.test_resection import ALL
from twin.errors import UsageError
from twin.plan import Approval, Plan
from twin.resection import PlaneCut, Resection, parse_cut

APPROVAL = Approval("Dr Example", "account", "2026-01-02T03:04:05+00:00", "a", "b", "c")


@given(st.text(min_size=1), st.lists(ALL, max_size=4).map(tuple), st.sampled_from([None, APPROVAL]))
def test_that_a_plan_comes_back_from_a_file_with_its_hash(
    name: str, resections: tuple[Resection, ...], approval: Approval | None
) -> None:
    plan = Plan(name, resections, approval)
    found = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert found == plan
    assert found.hash == plan.hash, "an approval would be lost with the hash"


def test_that_the_hash_is_that_of_what_is_planned_not_of_its_approval() -> None:
    plan = Plan("A", (parse_cut("wedge:lesion-1:10"),))
    assert plan.with_approval(APPROVAL).hash == plan.hash
    assert plan.with_approval(APPROVAL).is_approved
    assert not plan.with_approval(APPROVAL).with_approval(None).is_approved
    others = [
        Plan("B", plan.resections),
        Plan("A", (parse_cut("wedge:lesion-1:10.0001"),)),
        Plan("A", (parse_cut("ablation:lesion-1:10"),)),
        Plan("A", plan.resections * 2),
    ]
    assert len({plan.hash, *(other.hash for other in others)}) == 5


def test_that_two_planes_that_differ_by_a_nanometre_have_different_hashes() -> None:
    planes = [Plan("A", (PlaneCut((0, 0, z), (0, 0, 1)),)) for z in (1.0, 1.000001)]
    assert planes[0].hash != planes[1].hash


def test_that_stages_come_back_from_a_file_and_change_the_hash_only_where_there_are_two() -> None:
    cuts = (parse_cut("embolised:portal.right"), parse_cut("wedge:lesion-1:5"), parse_cut("H5678"))
    one, two = Plan("A", cuts), Plan("A", cuts, stages=(1, 1, 2))
    assert Plan("A", cuts, stages=(1, 1, 1)) == one
    assert "stage" not in json.dumps(one.to_json()), "a plan of earlier versions keeps its hash"
    assert two.hash != one.hash
    assert Plan.from_json(json.loads(json.dumps(two.to_json()))) == two
    assert two.until_stage(1).resections == cuts[:2]
    assert two.until_stage(2).resections == cuts
    assert [stage for stage, _ in one.staged_resections] == [1, 1, 1]


@pytest.mark.parametrize("stages", [(1,), (2, 2), (1, 3)])
def test_that_stages_that_do_not_fit_the_cuts_are_refused(stages: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        Plan("A", (parse_cut("H5"), parse_cut("H6")), stages=stages)
    assert refused.value.message_id == "error.plan.bad_stages"
