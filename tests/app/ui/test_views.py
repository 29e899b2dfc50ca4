"""What can be done on the views: ruler, angle, picking, opening, turntable, oblique slices, the cut on slices."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.scene.cut_plane import CutPlane
from app.scene.slice_frame import SliceAxis
from app.ui.twin_pick import PickedPoint
from tests.app.ui.conftest import Driver, live
from twin.edit import RegistrationsEdit, VolumesEdit
from twin.figure import Figure, FigureStatus
from twin.provenance import Provenance
from twin.registration import Registration

pytestmark = pytest.mark.gui


def test_that_lengths_and_angles_are_measured_on_slices(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    window, axial = driver.window, driver.window.slices[SliceAxis.AXIAL]
    measures = window.measures
    driver.act("measure.ruler")
    crosshair = window.state.crosshair_lps_mm.copy()
    start = QPointF(axial.width() * 0.3, axial.height() * 0.4)
    driver.drag(axial, start, (80, 60))
    assert len(measures.measures) == 1
    assert measures.measures[0].value == pytest.approx(100 * axial.mm_per_px, rel=0.02)
    assert np.array_equal(window.state.crosshair_lps_mm, crosshair), "the tool takes the press"
    driver.drag(axial, start + QPointF(80, 60), (0, -60))
    assert measures.measures[0].value == pytest.approx(80 * axial.mm_per_px, rel=0.02), "an end can be mended"
    driver.click(axial, QPointF(30, 200))
    assert len(measures.measures) == 1, "a click measures nothing"

    driver.act("measure.angle")
    assert not window.actions_["measure.ruler"].isChecked()
    for at in ((200, 200), (150, 200), (150, 150)):
        driver.click(axial, QPointF(*at))
        QTest.mouseMove(axial, QPointF(at[0] - 3, at[1]).toPoint())
    assert measures.measures[1].value == pytest.approx(90, abs=1.5)
    shown = axial.grab().toImage()
    axial.scroll_by(1)
    assert axial.grab().toImage() != shown
    QTest.keyClick(axial, Qt.Key.Key_Delete)
    assert len(measures.measures) == 1
    driver.act("measure.angle")
    assert window.state.tool is None
    driver.act("measure.clear")
    assert measures.measures == []
    assert not window.actions_["measure.clear"].isEnabled()


def test_that_a_click_in_space_says_what_it_is_and_moves_the_slices_there(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    window, view = driver.window, driver.window.twin_view
    driver.wait(lambda: window.control.work is not None and window.control.work.built is not None, "twin")
    driver.draw()
    told: list[PickedPoint | None] = []
    view.picked.connect(told.append)
    built = window.control.work.built  # type: ignore[union-attr]
    surface = built.twin.surfaces["lesion-1"]  # type: ignore[union-attr]
    middle = surface.points_lps_mm.mean(axis=0)
    x, y = view.camera.px_from_lps(middle, (view.width(), view.height()))
    driver.click(view, QPointF(float(x), float(y)))
    driver.wait(lambda: bool(told), "picked")
    found = told[0]
    assert found is not None
    text = "\n".join(found.lines(window.wording))
    assert found.description.structure_id != "liver", "the transparent organ is looked through"
    assert np.allclose(window.state.crosshair_lps_mm, found.point_lps_mm)
    if found.description.structure_id == "lesion-1":
        assert "Lesion 1" in text
    before = view.grab().toImage()
    driver.click(view, QPointF(3, view.height() - 3))
    driver.wait(lambda: len(told) == 2, "beside everything")
    assert told[1] is None
    assert view.grab().toImage() != before

    window.state.move_crosshair(middle)
    whole = view.snapshot()
    driver.act("space.clip")
    driver.draw()
    opened = view.snapshot()
    assert opened != whole
    driver.act("space.clip_flip")
    driver.draw()
    assert view.snapshot() != opened
    driver.act("space.clip")
    driver.draw()
    assert view.snapshot() == whole

    camera = view.camera
    driver.act("space.turntable")
    driver.wait(lambda: abs(float(view.camera.toward_eye_lps @ camera.toward_eye_lps)) < 0.99, "turned")
    assert np.allclose(view.camera.up_lps, camera.up_lps), "about the axis of the body"
    driver.act("space.turntable")
    assert not view.turntable.is_turning


def test_that_the_oblique_slice_lies_in_the_cut_and_can_be_turned(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    window = driver.window
    driver.wait(lambda: window.desk.can_plan, "liver ready")
    driver.act("plan.new_plane")
    driver.settle()
    driver.act("view.oblique_cut")
    live(0.05)
    view, plane = window.slices[SliceAxis.OBLIQUE], window.state.plane
    assert view.isVisible()
    assert plane is not None
    frame = view.frame_of_slice
    assert frame is not None
    assert abs(float(frame.directions_lps[2] @ plane.normal_lps)) == pytest.approx(1.0)
    assert abs(float(frame.pixel_from_lps(plane.origin_lps_mm)[2]) - view.slice_index) <= 0.5
    through = frame.directions_lps[2].copy()
    alt = Qt.KeyboardModifier.AltModifier
    QTest.mousePress(view, Qt.MouseButton.LeftButton, alt, view.rect().center())
    QTest.mouseMove(view, view.rect().center() + QPointF(60, 0).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, alt, view.rect().center() + QPointF(60, 0).toPoint())
    turned = view.frame_of_slice.directions_lps  # type: ignore[union-attr]
    assert np.degrees(np.arccos(float(turned[2] @ through))) == pytest.approx(21, abs=1)
    assert np.allclose(turned @ turned.T, np.eye(3))

    _cut_on_slices(driver)


def _cut_on_slices(driver: Driver) -> None:
    """What lies beyond the plane is painted as removed, what lies before it is not."""
    window, axial = driver.window, driver.window.slices[SliceAxis.AXIAL]
    built = window.control.work.built  # type: ignore[union-attr]
    liver = built.twin.surfaces["liver"].points_lps_mm  # type: ignore[union-attr]
    middle = (liver.min(axis=0) + liver.max(axis=0)) / 2
    window.state.move_crosshair(middle)
    plane = CutPlane.through(tuple(middle), (-1.0, 0.0, 0.0), 80.0)
    window.state.set_plane(plane)
    one = axial.grab().toImage()
    window.state.set_plane(plane.flipped())
    other = axial.grab().toImage()
    at = axial.screen_from_lps(middle + np.array([-25.0, 0.0, 0.0]))
    beyond, before = (image.pixelColor(at.toPoint()) for image in (one, other))
    assert beyond != before, "the same voxel is removed by one plane and stays with the other"
    assert beyond.blue() - beyond.green() > before.blue() - before.green()


def test_that_thick_slices_say_so_and_end_where_a_tool_begins(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    window, axial = driver.window, driver.window.slices[SliceAxis.AXIAL]
    thin = axial.grab().toImage()
    assert not window.actions_["view.slab_thicker"].isEnabled()
    QTest.keyClick(axial, Qt.Key.Key_J)
    slab = window.state.slab
    assert slab is not None
    assert window.actions_["view.slab_mip"].isChecked()
    assert axial.grab().toImage() != thin
    frame = axial.frame_of_slice
    assert frame is not None
    thickness = window.wording.quantity(slab.true_mm(frame.spacing_mm[2]), "mm", decimals=1)
    assert axial.special_text() == f"MIP {thickness}"
    driver.act("view.slab_thicker")
    assert window.state.slab is not None
    assert window.state.slab.thickness_mm > slab.thickness_mm
    driver.act("view.slab_mean")
    assert not window.actions_["view.slab_mip"].isChecked(), "one at a time"
    driver.act("measure.ruler")
    assert window.state.slab is None
    assert not window.actions_["view.slab_mean"].isChecked()
    assert "thin" in window.status.text()
    driver.act("view.slab_minip")
    assert window.state.tool is None, "and a thick slice puts the tool down"
    driver.act("view.slab_minip")
    assert window.state.slab is None
    live(0.02)
    assert axial.special_text() == ""


def test_that_a_registered_scan_is_laid_over_the_slices_and_says_how_well_it_fits(
    driver: Driver, case_path: Path
) -> None:
    driver.open(case_path)
    window, axial = driver.window, driver.window.slices[SliceAxis.AXIAL]
    work = window.control.work
    assert work is not None
    assert not window.actions_["view.fusion"].isEnabled()
    planned = work.case.planning_volume
    second = replace(planned, id="second", voxels=np.flip(planned.voxels, axis=2).copy(), description="arterial")
    distance = Figure(2.5, 0.4, 6.0, "mm", FigureStatus.MEASURED, "test")
    provenance = Provenance("test", "1", {})
    found = Registration("second", planned.id, np.eye(4), "rigid", distance, provenance)
    work.do(VolumesEdit({"second": second}, planned.id))
    work.do(RegistrationsEdit((found,)))
    driver.wait(window.actions_["view.fusion"].isEnabled, "a registered scan")
    alone = axial.grab().toImage()
    QTest.keyClick(axial, Qt.Key.Key_H)
    assert window.state.fusion is not None
    assert axial.grab().toImage() != alone
    assert axial.special_text() == "over it 50%: CT · portal phase · arterial"
    choice = window.fusion_choice
    choice.share.setValue(80)
    assert window.state.fusion.share == 0.8
    assert "2.5\N{NO-BREAK SPACE}mm" in choice.findChildren(QLabel)[-1].text()
    driver.act("view.slab_mip")
    assert window.state.fusion is None, "a thick slice is shown alone"
    assert not window.actions_["view.fusion"].isChecked()
    driver.act("view.fusion")
    assert window.state.slab is None
    driver.act("view.fusion")
    assert axial.grab().toImage() == alone
