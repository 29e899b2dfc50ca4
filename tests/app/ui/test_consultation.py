"""A consultation by hand: prepare, show, lead, draw, measure; and nothing on the stage that should not be there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from app.services.consultation import Moment, SceneId, TeachBackItem, TeachBackResult
from app.services.plan_resection import save_plan
from app.services.simulate_plan import simulate_plan_of_file
from app.ui.consultation import Consultation
from app.ui.steps import Step
from tests.app.made_up_study import labelled_case_on_disk
from tests.app.ui.conftest import Driver, live

pytestmark = pytest.mark.gui

_LEAST_PX = 44


class Talk:
    """Drives a consultation as the surgeon's hand would."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        driver.click(driver.window.rail.buttons[Step.CONSULT])
        driver.click(driver.window.consultation_page.open_button)
        page = driver.window.consultation_page
        driver.wait(lambda: page.consultation is not None, "consultation open")
        assert page.consultation is not None
        self.consultation: Consultation = page.consultation
        self.settle()

    @property
    def ids(self) -> list[str]:
        story = self.consultation.story
        assert story is not None
        return [scene.id.value for scene in story.scenes]

    def settle(self) -> None:
        self.driver.wait(lambda: self.consultation.is_told, "story told")

    def show(self) -> None:
        """Show the stage to the patient."""
        self.driver.click(self.consultation.team.show_button)
        self.consultation.window.showNormal()
        self.consultation.window.resize(1280, 800)
        self.look()

    def look(self) -> None:
        self.driver.wait(lambda: self.consultation.window.stage.is_settled, "stage settled")

    def tick(self, box: QAbstractButton) -> None:
        """Click on a box of the team's window, where it is drawn."""
        box.click()
        live(0.01)

    def words(self) -> str:
        """Everything that the patient can read."""
        window = self.consultation.window
        labels = [one.text() for one in window.findChildren(QLabel) if one.isVisible()]
        buttons = [one.text() for one in window.findChildren(QAbstractButton) if one.isVisible()]
        return "\n".join([window.windowTitle(), *labels, *buttons])


@pytest.fixture
def talk(driver: Driver, case_path: Path) -> Iterator[Talk]:
    """A draft plan of the liver, all structures confirmed, and its consultation open."""
    driver.open(case_path)
    driver.act("anatomy.confirm_all")
    driver.act("plan.new_plane")
    driver.settle()
    yield Talk(driver)
    driver.window.consultation_page.end()


def test_that_the_surgeon_leads_through_a_whole_story_of_the_liver(talk: Talk) -> None:
    team, window = talk.consultation.team, talk.consultation.window
    assert not window.isVisible(), "nothing is shown before the surgeon asks for it"
    assert talk.ids == ["body", "organ", "done", "steps", "stays", "questions"], "sensitive scenes are opted into"
    talk.tick(team.choices.scenes[SceneId.FOUND])
    talk.settle()
    assert talk.ids[2] == "found"
    talk.show()
    assert window.stage.watermark, "a draft says so on every picture"
    identity = talk.driver.window.control.work.case.identity  # type: ignore[union-attr]
    seen = []
    for _ in talk.ids:
        talk.look()
        seen.append(window.words.title.text())
        text = talk.words()
        for word in (identity.patient_id, identity.name.split("^")[0], identity.birth_date, "APAIS"):
            assert word not in text.replace("TwinSight", ""), word
        assert window.toggles, "every colour is explained"
        if window.timeline.next_button.isEnabled():
            talk.driver.click(window.timeline.next_button)
    story = talk.consultation.story
    assert story is not None
    assert seen == [scene.title for scene in story.scenes]
    small = [
        b for b in window.findChildren(QAbstractButton) if b.isVisible() and min(b.width(), b.height()) < _LEAST_PX
    ]
    assert small == [], "a finger meets every button"
    talk.driver.click(window.timeline.back_button)
    assert talk.consultation.player.scene.id is story.scenes[-2].id  # type: ignore[union-attr]


def test_that_the_language_changes_at_once_and_the_scene_stays(talk: Talk) -> None:
    window = talk.consultation.window
    talk.show()
    talk.driver.click(window.timeline.next_button)
    english = window.words.title.text()
    talk.driver.click(window.language_buttons["fr"])
    assert window.words.title.text() != english, "without waiting"
    assert window.timeline.next_button.text() == "Suivant"
    assert talk.consultation.player.scene.id is SceneId.ORGAN  # type: ignore[union-attr]
    talk.driver.click(window.language_buttons["en"])
    assert window.words.title.text() == english


def test_that_parts_are_switched_and_the_stage_is_turned_by_mouse_and_finger(talk: Talk) -> None:
    window = talk.consultation.window
    stage = window.stage
    talk.show()
    talk.driver.click(window.timeline.next_button)
    talk.look()
    name = next(name for name in window.toggles if "vein" in name)
    before = set(stage.opacities)
    talk.driver.click(window.toggles[name])
    talk.look()
    assert set(stage.opacities) < before
    start = stage.camera
    talk.driver.drag(stage, QPointF(200, 200), (120, 0))
    assert not (stage.camera.toward_eye_lps == start.toward_eye_lps).all()
    turned = stage.camera
    device = QTest.createTouchDevice()
    touch = QTest.touchEvent(stage, device)
    middle = stage.rect().center()
    touch.press(0, middle, stage).commit()
    touch.move(0, middle + QPointF(80, 0).toPoint(), stage).commit()
    touch.release(0, middle + QPointF(80, 0).toPoint(), stage).commit()
    live(0.02)
    assert not (stage.camera.toward_eye_lps == turned.toward_eye_lps).all(), "one finger turns"
    nearness = stage.camera.half_height_mm
    talk.driver.click(window.tools.buttons["zoom_in"])
    talk.look()
    assert stage.camera.half_height_mm < nearness
    talk.driver.click(window.tools.buttons["recentre"])
    talk.look()
    assert stage.camera.toward_eye_lps == pytest.approx(start.toward_eye_lps)


