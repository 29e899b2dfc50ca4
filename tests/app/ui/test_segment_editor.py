"""The segment editor by hand: strokes, cuts, pieces, clicks, seeds, lesions, ducts and vessels on real slice views."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.scene.slice_frame import SliceAxis
from app.services.edit_requests import ScissorsMode
from app.ui.segment_editor_state import EditorTool, IslandAction
from app.ui.slice_view import SliceView
from app.ui.steps import Step
from segmentation.seeds.click_evidence import ClickEvidence
from tests.app.ui.conftest import Driver, live
from twin.anatomy import LayerName
from twin.case import Case
from twin.phantom import Phantom

pytestmark = pytest.mark.gui
_NONE, _CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


class Hand:
    """Draws on slices of an open case in the step Segment."""

    def __init__(self, driver: Driver, path: Path) -> None:
        self.driver, self.window, self.editor = driver, driver.window, driver.window.editor
        driver.open(path)
        self.window.show_step(Step.SEGMENT)
        live(0.02)

    @property
    def axial(self) -> SliceView:
        return self.window.slices[SliceAxis.AXIAL]

    @property
    def case(self) -> Case:
        work = self.window.control.work
        assert work is not None
        return work.case

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        return self.case.layer_of(structure_id).mask(structure_id)

    def take(self, tool: EditorTool, structure_id: str | None = None) -> None:
        if structure_id is not None:
            self.window.structure_panel.select(structure_id)
        self.driver.act(f"tool.{tool}")
        self.rest()

    def look(self, point_lps_mm: NDArray[np.float64]) -> QPointF:
        """Show the slice of a point and return where the point is."""
        self.window.state.move_crosshair(point_lps_mm)
        live(0.02)
        return self.axial.screen_from_lps(point_lps_mm)

    def drag(self, points: list[QPointF], modifiers: Qt.KeyboardModifier = _NONE) -> None:
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(self.axial, left, modifiers, points[0].toPoint())
        for point in points[1:]:
            QTest.mouseMove(self.axial, point.toPoint())
            live(0.005)
        QTest.mouseRelease(self.axial, left, modifiers, points[-1].toPoint())
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is drawn, computed or written."""
        editor = self.editor
        self.driver.wait(lambda: editor.task is None and editor._stroke is None and not editor._accepting, "at rest")
        live(0.03)

    def undo(self) -> None:
        before = self.case
        self.driver.act("steps.undo")
        self.driver.wait(lambda: self.case is not before, "undone")
        self.rest()


@pytest.fixture
def hand(driver: Driver, case_path: Path) -> Hand:
    return Hand(driver, case_path)


class _Willing:
    """Answers every click with all it may change: what was learned is tested elsewhere."""

    def probability(self, evidence: ClickEvidence, *, is_inside: bool) -> NDArray[np.float32]:
        return np.ones(len(evidence.rows), np.float32)


def _inside(phantom: Phantom, structure_id: str) -> NDArray[np.float64]:
    """A point deep inside a structure."""
    from scipy import ndimage

    mask = phantom.layers[LayerName.LESIONS if structure_id.startswith("lesion") else LayerName.ORGANS].mask(
        structure_id
    )
    deepest = np.unravel_index(ndimage.distance_transform_edt(mask).argmax(), mask.shape)
    return phantom.volume.grid.lps_from_ijk(deepest[::-1])


def _outside(hand: Hand, phantom: Phantom) -> tuple[NDArray[np.float64], QPointF]:
    """A point in the body outside every label of the case, on a slice through the liver, and where it is."""
    liver, body = hand.mask("liver"), phantom.layers[LayerName.CONTEXT].mask("skin")
    k = int(np.argwhere(liver).mean(axis=0)[0])
    from scipy import ndimage

    free = body[k] & ~np.any([layer.voxels[k] > 0 for layer in hand.case.layers.values()], axis=0)
    j, i = np.unravel_index(ndimage.distance_transform_edt(free).argmax(), free.shape)
    point = phantom.volume.grid.lps_from_ijk((int(i), int(j), k))
    return point, hand.look(point)


