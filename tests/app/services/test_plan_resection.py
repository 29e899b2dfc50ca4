"""Plans: saved, listed, compared, signed."""

import shutil
from pathlib import Path

import pytest

from app.services.case_file import case_read
from app.services.patient_facts import set_patient_facts
from app.services.plan_resection import (
    approve_plan,
    compare_plans,
    confirm_structures,
    list_plans,
    remove_plan,
    save_plan,
    structures_of_figures,
)
from app.services.simulate_plan import simulate_plan_of_file
from tests.app.made_up_study import labelled_case_on_disk, liver_centre
from twin.errors import GeometryError, InputError, SafetyRefusal, UsageError
from twin.figure import Figure
from twin.resection import SheetCut
from twin.sheet_file import write_sheet

CONFIRMED = ("liver", "portal_vein", "hepatic_vein", "lesion-1", "lesion-2", "lesion-3")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def plane() -> str:
    return f"plane:{liver_centre()}:-1,0,0"


def states(case: Path) -> dict[str, str]:
    return {plan.name: plan.state for plan in list_plans(case)}


def test_that_a_plan_goes_from_draft_to_approved_and_back(case: Path) -> None:
    save_plan(case, "A", [plane()])
    assert states(case) == {"A": "draft"}
    with pytest.raises(SafetyRefusal):
        approve_plan(case, "A", "Dr A")
    outcome = simulate_plan_of_file(case, "A")
    assert states(case) == {"A": "simulated"}
    with pytest.raises(SafetyRefusal) as caught:
        approve_plan(case, "A", "Dr A")
    assert caught.value.message_id == "error.approve.unconfirmed"
    confirm_structures(case, CONFIRMED, "Dr A")
    plan = approve_plan(case, "A", "Dr A")
    assert plan.approval is not None
    assert plan.approval.figures_hash == outcome.figures_hash
    assert states(case) == {"A": "approved"}
    set_patient_facts(case, {"weight_kg": 61.5})
    assert states(case) == {"A": "stale"}


def test_that_plans_are_compared_only_with_current_figures(case: Path) -> None:
    save_plan(case, "A", [plane()])
    save_plan(case, "B", ["wedge:lesion-1:10", "wedge:lesion-2:10"])
    simulate_plan_of_file(case, "A")
    with pytest.raises(InputError) as caught:
        compare_plans(case, "A", "B")
    assert caught.value.message_id == "error.plan.not_simulated"
    simulate_plan_of_file(case, "B")
    assert [outcome.plan_name for outcome in compare_plans(case, "A", "B")] == ["A", "B"]


def test_that_a_cut_that_cannot_be_made_is_refused_before_it_is_saved(case: Path) -> None:
    with pytest.raises(InputError) as caught:
        save_plan(case, "A", ["wedge:lesion-9:10"])
    assert caught.value.parameters["known"] == "lesion-1, lesion-2, lesion-3"
    for cut in ("pancreas:whipple@1.3", "no-cut"):
        with pytest.raises(UsageError):
            save_plan(case, "A", [cut])
    with pytest.raises(InputError) as caught:
        save_plan(case, "A", ["sheet:no_such_file.json"])
    assert caught.value.message_id == "error.sheet.no_file"
    assert list_plans(case) == ()


def test_that_a_sheet_from_its_file_is_a_plan_like_any_other(case: Path, tmp_path: Path) -> None:
    x, y, z = (float(part) for part in liver_centre().split(","))
    net = tuple(tuple((x, y + v, z + u) for u in (-200.0, 200.0)) for v in (200.0, -200.0))
    write_sheet(SheetCut(net), tmp_path / "cut.json")
    save_plan(case, "A", [f"sheet:{tmp_path / 'cut.json'}"])
    save_plan(case, "B", [plane(), "wedge:lesion-1:5"])
    (tmp_path / "cut.json").unlink()  # the plan keeps the points, not the file
    sheet, _ = (simulate_plan_of_file(case, name) for name in "AB")
    assert sheet.liver is not None
    parts = [sheet.liver[key] for key in ("resected_ml", "remnant_ml", "total_ml")]
    assert all(isinstance(part, Figure) and part.value for part in parts)
    assert parts[0].value + parts[1].value == pytest.approx(parts[2].value)  # type: ignore[union-attr, operator]
    assert list_plans(case)[0].cuts == ("sheet",)


def test_that_a_plan_is_removed_with_its_outcome(case: Path) -> None:
    save_plan(case, "A", [plane()])
    simulate_plan_of_file(case, "A")
    remove_plan(case, "A")
    with case_read(case) as opened:
        assert (dict(opened.plans), dict(opened.outcomes)) == ({}, {})
    with pytest.raises(InputError):
        remove_plan(case, "A")


def test_that_structures_are_confirmed_all_or_none(case: Path) -> None:
    with pytest.raises(GeometryError):
        confirm_structures(case, ["liver", "lesion-7"], "Dr A")
    with pytest.raises(InputError):
        confirm_structures(case, ["liver", "no_such_structure"], "Dr A")
    with case_read(case) as opened:
        assert not opened.is_confirmed("liver")


def test_that_what_figures_use_must_be_confirmed_and_nothing_else(case: Path) -> None:
    save_plan(case, "A", [plane()])
    with case_read(case) as opened:
        used = structures_of_figures(opened, opened.plan("A"))
    assert set(used) == set(CONFIRMED)