def test_that_what_is_drawn_is_kept_as_a_picture_and_goes_home_only_once_looked_through(talk: Talk) -> None:
    consultation, window, driver = talk.consultation, talk.consultation.window, talk.driver
    talk.show()
    driver.click(window.tools.buttons["pen"])
    camera = window.stage.camera
    driver.drag(window.stage, QPointF(150, 150), (90, 60))
    driver.click(window.tools.buttons["arrow"])
    driver.drag(window.stage, QPointF(300, 150), (-60, 90))
    assert len(window.stage.drawing.strokes) == 2
    assert window.stage.camera is camera, "the stage holds still"
    driver.click(window.tools.buttons["undo"])
    assert len(window.stage.drawing.strokes) == 1
    driver.click(window.tools.buttons["picture"])
    driver.wait(lambda: len(consultation.record.pictures) == 1, "picture kept")
    (picture,) = consultation.record.pictures
    assert not picture.is_taken_home
    talk.tick(consultation.team.pictures.checks[picture.name])
    assert consultation.record.pictures[0].is_taken_home
    driver.click(window.tools.buttons["clear"])
    assert window.stage.drawing.strokes == []
    driver.wait(lambda: consultation.store.read() == consultation.record, "kept in the case")


def test_that_alerts_reach_the_team_at_once_and_never_the_stage(talk: Talk) -> None:
    consultation, team = talk.consultation, talk.consultation.team
    talk.show()
    for row in team.measures.apais[Moment.BEFORE]:
        assert not team.alert.isVisible()
        talk.tick(row.answers[4])
    assert "16" in team.measures._sums[Moment.BEFORE].text()
    assert team.alert.isVisible()
    again = team.measures.teach_back[TeachBackItem.STAYS][TeachBackResult.EXPLAINED_AGAIN]
    talk.tick(again)
    before = team.alert.text()
    talk.tick(again)
    assert team.alert.text() != before
    assert "support" in team.alert.text()
    assert team.alert.text() not in talk.words()
    assert consultation.record.understanding.not_understood == (TeachBackItem.STAYS,)


def test_that_the_second_screen_leaves_the_buttons_to_the_team(talk: Talk) -> None:
    team, window = talk.consultation.team, talk.consultation.window
    talk.tick(team.second_screen)
    talk.show()
    for widget in (window.tools, window.timeline.next_button, window.close_button, window.scar_button):
        assert not widget.isVisible()
    first = window.words.title.text()
    talk.tick(team.lead["next"])
    assert window.words.title.text() != first


def test_that_playing_goes_on_by_itself_and_a_hand_stops_it(talk: Talk) -> None:
    window, player = talk.consultation.window, talk.consultation.player
    talk.show()
    talk.driver.click(window.timeline.play_button)
    assert player.is_playing
    player.tell_on(60.0)
    assert player.index == 1
    talk.driver.drag(window.stage, QPointF(200, 200), (60, 0))
    assert not player.is_playing
    talk.driver.click(window.timeline.replay_button)
    assert player.index == 1
    assert player.share == 0.0


@pytest.mark.slow
def test_that_the_surgeons_words_and_the_word_for_a_lesion_are_told(talk: Talk) -> None:
    consultation, team = talk.consultation, talk.consultation.team
    talk.tick(team.choices.scenes[SceneId.FOUND])
    talk.settle()
    box = next(iter(team.choices.lesion_words.values()))
    box.setCurrentIndex(2)
    box.activated.emit(2)
    talk.settle()
    assert "cyst" in " ".join(consultation.story.scenes[2].text)  # type: ignore[union-attr]
    QTest.keyClicks(team.texts.title, " !")
    talk.driver.wait(lambda: consultation.is_told and consultation.story.scenes[0].is_edited, "own words")  # type: ignore[union-attr]
    assert consultation.story.scenes[0].title.endswith("!")  # type: ignore[union-attr]


@pytest.mark.slow
def test_that_the_folder_can_be_cancelled_and_leaves_nothing(talk: Talk, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    talk.driver.answers.folder = folder
    home = talk.consultation.team.home
    talk.tick(home.make_button)
    assert talk.consultation.is_making
    talk.tick(home.cancel_button)
    talk.driver.wait(lambda: not talk.consultation.is_making, "cancelled")
    assert list(folder.iterdir()) == []


def test_that_a_whole_story_of_the_pancreas_is_told(driver: Driver, tmp_path: Path) -> None:
    path = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "P.twinsight"))
    save_plan(path, "P", ["pancreas:distal@0.5"])
    simulate_plan_of_file(path, "P")
    driver.open(path)
    driver.wait(lambda: driver.window.control.work is not None and driver.window.control.work.built is not None)
    talk = Talk(driver)
    talk.show()
    window = talk.consultation.window
    for n, scene in enumerate(talk.ids):
        talk.look()
        assert window.toggles, scene
        if n + 1 < len(talk.ids):
            talk.driver.click(window.timeline.next_button)
    assert talk.ids[-1] == "questions"
    assert "ancreas" in talk.words()
    driver.window.consultation_page.end()
