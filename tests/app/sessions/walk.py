"""From a DICOM zip to two compared, approved plans and their documents, by clicks, keys and menus alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt

from app.scene.cut_plane import PlaneHandle
from app.scene.slice_frame import SliceAxis
from app.ui.steps import Step
from app.ui.study_page import StudyTab
from tests.app.sessions.album import Album
from tests.app.sessions.person import Person, live
from twin.case import Case
from twin.plan import Plan
from twin.resection import PancreasCut, PlaneCut, TerritorySet

__all__ = ["Patient", "Walk"]

_SURGEON = "Dr Martin"


@dataclass(frozen=True)
class Patient:
    """What a person enters, and where in the scan they look."""

    height_cm: str = "172"
    weight_kg: str = "74"
    sex: str = "f"
    parenchyma: str = "normal"
    approach: str = "open"


@dataclass
class Walk:
    """One way through the program.

    Parameters
    ----------
    person
        Whose hands do it.
    album
        Takes the pictures.
    folder
        Where the case and the documents go.
    """

    person: Person
    album: Album
    folder: Path
    patient: Patient = Patient()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The case as it is."""
        work = self.person.window.control.work
        assert work is not None
        return work.case

    @property
    def plan(self) -> Plan:
        """The plan worked on."""
        plan = self.person.window.desk.plan
        assert plan is not None
        return plan

    # Study

    def open_study(self, study: Path) -> None:
        """Choose the zip in the file dialog, make a case of its series."""
        person, window = self.person, self.person.window
        self.album.take("start")
        with self._timed("open"):
            person.will_give_path(study)
            person.choose("file.open_file")
            person.wait(lambda: window.control.volume is not None and window.control.volume.id != "preview", "study")
            person.rest()
        self.album.take("study")
        with self._timed("case"):
            person.will_give_path(self.folder / "walk.twinsight")
            person.click(window.series_panel.create_button)
            person.wait(lambda: window.control.work is not None, "case made")
            person.rest()

    def open_demo(self) -> None:
        """Click on the demo of the start page."""
        person, window = self.person, self.person.window
        self.album.take("start")
        with self._timed("demo"):
            tile = next(one for one in window.start_page.tiles if one.text() == window.actions_["file.demo"].text())
            person.click(tile)
            person.wait(lambda: window.control.work is not None and window.desk.can_plan, "demo")
            person.rest()
        self.album.take("demo")

    def open_case(self, path: Path) -> None:
        """Choose a case in the folder dialog."""
        person, window = self.person, self.person.window
        with self._timed("open"):
            person.will_give_path(path)
            person.choose("file.open_case")
            person.wait(lambda: window.control.work is not None, "case")
            person.rest()
        self.album.take("case")

    def enter_facts(self) -> None:
        """Say what the figures need to know of the patient."""
        person, window = self.person, self.person.window
        with self._timed("patient"):
            person.step(Step.STUDY)
            person.click(window.study_page.tabs[StudyTab.PATIENT])
            editors = window.facts_form.editors
            for name in ("height_cm", "weight_kg"):
                person.write(editors[name], getattr(self.patient, name))  # type: ignore[arg-type]
            for name in ("sex", "parenchyma", "approach"):
                person.pick(editors[name], getattr(self.patient, name))  # type: ignore[arg-type]
            person.click(window.facts_form.enter_button)
            person.wait(lambda: self.case.facts.weight_kg is not None, "facts entered")
            window.facts_form.editors["height_cm"].setFocus()
            person.rest()
        self.album.take("patient")

    # Segment

    def segment(self) -> None:
        """Let the program label the scan."""
        person, window = self.person, self.person.window
        with self._timed("segment"):
            person.step(Step.SEGMENT)
            person.click(window.structure_panel.segment_button)
            person.wait(lambda: bool(self.case.structure_ids()), "labels")
            person.rest()
        self.album.take("segment")

    def find_lesions(self, at_most: int = 2) -> None:
        """Look at candidates of lesions and accept the largest."""
        person, window = self.person, self.person.window
        with self._timed("lesions"):
            self._take_tool("lesion")
            person.choose("tool.candidates")
            person.wait(lambda: window.editor.task is None, "candidates")
            live(0.1)
            tool = window.editor_tools.lesion
            assert tool.candidates, "no candidate was found"
            rows = window.segment_editor_panel.options.candidates.rows
            person.click(rows[0].look)
            person.wait(lambda: window.editor.pending is not None, "outline")
        self.album.take("candidate")
        with self._timed("lesions"):
            for _ in range(min(at_most, len(tool.candidates))):
                n_lesions = len(self._lesions())
                if window.editor.pending is None:
                    person.click(window.segment_editor_panel.options.candidates.rows[0].look)
                    person.wait(lambda: window.editor.pending is not None, "outline")
                self._accept()
                person.wait(lambda n=n_lesions: len(self._lesions()) > n, "lesion accepted")
                if window.editor.pending is not None:  # the organ offers to grow round it
                    self._accept()
                person.rest()

    def outline_lesion(self, point_lps_mm: tuple[float, float, float]) -> None:
        """Click in a lesion, accept its outline."""
        person, window = self.person, self.person.window
        with self._timed("lesions"):
            self._take_tool("lesion")
            n_lesions = len(self._lesions())
            person.choose("tool.new_lesion")
            self.look_at(point_lps_mm)
            axial = window.slices[SliceAxis.AXIAL]
            person.click(axial, axial.screen_from_lps(np.array(point_lps_mm)))
            person.wait(lambda: window.editor.pending is not None and window.editor.task is None, "outline")
            self._accept()
            person.wait(lambda: len(self._lesions()) > n_lesions, "lesion accepted")
            if window.editor.pending is not None:
                self._accept()
            person.rest()

    def paint_stroke(self, structure_id: str) -> None:
        """Erase a little at the border of a structure, as a correction by hand."""
        person, window = self.person, self.person.window
        with self._timed("correct"):
            self.choose_structure(structure_id)
            self._take_tool("eraser")
            mask = self.case.layer_of(structure_id).mask(structure_id)
            layer = self.case.layer_of(structure_id)
            k = int(mask.sum(axis=(1, 2)).argmax())
            rows, columns = np.nonzero(mask[k])
            front = int(rows.argmin())  # the foremost point of the largest slice: the border is there
            at = layer.grid.lps_from_ijk((float(columns[front]), float(rows[front]), float(k)))
            self.look_at(tuple(at))
            axial = window.slices[SliceAxis.AXIAL]
            start = axial.screen_from_lps(at)
            before = self.case
            person.drag(axial, [start + QPointF(-14, 3), start + QPointF(14, 3)])
            person.wait(lambda: self.case is not before, "stroke written")
            person.rest()
        self.album.take("corrected")
        with self._timed("correct"):
            self._take_tool("look")

    def choose_structure(self, structure_id: str) -> None:
        """Click on a row of the table."""
        row = next(r for r in self.person.window.structure_panel.rows() if r.structure_id == structure_id)
        self.person.click(row, QPointF(row.width() / 2, 12))
        self.person.wait(lambda: self.person.window.structure_panel.selected == structure_id, "row chosen")

    def look_at(self, point_lps_mm: tuple[float, ...]) -> None:
        """Go to the slice of a point with the page keys of the axial view."""
        person, axial = self.person, self.person.window.slices[SliceAxis.AXIAL]
        point = np.array(point_lps_mm)
        axial.setFocus()
        frame = axial.frame_of_slice
        assert frame is not None
        wanted = round(float(frame.pixel_from_lps(point)[2]))
        for _ in range(2000):
            if axial.slice_index == wanted:
                break
            before = axial.slice_index
            person.key(axial, Qt.Key.Key_Up if wanted > before else Qt.Key.Key_Down)
            assert axial.slice_index != before, "the slices do not go on"

    # Twin

    def confirm(self) -> None:
        """Declare every structure right under a name."""
        person, window = self.person, self.person.window
        with self._timed("confirm"):
            person.step(Step.TWIN)
        self.album.take("twin")
        with self._timed("confirm"):
            person.will_declare(_SURGEON, seen=lambda: self.album.take_dialog("declaration"))
            person.click(window.structure_panel.confirm_all_button)
            person.wait(lambda: all(self.case.is_confirmed(i) for i in self.case.structure_ids()), "confirmed")
            person.rest()
        self.album.take("confirmed")

    # Plan

    def plan_plane(self, by: tuple[float, float] = (-28.0, 6.0)) -> None:
        """Make a plan with a plane and pull its arrow with the mouse, in space and on a slice."""
        person, window = self.person, self.person.window
        with self._timed("plan A"):
            person.step(Step.PLAN)
            person.choose("plan.new_plane")
            person.wait(lambda: window.desk.plan is not None, "plan")
            person.rest()
            (first,) = self.plan.resections
            tip = window.twin_view.handle_position(PlaneHandle.MOVE)
            person.drag(window.twin_view, [tip, tip + QPointF(*by)])
            person.rest()
            axial = window.slices[SliceAxis.AXIAL]
            line = axial.cut_line()
            assert line is not None
            grip = line.middle + line.along * 30
            person.drag(axial, [grip, grip + QPointF(9, 0)])
            person.rest()
            (dragged,) = self.plan.resections
            assert isinstance(dragged, PlaneCut)
            assert dragged != first
        self.album.take("plan-plane")
        for tab in ("vessels", "cut", "approval"):
            person.click(window.plan_panel.tabs[tab])
            self.album.take(f"plan-plane-{tab}")
        person.click(window.plan_panel.tabs["figures"])

    def plan_segments(self, digits: str) -> None:
        """Make a second plan of segments, chosen by their digits."""
        person, window = self.person, self.person.window
        with self._timed("plan B"):
            person.choose("plan.duplicate")
            person.wait(lambda: window.desk.selected == "B", "copy")
            person.rest()
            cuts = window.plan_panel.cuts
            person.choose_in(cuts.add_button, cuts.add_menu, "plan.add_territory")
            person.wait(lambda: len(self.plan.resections) == 2, "territory")
            person.rest()
            person.click(window.plan_panel.cuts.rows[0].remove)
            person.wait(lambda: len(self.plan.resections) == 1, "plane taken out")
            options = window.plan_panel.options.territory
            wanted_first = sorted(options.digits.items(), key=lambda entry: entry[0] not in digits)
            for digit, button in wanted_first:  # a territory of nothing is refused
                if (digit in digits) != button.isChecked():
                    person.click(button)
                    person.wait(
                        lambda d=digit: (d in getattr(window.desk.cut, "new_world_code", "")) == (d in digits),
                        f"segment {digit}",
                    )
            person.rest()
            (cut,) = self.plan.resections
            assert isinstance(cut, TerritorySet)
            assert sorted(cut.new_world_code[1:]) == sorted(digits)
        self.album.take("plan-segments")

    def look_at_segment(self) -> None:
        """Take up the brush and look at the page of the step Segment."""
        self.person.step(Step.SEGMENT)
        self.choose_structure("liver")
        self._take_tool("brush")
        self.album.take("segment")
        self._take_tool("look")

    def plan_spleen_kept(self) -> None:
        """Make a second plan that spares the spleen."""
        person, window = self.person, self.person.window
        with self._timed("plan B"):
            person.choose("plan.duplicate")
            person.wait(lambda: window.desk.selected == "B", "copy")
            person.rest()
            box = window.plan_panel.options.pancreas.spleen
            box.setFocus()
            person.key(box, Qt.Key.Key_Space)
            person.wait(lambda: getattr(window.desk.cut, "keeps_spleen", False), "spleen kept")
            person.rest()
        self.album.take("plan-spleen-kept")

    def plan_distal_pancreatectomy(self, shift: float = 30.0) -> None:
        """Make a plan of the pancreas from the menu of cuts, and pull the slider with the mouse."""
        person, window = self.person, self.person.window
        with self._timed("plan A"):
            person.step(Step.PLAN)
            self.album.take("plan-empty")
            cuts = window.plan_panel.cuts
            person.choose_in(cuts.add_button, cuts.add_menu, "plan.add_pancreas")
            person.wait(lambda: window.desk.plan is not None, "plan")
            person.rest()
            (first,) = self.plan.resections
            slider = window.plan_panel.options.pancreas.sliders[0]
            at = QPointF(slider.width() * slider.value() / slider.maximum(), slider.height() / 2)
            person.drag(slider, [at, at + QPointF(shift, 0)])
            person.rest()
            (dragged,) = self.plan.resections
            assert isinstance(dragged, PancreasCut)
            assert dragged != first
        self.album.take("plan-distal")

    # Compare, approve, report

    def compare(self) -> None:
        """Look at both plans side by side, choose the first by its name."""
        person, window = self.person, self.person.window
        with self._timed("compare"):
            person.step(Step.COMPARE)
            person.rest()
            person.click(window.compare_page.headers["A"])
            person.wait(lambda: window.desk.selected == "A", "plan A shown")
            person.rest()
        self.album.take("compare")

    def approve(self, *names: str) -> None:
        """Approve plans, each chosen by its name in the list."""
        person, window = self.person, self.person.window
        person.step(Step.PLAN)
        for name in names:
            with self._timed("approve"):
                person.pick(window.plan_panel.plan_box, name)
                person.wait(lambda n=name: window.desk.selected == n, f"plan {name} chosen")
                person.rest()
                person.click(window.plan_panel.tabs["approval"])
                person.will_declare(_SURGEON, seen=lambda n=name: self.album.take_dialog(f"approval-of-{n}"))
                person.click(window.plan_panel.approve_button)
                person.wait(lambda: self.plan.is_approved, f"plan {name} approved")
                person.rest()
            self.album.take(f"approved-{name}")
        person.click(window.plan_panel.tabs["figures"])

    def report(self) -> Path:
        """Write the documents; return their folder."""
        person, window = self.person, self.person.window
        person.step(Step.REPORT)
        self.album.take("report")
        target = self.folder / "documents"
        target.mkdir()
        with self._timed("report"):
            person.will_give_path(target)
            person.click(window.report_page.export_button)
            person.wait(lambda: window.message_bar.text != "" and not window.task_strip.is_busy, "documents")
            person.rest()
        self.album.take("exported")
        return target

    # Pieces

    def _take_tool(self, tool: str) -> None:
        action = self.person.window.actions_[f"tool.{tool}"]
        if not action.isChecked():
            self.person.choose(f"tool.{tool}")
        self.person.wait(lambda: self.person.window.editor.task is None, "tool ready")

    def _accept(self) -> None:
        before = self.case
        self.person.click(self.person.window.segment_editor_panel.pending.accept_button)
        self.person.wait(lambda: self.case is not before, "accepted")
        live(0.1)

    def _lesions(self) -> tuple[str, ...]:
        return tuple(i for i in self.case.structure_ids() if i.startswith("lesion-"))

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
