"""Branches of a case listed, named and confirmed; the names survive saving and a twin built anew."""

import shutil
from pathlib import Path

import pytest

from app.services.build_twin import build_case_twin, build_twin_of_file
from app.services.case_file import case_read, opened_case
from app.services.case_session import CaseSession
from app.services.name_branches import (
    BranchRequest,
    confirm_branch_names,
    forget_branch_name,
    listed_branches,
    name_branch,
    named_levels,
)
from app.services.tree_cache import TreeCache
from tests.app.made_up_study import labelled_case_on_disk
from twin.edit import SegmentBarriersEdit
from twin.errors import InputError, UsageError
from twin.twin import build_twin


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path_factory.mktemp("names") / "A.twinsight"))


@pytest.fixture(scope="module")
def twin(case: Path):
    with case_read(case) as opened:
        return build_twin(opened, structure_ids=())


def row(twin, name):
    return next(row for row in listed_branches(twin) if row.name == name)


def test_that_branches_are_listed_with_what_they_supply(twin) -> None:
    left, right = row(twin, "portal.left"), row(twin, "portal.right")
    assert not left.is_name_confirmed
    assert 3.0 < left.diameter_mm < 16.0
    assert 0 < left.territory_ml < right.territory_ml
    assert left.to_json()["status"] == "proposed"
    assert {row.territory_ml for row in listed_branches(twin) if row.tree == "arterial"} <= {None}


def test_that_a_name_given_by_a_person_survives_saving_and_a_new_twin(case: Path, twin) -> None:
    left = row(twin, "portal.left.2")
    with opened_case(case) as session:
        name_branch(session, twin, "portal", left.point_lps_mm, "portal.left.3", "Dr A")
        confirm_branch_names(session, twin, "hepatic", ["hepatic.middle"], "Dr A")
        session.save()
    with case_read(case) as opened:
        named = build_twin(opened, structure_ids=())
    renamed = next(r for r in listed_branches(named) if r.tree == "portal" and r.point_lps_mm == left.point_lps_mm)
    assert renamed.name == "portal.left.3"
    assert renamed.is_name_confirmed
    assert row(named, "hepatic.middle").is_name_confirmed
    with opened_case(case) as session:
        forget_branch_name(session, named, "portal", "portal.left.3")
        assert [name.name for name in session.case.branch_names] == ["hepatic.middle"]
        with pytest.raises(InputError, match=r"error\.branch_name\.far"):
            name_branch(session, named, "portal", (500.0, 0.0, 0.0), "portal.left", "Dr A")
        with pytest.raises(InputError, match=r"error\.branch_name\.no_tree"):
            name_branch(session, named, "lymphatic", (0.0, 0.0, 0.0), "lymphatic.a", "Dr A")
        with pytest.raises(InputError, match=r"error\.branch_name\.no_branch"):
            confirm_branch_names(session, named, "portal", ["portal.nowhere"], "Dr A")


def test_that_naming_is_one_step_that_can_be_undone(case: Path, twin) -> None:
    with opened_case(case) as opened:
        session = CaseSession(opened.folder, idle_save_s=None)
        before = session.case.branch_names
        name_branch(session, twin, "portal", row(twin, "portal.right").point_lps_mm, "portal.left", "Dr A")
        assert len(session.case.branch_names) == len(before) + 1
        session.undo()
        assert session.case.branch_names == before


def test_that_trees_are_kept_in_the_cache_of_the_case_and_come_back_the_same(case: Path, monkeypatch) -> None:
    with case_read(case) as opened:
        first = build_case_twin(opened, case)
        kept = TreeCache(case).find(opened)
        assert kept is not None
        monkeypatch.setattr("app.services.tree_cache.trace_vessels", None)
        again = build_case_twin(opened, case)
    assert again.portal_type is first.portal_type
    for tree, graph in first.graphs.items():
        assert again.graphs[tree].branches == graph.branches
        assert again.graphs[tree].repairs == graph.repairs
        assert (again.graphs[tree].nodes_lps_mm == graph.nodes_lps_mm).all()
    for name, layer in first.layers.items():
        assert (again.layers[name].voxels == layer.voxels).all()
        assert again.layers[name].doubts == layer.doubts


def test_that_a_damaged_cache_of_trees_is_traced_again(case: Path) -> None:
    with case_read(case) as opened:
        for path in (case / "cache" / "trees").glob("*.npz"):
            path.write_bytes(b"damaged")
        assert TreeCache(case).find(opened) is None
        assert "portal" in build_case_twin(opened, case).graphs


@pytest.mark.parametrize(
    ("request_", "message_id"),
    [
        (BranchRequest(named=("1,2=portal.left",)), "error.twin.bad_branch_place"),
        (BranchRequest(named=("1,2,3",)), "error.twin.bad_branch_place"),
        (BranchRequest(named=("1,2,nan=portal.left",)), "error.twin.bad_branch_place"),
        (BranchRequest(barriers=("portal.left",)), "error.twin.bad_barrier"),
        (BranchRequest(barriers=("none", "hepatic.left")), "error.twin.bad_barrier"),
    ],
)
def test_that_a_request_that_cannot_be_read_is_refused_before_anything_is_done(
    case: Path, request_: BranchRequest, message_id: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        build_twin_of_file(case, request=request_)
    assert refusal.value.message_id == message_id


def test_that_a_request_names_and_bars_and_barriers_can_be_undone(case: Path, twin, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(case, tmp_path / "B.twinsight"))
    x, y, z = row(twin, "hepatic.left").point_lps_mm
    asked = BranchRequest((f"{x},{y},{z}=hepatic.left",), ("portal.left",), ("hepatic.middle", "right"), "Dr B")
    summary = build_twin_of_file(copy, request=asked)
    confirmed = {row.name for row in summary.branches if row.is_name_confirmed}
    assert {"hepatic.left", "portal.left"} <= confirmed
    levels = named_levels(summary.branches)
    assert len({(level.tree, level.name) for level in levels}) == len(levels) < len(summary.branches)
    with case_read(copy) as opened:
        assert opened.segment_barriers == ("middle", "right")
        barred = opened
    edit = SegmentBarriersEdit(("left",))
    changed = edit.apply(barred)
    assert changed.labels_hash != barred.labels_hash
    assert edit.inverted(barred).apply(changed).labels_hash == barred.labels_hash
