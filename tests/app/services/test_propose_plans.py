"""Proposals for a case: settled figures, a sentence in both languages, saved only when asked."""

import json
import re
import shutil
from pathlib import Path

import pytest

from app.services.case_file import case_read
from app.services.plan_resection import list_plans
from app.services.propose_plans import cut_kinds, propose_plans_of_file, worded_cuts, worded_explanation
from app.services.simulate_plan import simulate_plan_of_file
from simulation.proposals.constraints import CutKind, PlanConstraints
from tests.app.made_up_study import labelled_case_on_disk
from twin.errors import UsageError
from twin.wording import Wording


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path_factory.mktemp("proposals") / "A.twinsight"))


@pytest.fixture(scope="module")
def saved(case):
    return propose_plans_of_file(case, PlanConstraints(least_margin_mm=2.0), n_proposals=3, name="idea")


def test_that_saved_proposals_are_plans_whose_simulation_gives_the_same_figures(case, saved):
    listed = {plan.name: plan for plan in list_plans(case)}
    assert saved.saved == tuple(one.plan.name for one in saved.settled)
    assert all(listed[name].state == "simulated" for name in saved.saved)
    one = saved.settled[0]
    again = simulate_plan_of_file(case, one.plan.name)
    for key in ("margin_mm", "functional_remnant_ml", "flr_ml", "flr_percent", "resected_ml"):
        assert again.liver[key].value == pytest.approx(one.figure(key).value)
    assert len(again.clip_list) == len(one.outcome.clip_list)


def test_that_settled_proposals_keep_the_margin_and_the_front_comes_first(saved):
    margins = [one.figure("margin_mm").value for one in saved.settled if one.is_on_front]
    assert min(one.figure("margin_mm").value for one in saved.settled) >= 1.95
    assert margins == sorted(margins)
    assert [one.is_on_front for one in saved.settled] == sorted((o.is_on_front for o in saved.settled), reverse=True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_each_proposal_is_explained_in_one_sentence_with_the_numbers_of_the_language(saved, language):
    wording = Wording(language)
    for one in saved.settled:
        sentence = worded_explanation(one.explanation, wording)
        assert sentence.endswith(".")
        assert "{" not in sentence + worded_cuts(one.plan, wording)
        number = r"\d,\d\u00a0mm" if language == "fr" else r"\d\.\d\u00a0mm"
        assert re.search(number, sentence)


def test_that_the_document_is_plain_and_nothing_is_saved_unless_asked(case, saved):
    before = list_plans(case)
    found = propose_plans_of_file(case, PlanConstraints(kinds=cut_kinds(["plane"])), n_proposals=1)
    assert list_plans(case) == before
    document = json.loads(json.dumps(found.to_json(Wording("en")), allow_nan=False))
    assert document["saved"] == []
    assert document["weighs"] == "functional_remnant_ml"
    assert {cut["cut"].split(":")[0] for p in document["proposals"] for cut in p["plan"]["resections"]} == {"plane"}
    with case_read(case) as read:
        assert set(saved.saved) == {name for name in read.plans if name.startswith("idea-")}


def test_that_unknown_kinds_and_no_count_are_refused(case):
    assert cut_kinds([]) == frozenset(CutKind)
    with pytest.raises(UsageError, match="bad_kind"):
        cut_kinds(["laser"])
    with pytest.raises(UsageError, match="no_count"):
        propose_plans_of_file(case, PlanConstraints(), n_proposals=0)
