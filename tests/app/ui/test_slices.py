"""Slices: linked, scrolled, windowed, zoomed and read, by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.scene.slice_frame import SliceAxis
from app.scene.window_level import PRESETS
from app.ui.slice_view import SliceView
from tests.app.ui.conftest import Driver, live
from twin.phantom import Phantom

pytestmark = pytest.mark.gui


def _wheel(view: SliceView, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def _axial(driver: Driver) -> SliceView:
    return driver.window.slices[SliceAxis.AXIAL]


def test_that_the_views_are_linked_to_each_other(driver: Driver, case_path: object) -> None:
    driver.open(case_path)  # type: ignore[arg-type]
    window, axial = driver.window, _axial(driver)
    coronal, sagittal = window.slices[SliceAxis.CORONAL], window.slices[SliceAxis.SAGITTAL]

    before = (coronal.slice_index, sagittal.slice_index)
    driver.click(axial, QPointF(axial.width() * 0.35, axial.height() * 0.4))
    assert (coronal.slice_index, sagittal.slice_index) != before
    assert coronal.slice_index < before[0]
    assert sagittal.slice_index < before[1]

    index = axial.slice_index
    _wheel(axial, 3)
    assert axial.slice_index == index + 3
    QTest.keyClick(axial, Qt.Key.Key_PageDown)
    assert axial.slice_index == index - 7
    at = coronal.screen_from_lps(window.state.crosshair_lps_mm)
    driver.click(coronal, at + QPointF(0, -20))
    assert axial.slice_index > index - 7, "higher on the coronal slice is nearer to the head"

    level = window.state.window
    driver.drag(axial, QPointF(150, 150), (60, -30), button=Qt.MouseButton.RightButton)
    assert window.state.window.width > level.width
    assert window.state.window.level < level.level
    driver.act("view.window_bone")
    assert window.state.window == PRESETS["bone"]
    assert window.tool_strip.window_presets.currentText() == "Bone"

    edge = axial.frame_of_slice.lps_from_pixel(0, 0, axial.slice_index)  # type: ignore[union-attr]
    fitted = axial.screen_from_lps(edge)
    _wheel(axial, 4, Qt.KeyboardModifier.ControlModifier)
    zoomed = axial.screen_from_lps(edge)
    assert zoomed.x() < fitted.x() - 20
    driver.drag(axial, QPointF(200, 150), (25, 10), button=Qt.MouseButton.MiddleButton)
    panned = axial.screen_from_lps(edge)
    assert (panned.x() - zoomed.x(), panned.y() - zoomed.y()) == pytest.approx((25, 10), abs=0.5)
    driver.act("view.fit")
    assert axial.screen_from_lps(edge).x() == pytest.approx(fitted.x())


def test_that_the_read_out_is_the_value_and_structure_under_the_pointer(
    driver: Driver, case_path: object, phantom: Phantom
) -> None:
    driver.open(case_path)  # type: ignore[arg-type]
    axial, window = _axial(driver), driver.window
    from twin.anatomy import LayerName

    liver = np.argwhere(phantom.layers[LayerName.ORGANS].mask("liver"))
    k, j, i = (int(n) for n in liver[len(liver) // 2])
    point = phantom.volume.grid.lps_from_ijk((i, j, k))
    window.state.move_crosshair(point)
    QTest.mouseMove(axial, axial.screen_from_lps(point).toPoint())
    live(0.02)
    frame, scene = axial.frame_of_slice, window.sync.scene
    assert frame is not None
    assert scene is not None
    text = axial.readout()
    assert "Liver" in text
    shown = int(text.split(" ")[0].replace("−", "-").replace(",", ""))
    around = phantom.volume.voxels[k, j - 1 : j + 2, i - 1 : i + 2]
    assert around.min() <= shown <= around.max(), "the pointer stands on whole pixels"


def test_that_labels_can_be_hidden_on_slices(driver: Driver, case_path: object) -> None:
    driver.open(case_path)  # type: ignore[arg-type]
    axial = _axial(driver)
    with_labels = axial.grab().toImage()
    driver.act("view.labels")
    without = axial.grab().toImage()
    assert with_labels != without
    driver.act("view.labels")
    assert axial.grab().toImage() == with_labels


def test_that_one_view_can_fill_the_area_and_give_it_back(driver: Driver, case_path: object) -> None:
    driver.open(case_path)  # type: ignore[arg-type]
    axial, views = _axial(driver), driver.window.views
    small = axial.size()
    QTest.mouseDClick(axial, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, axial.rect().center())
    live(0.02)
    assert axial.width() > 1.8 * small.width()
    assert not driver.window.twin_view.isVisible()
    QTest.mouseDClick(axial, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, axial.rect().center())
    live(0.02)
    assert axial.size() == small
    shown = {view for view in views.views if view.isVisible()}
    assert shown == set(views.views) - {views.slices[SliceAxis.OBLIQUE]}
    driver.act("view.twin")
    live(0.02)
    assert driver.window.twin_view.width() > 1.8 * axial.width()