def test_that_a_stroke_is_seen_while_it_is_drawn_kept_as_one_step_and_undone(hand: Hand, phantom: Phantom) -> None:
    hand.take(EditorTool.BRUSH, "liver")
    before = hand.mask("liver")
    point, at = _outside(hand, phantom)
    hand.editor.set_option(radius_mm=6.0)
    picture = hand.axial.grab().toImage()
    QTest.mousePress(hand.axial, Qt.MouseButton.LeftButton, _NONE, at.toPoint())
    QTest.mouseMove(hand.axial, (at + QPointF(6, 0)).toPoint())
    hand.driver.wait(lambda: hand.editor.patch is not None, "stroke shown")
    assert hand.window.sync.scene is not None
    assert hand.window.sync.scene.patch is hand.editor.patch
    assert hand.axial.grab().toImage() != picture
    assert np.array_equal(hand.mask("liver"), before), "nothing is written before the button is let go"
    QTest.mouseRelease(hand.axial, Qt.MouseButton.LeftButton, _NONE, (at + QPointF(6, 0)).toPoint())
    hand.rest()
    after = hand.mask("liver")
    i, j, k = (round(float(v)) for v in phantom.volume.grid.ijk_from_lps(point))
    assert after[k, j, i]
    assert not (before & ~after).any()
    assert not (after ^ before)[[n for n in range(len(after)) if n != k]].any(), "a flat brush stays in its slice"
    assert hand.editor.patch is None
    assert "Brush" in hand.window.actions_["steps.undo"].text()
    hand.undo()
    assert np.array_equal(hand.mask("liver"), before)


def test_that_strokes_drawn_quickly_one_after_the_other_all_count(hand: Hand, phantom: Phantom) -> None:
    hand.take(EditorTool.BRUSH, "liver")
    _point, at = _outside(hand, phantom)
    hand.editor.set_option(radius_mm=1.5)
    left = Qt.MouseButton.LeftButton
    places = [at + QPointF(12 * n, 0) for n in range(4)]
    for place in places:  # no pause: the one before is still being written
        QTest.mousePress(hand.axial, left, _NONE, place.toPoint())
        QTest.mouseRelease(hand.axial, left, _NONE, place.toPoint())
    hand.rest()
    hand.driver.wait(lambda: hand.window.control.work.session.undo_label == "edit.label.paint", "written")  # type: ignore[union-attr]
    frame = hand.axial.frame_of_slice
    assert frame is not None
    for place in places:
        i, j, k = (round(float(v)) for v in phantom.volume.grid.ijk_from_lps(hand.axial._lps_at(place.toPoint())))
        assert hand.mask("liver")[k, j, i]
    assert hand.window.message_bar.text == ""


def test_that_the_eraser_takes_away_control_turns_it_round_and_the_wheel_changes_its_size(
    hand: Hand, phantom: Phantom
) -> None:
    hand.take(EditorTool.ERASER, "liver")
    at = hand.look(_inside(phantom, "liver"))
    before = hand.mask("liver")
    hand.drag([at, at + QPointF(10, 0)])
    erased = hand.mask("liver")
    assert (before & ~erased).any()
    assert not (erased & ~before).any()
    hand.drag([at, at + QPointF(10, 0)], _CONTROL)
    assert hand.mask("liver").sum() > erased.sum()

    size = hand.editor.options.radius_mm
    index = hand.axial.slice_index
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    place = QPointF(hand.axial.mapToGlobal(at.toPoint()))
    shift = Qt.KeyboardModifier.ShiftModifier
    QApplication.sendEvent(hand.axial, QWheelEvent(at, place, QPoint(), QPoint(0, 120), none, shift, phase, False))
    assert hand.editor.options.radius_mm > size
    assert hand.axial.slice_index == index, "with Shift the wheel does not scroll"
    hand.driver.act("tool.smaller")
    assert hand.editor.options.radius_mm == pytest.approx(size)


