"""The planner: kinds of cut, several together, what the cut meets, confirmation, comparison and proposals."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

from app.scene.slice_frame import SliceAxis
from app.ui.shown_figures import FigureState
from app.ui.steps import Step
from tests.app.ui.conftest import Driver, live
from twin.resection import AblationZone, PlaneCut, SheetCut, TerritorySet, WedgeCut

pytestmark = pytest.mark.gui


@pytest.fixture
def planned(driver: Driver, case_path: Path) -> Driver:
    """A window with a plane through the liver."""
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    driver.wait(lambda: driver.window.desk.faces is not None, "cut face")
    driver.draw()
    return driver


def _cuts(driver: Driver) -> tuple[object, ...]:
    plan = driver.window.desk.plan
    assert plan is not None
    return plan.resections


def _handle_of(slider: QSlider) -> QPointF:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    box = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    return QPointF(box.center())


def test_that_a_plane_becomes_a_sheet_that_is_bent_in_space_and_on_a_slice(planned: Driver) -> None:
    window = planned.window
    flat_ml = planned.figure("resected_ml")
    planned.click(window.plan_panel.options.bend)
    planned.wait(lambda: isinstance(window.desk.cut, SheetCut), "a sheet")
    planned.settle()
    assert planned.figure("resected_ml") == flat_ml, "flat, it removes what the plane did"
    first = window.desk.cut
    assert isinstance(first, SheetCut)
    planned.draw()
    view, hands = window.twin_view, window.sheet_hands
    places = view.camera.px_from_lps(hands.knobs_lps_mm(), (view.width(), view.height()))
    inner = QPointF(*(float(v) for v in places[5]))
    states: list[FigureState] = []
    window.desk.figures_changed.connect(lambda shown: states.append(shown.state))

    def look() -> None:
        planned.wait(lambda: window.desk.shown.state is FigureState.LIVE, "live figures")
        assert _cuts(planned) == (first,), "the plan changes on release only"

    assert view.knob_at(inner) is not None
    planned.drag(view, inner, (45, 0), before_release=look)
    planned.settle()
    bent = window.desk.cut
    assert isinstance(bent, SheetCut)
    assert bent != first
    assert FigureState.COMPUTING in states[states.index(FigureState.LIVE) :]
    changed = np.abs(np.array(bent.control_points_lps_mm) - np.array(first.control_points_lps_mm)).max(axis=2) > 0.01
    assert changed.sum() == 1, "one control point was pulled"
    axial = window.slices[SliceAxis.AXIAL]
    lines, _ = hands.curve(axial)
    at = lines[len(lines) // 2].center()
    planned.drag(axial, at, (14, 0))
    planned.settle()
    pulled, _ = hands.curve(axial)
    target = at + QPointF(14, 0)
    nearest = min((line.center() - target).manhattanLength() for line in pulled)
    assert nearest < 12, "the curve follows the hand"
    planned.act("steps.undo")
    planned.wait(lambda: _cuts(planned) == (bent,), "curve back")
    planned.settle()


def test_that_slices_show_what_the_selected_plan_removes_and_not_what_the_one_before_did(planned: Driver) -> None:
    window = planned.window

    def shown() -> object:
        assert window.sync.scene is not None
        return window.sync.scene.tint

    assert shown().mask is None  # type: ignore[attr-defined]
    planned.act("plan.new_wedge")
    planned.wait(lambda: window.desk.selected == "B", "second plan")
    planned.settle()
    settled = window.desk.shown.settled
    assert settled is not None
    assert shown().mask is settled.removed  # type: ignore[attr-defined]
    box = window.plan_panel.plan_box
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert shown().mask is None, "at once, before the figures settle"  # type: ignore[attr-defined]
    planned.settle()
    assert shown().mask is None, "the side of the plane, not the wedge"  # type: ignore[attr-defined]
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert shown() is None, "nothing, until it is known"
    planned.settle()
    assert shown().mask is not None  # type: ignore[attr-defined]


def test_that_several_cuts_make_one_plan_with_stages_and_can_be_taken_out(planned: Driver) -> None:
    window = planned.window
    before_ml = planned.figure("resected_ml")
    planned.act("plan.add_wedge")
    planned.wait(lambda: len(_cuts(planned)) == 2, "two cuts")
    planned.settle()
    assert isinstance(window.desk.cut, WedgeCut)
    assert len(window.plan_panel.cuts.rows) == 2
    slider = window.plan_panel.options.lesion.slider
    seen = []

    def look() -> None:
        desk = window.desk
        planned.wait(lambda: desk.shown.state is FigureState.LIVE and desk.shown.cut == desk.cut, "live figures")
        seen.append(planned.figure("resected_ml"))

    planned.drag(slider, _handle_of(slider), (60, 0), before_release=look)
    planned.settle()
    wedge = _cuts(planned)[1]
    assert isinstance(wedge, WedgeCut)
    assert wedge.margin_mm > 15.0
    assert seen == [planned.figure("resected_ml")], "live and settled volumes are the same"
    planned.click(window.plan_panel.cuts.rows[1].stage)
    planned.wait(lambda: window.desk.plan is not None and window.desk.plan.stages == (1, 2), "second stage")
    planned.click(window.plan_panel.cuts.rows[0].stage)
    live(0.05)
    assert window.desk.plan is not None
    planned.wait(lambda: window.message_bar.text != "", "refusal: nothing would be left for the first operation")
    planned.click(window.plan_panel.cuts.rows[1].remove)
    planned.wait(lambda: len(_cuts(planned)) == 1, "one cut")
    planned.settle()
    assert planned.figure("resected_ml") == before_ml
    assert not window.plan_panel.cuts.rows[0].remove.isEnabled()
    assert "at least one cut" in window.plan_panel.cuts.rows[0].remove.toolTip()


def test_that_segments_are_picked_by_their_digits_and_make_a_code(planned: Driver) -> None:
    window = planned.window
    action = window.actions_["plan.add_territory"]
    if not action.isEnabled():
        assert action.toolTip().splitlines()[-1].startswith("Needs ")
        pytest.skip("the small phantom has no territories here")
    planned.act("plan.add_territory")
    planned.wait(lambda: isinstance(window.desk.cut, TerritorySet), "a territory")
    planned.settle()
    options = window.plan_panel.options.territory
    cut = window.desk.cut
    assert isinstance(cut, TerritorySet)
    if not cut.new_world_code:
        pytest.skip("branches only")
    other = next(d for d, button in options.digits.items() if button.isEnabled() and d not in cut.new_world_code)
    planned.click(options.digits[other])
    planned.wait(lambda: other in getattr(window.desk.cut, "new_world_code", ""), "segment added")
    planned.settle()
    assert options.code.text() == "H" + "".join(sorted(cut.new_world_code[1:] + other))


def test_that_a_crossed_vessel_and_a_place_of_the_unfolded_cut_can_be_gone_to(planned: Driver) -> None:
    window, panel = planned.window, planned.window.plan_panel
    vessels = window.desk.shown.vessels
    assert vessels
    planned.click(panel.tabs["vessels"])
    planned.click(panel.vessels.goto_buttons[-1])
    assert window.state.crosshair_lps_mm == pytest.approx(vessels[len(panel.vessels.goto_buttons) - 1].point_lps_mm)
    assert len(panel.vessels.marks) == sum(1 for vessel in vessels if vessel.to_preserve)
    planned.click(panel.tabs["cut"])
    live(0.05)
    faces = window.desk.faces
    assert faces is not None
    (unfolded,) = faces.unfolded
    row, column = np.argwhere(unfolded.in_organ)[unfolded.in_organ.sum() // 2]
    view = panel.unfolded.view
    planned.click(view, view.position_of(int(row), int(column)))
    wanted = unfolded.points_lps_mm[row, column]
    assert np.linalg.norm(window.state.crosshair_lps_mm - wanted) < 3.0 * unfolded.pixel_mm + 1.0


def test_that_structures_are_confirmed_one_by_one_before_approval_and_a_change_supersedes_it(planned: Driver) -> None:
    window, panel = planned.window, planned.window.plan_panel
    planned.click(panel.tabs["approval"])
    live(0.05)
    assert "liver" in panel.approval.confirm_buttons
    assert panel.approval.lacking.isVisible()
    n_open = len(panel.approval.unconfirmed())
    planned.click(panel.approval.confirm_buttons["liver"])
    planned.wait(lambda: len(panel.approval.unconfirmed()) == n_open - 1, "one confirmed")
    planned.click(panel.approval.confirm_all)
    planned.wait(lambda: not panel.approval.unconfirmed(), "all confirmed")
    planned.click(panel.approve_button)
    planned.wait(lambda: window.desk.plan is not None and window.desk.plan.is_approved, "approved")
    assert panel.state_chip.text() == "Approved"
    assert not panel.options.bend.isEnabled()
    planned.act("plan.unlock")
    planned.wait(lambda: panel.state_chip.text() == "Superseded", "no longer approved")
    assert "Dr Test" in panel.state_chip.toolTip()


def test_that_plans_stand_side_by_side_and_a_proposal_is_previewed_then_kept(planned: Driver) -> None:
    window, compare, page = planned.window, planned.window.compare_page, planned.window.proposals_page
    planned.act("plan.duplicate")
    planned.wait(lambda: window.desk.selected == "B", "copy")
    planned.act("plan.add_ablation")
    planned.wait(lambda: isinstance(window.desk.cut, AblationZone), "ablation")
    planned.settle()
    window.show_step(Step.COMPARE)
    live(0.1)
    value, _ = compare.cells["B", "liver.ablated_ml"]
    assert value != "–"
    assert compare.cells["B", "liver.flr_percent"][1].startswith(("−", "=", "+"))
    assert compare.cells["A", "liver.flr_percent"][1] == "", "no difference from itself"
    planned.click(compare.headers["A"])
    planned.wait(lambda: window.desk.selected == "A", "shown")
    planned.settle()
    for kind in ("sheet", "territory"):
        page.kinds[kind].setChecked(False)
    planned.click(page.search)
    planned.wait(lambda: any(point.is_proposal for point in page.plot.points), "proposals")
    live(0.1)
    point = next(point for point in page.plot.points if point.is_proposal)
    assert not page.keep_button.isEnabled()
    assert page.keep_button.toolTip().startswith("Needs ")
    page.plot.setFocus()
    planned.click(page.plot, page.plot.position_of(point))
    planned.wait(lambda: window.desk.shown.state is FigureState.PREVIEW, "preview")
    assert window.plan_panel.state_chip.text() == "Proposal"
    case = window.control.work.case  # type: ignore[union-attr]
    assert set(case.plans) == {"A", "B"}, "a preview keeps nothing"
    planned.click(page.keep_button)
    planned.wait(lambda: window.desk.selected == "C", "kept")
    planned.settle()
    assert any(isinstance(cut, PlaneCut | WedgeCut) for cut in _cuts(planned))
    QTest.keyClick(page.plot, Qt.Key.Key_Right)
    planned.wait(lambda: window.desk.previewed is not None, "the arrows choose, too")
    page.back_button.click()
    planned.settle()
