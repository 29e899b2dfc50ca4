"""Plans: the plane is dragged in space and on slices, figures follow and settle, approval waits for people."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from app.scene.cut_plane import PlaneHandle
from app.scene.slice_frame import SliceAxis
from app.ui.plan_desk import cut_of_plane
from app.ui.shown_figures import FigureState
from tests.app.ui.conftest import Driver
from twin.resection import PlaneCut, WedgeCut

pytestmark = pytest.mark.gui


@pytest.fixture
def planned(driver: Driver, case_path: Path) -> Driver:
    """A window with a plane through the liver."""
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    driver.draw()
    return driver


def _origin(driver: Driver) -> np.ndarray:
    plan = driver.window.desk.plan
    assert plan is not None
    (cut,) = plan.resections
    assert isinstance(cut, PlaneCut)
    return np.array(cut.origin_lps_mm)


def test_that_pulling_the_arrow_in_space_changes_figures_live_and_settles_on_release(planned: Driver) -> None:
    window = planned.window
    before, shown_before = _origin(planned), planned.figure("flr_percent")
    states = []
    window.desk.figures_changed.connect(lambda shown: states.append(shown.state))
    live = []

    def look() -> None:
        plane = window.state.plane
        assert plane is not None
        planned.wait(lambda: window.desk.shown.cut == cut_of_plane(plane), "live figures of the last place")
        live.append((planned.figure("flr_percent"), window.plan_panel.figures.state.text()))
        assert _origin(planned) == pytest.approx(before), "the plan changes on release only"

    tip = window.twin_view.handle_position(PlaneHandle.MOVE)
    planned.drag(window.twin_view, tip, (-30, 0), before_release=look)
    planned.settle()
    assert live[0][0] != shown_before
    assert "Live" in live[0][1]
    assert FigureState.COMPUTING in states[states.index(FigureState.LIVE) :]
    assert states[-1] is FigureState.SETTLED
    assert _origin(planned)[0] < before[0] - 10, "to the left of the picture is the patient's right"
    assert planned.figure("flr_percent") == live[0][0], "live and settled volumes are the same"


def test_that_a_knob_turns_the_plane_about_its_centre(planned: Driver) -> None:
    window = planned.window
    before = window.desk.plan.resections[0]  # type: ignore[union-attr]
    knob = window.twin_view.handle_position(PlaneHandle.UP)
    planned.drag(window.twin_view, knob, (45, 10))
    planned.settle()
    after = window.desk.plan.resections[0]  # type: ignore[union-attr]
    assert after.origin_lps_mm == pytest.approx(before.origin_lps_mm)
    turned_deg = np.degrees(np.arccos(np.clip(np.dot(after.normal_lps, before.normal_lps), -1, 1)))
    assert 5 < turned_deg < 90


def test_that_the_line_on_a_slice_can_be_dragged_and_turned(planned: Driver) -> None:
    window = planned.window
    axial = window.slices[SliceAxis.AXIAL]
    crosshair = window.state.crosshair_lps_mm.copy()
    line = axial.cut_line()
    assert line is not None
    before = _origin(planned)
    planned.drag(axial, line.middle + line.along * 40, (24, 0))
    planned.settle()
    assert _origin(planned)[0] > before[0] + 5
    assert window.state.crosshair_lps_mm == pytest.approx(crosshair), "the crosshair stays while the line is held"
    line = axial.cut_line()
    assert line is not None
    normal = np.array(window.desk.plan.resections[0].normal_lps)  # type: ignore[union-attr]
    planned.drag(axial, line.knobs[0], (30, 0))
    planned.settle()
    turned = np.array(window.desk.plan.resections[0].normal_lps)  # type: ignore[union-attr]
    assert np.degrees(np.arccos(normal @ turned)) > 5
    assert turned[2] == pytest.approx(normal[2], abs=1e-6), "a turn on an axial slice is about the body's axis"


def test_that_undo_and_redo_take_the_plane_and_its_figures_along(planned: Driver) -> None:
    window = planned.window
    first, shown = _origin(planned), planned.figure("resected_ml")
    planned.drag(window.twin_view, window.twin_view.handle_position(PlaneHandle.MOVE), (25, 0))
    planned.settle()
    second, moved = _origin(planned), planned.figure("resected_ml")
    assert moved != shown
    assert "plan" in window.actions_["steps.undo"].text()
    planned.act("steps.undo")
    planned.wait(lambda: np.allclose(_origin(planned), first), "plane back")
    planned.settle()
    assert planned.figure("resected_ml") == shown
    planned.act("steps.redo")
    planned.wait(lambda: np.allclose(_origin(planned), second), "plane again")
    planned.settle()
    assert planned.figure("resected_ml") == moved


def test_that_the_sides_can_be_swapped_and_the_plane_brought_to_the_crosshair(planned: Driver) -> None:
    resected, remnant = planned.figure("resected_ml"), planned.figure("remnant_ml")
    planned.act("plan.flip")
    planned.settle()
    assert (planned.figure("resected_ml"), planned.figure("remnant_ml")) == (remnant, resected)
    planned.window.state.move_crosshair(_origin(planned) + np.array([12.0, 5.0, 0.0]))
    planned.act("plan.centre")
    planned.settle()
    assert _origin(planned) == pytest.approx(planned.window.state.crosshair_lps_mm)


def test_that_a_plane_beside_the_liver_is_explained_where_the_figures_would_be(planned: Driver) -> None:
    planned.window.state.move_crosshair(_origin(planned) + np.array([400.0, 0.0, 0.0]))
    planned.act("plan.centre")
    planned.wait(lambda: planned.window.desk.shown.state is FigureState.FAILED, "refused")
    assert planned.window.plan_panel.figures.state.text().endswith(".")
    assert planned.figure("flr_percent") == "–"
    planned.act("steps.undo")
    planned.settle()


def test_that_a_wedge_follows_its_margin(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    driver.act("plan.new_wedge")
    driver.settle()
    panel, window = driver.window.plan_panel, driver.window
    assert window.state.plane is None
    assert panel.options.lesion.isVisible()
    assert panel.options.lesion.margin.value() == 10.0
    small = float(driver.figure("resected_ml").split()[0].replace(",", ""))
    panel.options.lesion.margin.setValue(20.0)
    driver.wait(lambda: window.desk.wedge() == WedgeCut("lesion-1", 20.0), "margin taken over")
    driver.settle()
    assert float(driver.figure("resected_ml").split()[0].replace(",", "")) > 1.5 * small
    assert window.sync.scene is not None
    assert window.sync.scene.tint is not None
    assert window.sync.scene.tint.mask is not None


def test_that_the_margin_is_drawn_from_the_lesion_to_the_cut_while_it_is_settled(planned: Driver) -> None:
    view, desk = planned.window.twin_view, planned.window.desk
    assert view.margin_points is not None
    lesion, cut = (np.array(point) for point in view.margin_points)
    settled = desk.shown.settled
    assert settled is not None
    assert settled.outcome.liver is not None
    margin = settled.outcome.liver["margin_mm"]
    assert np.linalg.norm(lesion - cut) == pytest.approx(margin.value, abs=0.01)  # type: ignore[union-attr]
    seen = []
    tip = view.handle_position(PlaneHandle.MOVE)
    planned.drag(view, tip, (-12, 0), before_release=lambda: seen.append(view.margin_points))
    assert seen == [None], "while the plane moves no old margin is shown"
    planned.settle()
    assert view.margin_points is not None


def test_that_plans_are_named_copied_and_removed(planned: Driver) -> None:
    window = planned.window
    planned.answers.name = "Right side"
    planned.act("plan.rename")
    planned.wait(lambda: window.desk.selected == "Right side", "renamed")
    planned.act("plan.duplicate")
    planned.wait(lambda: window.plan_panel.plan_box.count() == 2, "copied")
    planned.wait(lambda: window.desk.selected == "A", "copy selected")
    planned.settle()
    planned.answers.name = "Right side"
    planned.act("plan.rename")
    assert "already" in window.message_bar.text
    planned.act("plan.delete")
    planned.wait(lambda: window.desk.selected == "Right side", "removed")
    planned.settle()


def test_that_approval_is_refused_in_words_until_people_confirmed_and_then_locks_the_plan(planned: Driver) -> None:
    window = planned.window
    planned.act("plan.approve")
    planned.wait(lambda: window.message_bar.text != "", "refusal")
    assert "Liver" in window.message_bar.text
    assert "nobody has confirmed" in window.message_bar.text
    planned.act("anatomy.confirm_all")
    case = window.control.work.case  # type: ignore[union-attr]
    planned.wait(
        lambda: all(window.control.work.case.is_confirmed(i) for i in case.structure_ids()),  # type: ignore[union-attr]
        "confirmed",
    )
    assert not window.twin_view.watermark
    planned.act("plan.approve")
    planned.wait(lambda: window.desk.plan is not None and window.desk.plan.is_approved, "approved")
    assert window.plan_panel.state_chip.text() == "Approved"
    origin, tip = _origin(planned), window.twin_view.handle_position(PlaneHandle.MOVE)
    planned.drag(window.twin_view, tip, (-30, 0))
    assert _origin(planned) == pytest.approx(origin), "an approved plan cannot be dragged"
    assert window.actions_["plan.flip"].toolTip().endswith("bring it back to draft first")
    planned.act("plan.unlock")
    planned.wait(lambda: window.desk.plan is not None and not window.desk.plan.is_approved, "draft again")


def test_that_what_is_switched_off_says_what_it_needs(driver: Driver) -> None:
    for action_id in ("plan.new_plane", "file.save", "anatomy.segment", "file.export"):
        action = driver.window.actions_[action_id]
        assert not action.isEnabled()
        assert action.toolTip().splitlines()[-1].startswith("Needs ")


def test_that_a_handle_is_found_where_it_is_drawn_and_nowhere_else(planned: Driver) -> None:
    view = planned.window.twin_view
    for handle in PlaneHandle:
        found = view.handle_at(view.handle_position(handle))
        assert found is not None
        apart = view.handle_position(found) - view.handle_position(handle)
        assert apart.manhattanLength() < 1.0, "two handles behind each other may stand for each other"
    assert view.handle_at(QPointF(3, 3)) is None