def test_that_the_threshold_brush_paints_only_its_range_and_takes_it_from_the_scan(
    hand: Hand, phantom: Phantom
) -> None:
    hand.take(EditorTool.THRESHOLD, "liver")
    at = hand.look(_inside(phantom, "liver"))
    alt = Qt.KeyboardModifier.AltModifier
    QTest.mouseClick(hand.axial, Qt.MouseButton.LeftButton, alt, at.toPoint())
    options = hand.editor.options
    assert 60 < (options.range_from + options.range_to) / 2 < 160, "grey values of the liver"
    before = hand.mask("liver")
    hand.editor.set_option(range_from=-2000.0, range_to=-60.0, radius_mm=15.0)
    _, outside = _outside(hand, phantom)
    hand.drag([outside, outside + QPointF(8, 0)])
    added = hand.mask("liver") & ~before
    values = phantom.volume.voxels[added]
    assert not added.any() or values.max() <= -60


def test_that_scissors_erase_inside_their_line_in_one_slice(hand: Hand, phantom: Phantom) -> None:
    hand.take(EditorTool.SCISSORS, "liver")
    point = _inside(phantom, "liver")
    at, before = hand.look(point), hand.mask("liver")
    hand.editor.set_option(scissors=ScissorsMode.ERASE_INSIDE, is_one_slice=True)
    circle = [at + QPointF(18 * np.cos(t), 14 * np.sin(t)) for t in np.linspace(0.0, 5.8, 24)]
    hand.drag(circle)
    after = hand.mask("liver")
    i, j, k = (round(float(v)) for v in phantom.volume.grid.ijk_from_lps(point))
    assert before[k, j, i]
    assert not after[k, j, i]
    changed = np.flatnonzero((before ^ after).any(axis=(1, 2)))
    assert changed.tolist() == [k]
    hand.undo()
    assert np.array_equal(hand.mask("liver"), before)


def test_that_a_click_removes_one_piece_and_another_keeps_it(hand: Hand, phantom: Phantom) -> None:
    hand.take(EditorTool.BRUSH, "liver")
    point, at = _outside(hand, phantom)
    hand.editor.set_option(radius_mm=3.0)
    before = hand.mask("liver")
    hand.drag([at])
    assert hand.mask("liver").sum() > before.sum()
    hand.take(EditorTool.PIECES)
    hand.editor.set_option(island=IslandAction.REMOVE)
    hand.drag([at])
    assert np.array_equal(hand.mask("liver"), before)
    hand.drag([at])
    assert "not on the structure" in hand.window.message_bar.text
    hand.undo()
    hand.editor.set_option(island=IslandAction.KEEP)
    hand.drag([at])
    i, j, k = (round(float(v)) for v in phantom.volume.grid.ijk_from_lps(point))
    assert hand.mask("liver")[k, j, i]
    assert hand.mask("liver").sum() < 0.01 * before.sum()


def test_that_a_preview_changes_nothing_until_accepted_and_goes_when_the_labels_change(hand: Hand) -> None:
    before = hand.mask("liver")
    hand.take(EditorTool.WHOLE, "liver")
    hand.editor.set_option(operation="grow", length_mm=4.0)
    assert not hand.window.actions_["tool.accept"].isEnabled()
    hand.driver.act("tool.preview")
    hand.rest()
    assert hand.editor.pending is not None
    assert hand.window.segment_editor_panel.pending.accept_button.isVisible()
    assert np.array_equal(hand.mask("liver"), before)
    QTest.keyClick(hand.axial, Qt.Key.Key_Return, _CONTROL)
    hand.driver.wait(lambda: hand.editor.pending is None, "accepted")
    hand.rest()
    assert hand.mask("liver").sum() > before.sum()
    assert hand.editor.patch is None

    hand.driver.act("tool.preview")
    hand.rest()
    assert hand.editor.pending is not None
    hand.undo()
    assert hand.editor.pending is None
    assert hand.editor.patch is None


def test_that_a_click_mends_a_hole_and_each_click_is_a_step(
    hand: Hand, phantom: Phantom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmentation.seeds.correction.click_model", _Willing)
    point = _inside(phantom, "liver")
    at = hand.look(point)
    hand.take(EditorTool.ERASER, "liver")
    hand.editor.set_option(radius_mm=9.0, is_flat=False)
    hand.drag([at])
    holed = hand.mask("liver")
    hand.take(EditorTool.CLICKS)
    hand.drag([at])
    mended = hand.mask("liver")
    i, j, k = (round(float(v)) for v in phantom.volume.grid.ijk_from_lps(point))
    assert mended[k, j, i]
    assert mended.sum() > holed.sum()
    hand.undo()
    assert np.array_equal(hand.mask("liver"), holed)


def test_that_seeds_grow_are_taken_back_and_accepted(hand: Hand, phantom: Phantom) -> None:
    at = hand.look(_inside(phantom, "liver"))
    hand.take(EditorTool.SEEDS, "liver")
    before = hand.mask("liver")
    hand.drag([at, at + QPointF(8, 0), at + QPointF(16, 0)])
    assert "both sides" in hand.window.status.text()
    _, outside = _outside(hand, phantom)
    hand.drag([outside, outside + QPointF(0, 6)], _CONTROL)
    assert hand.editor.pending is not None
    assert np.array_equal(hand.mask("liver"), before)
    hand.driver.act("steps.undo")  # a scribble that is not accepted goes before any step of the case
    hand.rest()
    assert hand.editor.pending is None
    hand.drag([outside, outside + QPointF(0, 6)], _CONTROL)
    hand.driver.act("tool.accept")
    hand.rest()
    assert not np.array_equal(hand.mask("liver"), before)


def test_that_a_lesion_is_deleted_found_again_as_a_candidate_and_added_by_one_click(
    hand: Hand, phantom: Phantom
) -> None:
    true = hand.mask("lesion-1")
    hand.window.structure_panel.select("lesion-1")
    hand.driver.act("tool.delete")
    hand.rest()
    assert "lesion-1" not in hand.case.structure_ids()
    hand.take(EditorTool.LESION)
    hand.driver.act("tool.candidates")
    hand.rest()
    rows = hand.window.segment_editor_panel.options.candidates.rows
    assert rows, "the largest lesion stands out"
    hand.driver.click(rows[0].look)
    hand.rest()
    assert hand.editor.pending is not None
    assert "lesion-1" not in hand.case.structure_ids()
    hand.driver.click(rows[0].add)
    hand.rest()
    lesions = [i for i in hand.case.structure_ids() if i.startswith("lesion-")]
    found = max((hand.mask(i) for i in lesions), key=lambda mask: int((mask & true).sum()))
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.7
    assert hand.window.structure_panel.selected in lesions


def test_that_a_lesion_is_outlined_by_a_click_and_mended_by_another(hand: Hand, phantom: Phantom) -> None:
    hand.window.structure_panel.select("lesion-1")
    hand.driver.act("tool.delete")
    hand.rest()
    hand.window.structure_panel.deselect()
    hand.take(EditorTool.LESION)
    at = hand.look(_inside(phantom, "lesion-1"))
    hand.drag([at])
    first = hand.editor.pending
    assert first is not None
    assert first.patch is not None
    hand.drag([at + QPointF(3, 0)])
    assert hand.editor.pending is not first
    hand.driver.act("tool.take_back")
    assert hand.editor.pending is not None
    hand.driver.act("tool.accept")
    hand.rest()
    assert any(i.startswith("lesion-") for i in hand.case.structure_ids())


def test_that_a_duct_is_traced_between_two_clicks(hand: Hand, phantom: Phantom) -> None:
    duct = np.argwhere(phantom.layers[LayerName.DUCTS].mask("pancreatic_duct"))
    ends = [duct[duct[:, 2].argmin()], duct[duct[:, 2].argmax()]]
    hand.take(EditorTool.DUCT)
    for end in ends:
        hand.drag([hand.look(phantom.volume.grid.lps_from_ijk(end[::-1]))])
    assert hand.editor.pending is not None
    assert "mm long" in hand.window.segment_editor_panel.pending.text.text()
    hand.driver.act("tool.accept")
    hand.rest()
    assert "pancreatic_duct" in hand.case.structure_ids()


def test_that_a_branch_moves_to_the_other_tree_by_one_click(hand: Hand, phantom: Phantom) -> None:
    veins = np.argwhere(hand.mask("portal_vein"))
    point = phantom.volume.grid.lps_from_ijk(veins[len(veins) // 2][::-1])
    hand.take(EditorTool.VESSELS)
    before = hand.mask("portal_vein").sum(), hand.mask("hepatic_vein").sum()
    hand.drag([hand.look(point)])
    hand.driver.wait(lambda: "moved" in hand.window.status.text() or hand.window.message_bar.text != "", "answer")
    after = hand.mask("portal_vein").sum(), hand.mask("hepatic_vein").sum()
    assert sum(after) == sum(before)
    assert after != before


def test_that_a_locked_structure_says_so_and_stays_and_that_tools_end_with_the_step(
    hand: Hand, phantom: Phantom
) -> None:
    hand.take(EditorTool.BRUSH, "liver")
    before = hand.mask("liver")
    row = next(row for row in hand.window.structure_panel.rows() if row.structure_id == "liver")
    hand.driver.click(row.lock)
    assert hand.editor.is_locked
    action = hand.window.actions_["tool.eraser"]
    assert not action.isEnabled()
    assert "locked" in action.toolTip()
    hand.drag([hand.look(_inside(phantom, "liver"))])
    assert "locked" in hand.window.message_bar.text
    assert np.array_equal(hand.mask("liver"), before)
    hand.driver.click(row.lock)
    assert hand.window.actions_["tool.eraser"].isEnabled()

    assert hand.window.state.tool is not None
    hand.window.show_step(Step.TWIN)
    assert hand.window.state.tool is None
    assert hand.editor.tool is EditorTool.LOOK
    QTest.keyClick(hand.axial, Qt.Key.Key_B)
    assert hand.editor.tool is EditorTool.BRUSH
    assert hand.window.pages.step is Step.SEGMENT
    QTest.keyClick(hand.axial, Qt.Key.Key_Escape)
    assert hand.editor.tool is EditorTool.LOOK


def test_that_a_structure_that_is_not_there_yet_can_be_drawn(hand: Hand, phantom: Phantom) -> None:
    table = hand.window.structure_panel
    table.add_choice.setCurrentIndex(table.add_choice.findData("spleen"))
    table.add_choice.activated.emit(table.add_choice.currentIndex())
    assert table.selected == "spleen"
    hand.take(EditorTool.BRUSH)
    _, at = _outside(hand, phantom)
    hand.drag([at, at + QPointF(5, 0)])
    assert "spleen" in hand.case.structure_ids()
    assert table.selected == "spleen"
    row = next(row for row in table.rows() if row.structure_id == "spleen")
    assert "Drawn by hand" in row._origin.text()


def test_that_quality_control_follows_the_labels_and_goes_to_the_place(hand: Hand, phantom: Phantom) -> None:
    window, point = hand.window, _inside(phantom, "liver")
    hand.driver.wait(lambda: not window.quality_checks.is_checking, "checked")
    known = {finding.message_id for finding in window.quality_checks.findings}
    hand.take(EditorTool.ERASER, "liver")
    hand.editor.set_option(radius_mm=12.0, is_flat=False)
    hand.drag([hand.look(point)])
    hand.driver.wait(lambda: {f.message_id for f in window.quality_checks.findings} > known, "the cavity is found")
    window.structure_panel.select("portal_vein")
    window.state.move_crosshair(point + 60.0)
    rows = [row for row in window.segment_editor_panel.quality.rows() if row.finding.message_id not in known]
    rows[0].button.click()
    assert window.structure_panel.selected == "liver"
    assert np.linalg.norm(window.state.crosshair_lps_mm - point) < 15.0
    hand.driver.wait(lambda: not window.task_strip.is_busy, "twin built")
