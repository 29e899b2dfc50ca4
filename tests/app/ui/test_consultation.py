"""A consultation by hand: prepare, show, lead, draw, measure; and nothing on the stage that should not be there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea

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

    def open_page(self, name: str) -> None:
        """Click on the tab of a page of the team."""
        team = self.consultation.team
        bar = team.tabs.tabBar()
        middle = bar.tabRect(list(team.pages).index(name)).center()
        self.driver.click(bar, QPointF(middle))
        assert team.tabs.currentWidget() is team.pages[name]

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


def test_that_two_fingers_come_nearer_and_move_but_never_while_one_draws(talk: Talk) -> None:
    window, stage = talk.consultation.window, talk.consultation.window.stage
    talk.show()
    device = QTest.createTouchDevice()
    start = stage.camera

    def pinch(apart_px: int, aside_px: int) -> None:
        touch = QTest.touchEvent(stage, device)
        left, right = QPoint(260, 220), QPoint(340, 220)
        touch.press(0, left, stage).commit()
        touch.stationary(0).press(1, right, stage).commit()
        for share in (0.5, 1.0):
            wider, moved = round(apart_px * share), QPoint(round(aside_px * share), 0)
            touch.move(0, left - QPoint(wider, 0) + moved, stage).move(1, right + QPoint(wider, 0) + moved, stage)
            touch.commit()
        touch.release(0, left, stage).release(1, right, stage).commit()
        live(0.02)

    pinch(40, 0)
    near = stage.camera
    assert near.half_height_mm == pytest.approx(start.half_height_mm / 2, rel=0.1), "twice as far apart, twice as near"
    assert (near.toward_eye_lps == start.toward_eye_lps).all(), "two fingers never turn"
    pinch(0, 60)
    assert stage.camera.half_height_mm == pytest.approx(near.half_height_mm)
    assert stage.camera.focus_lps_mm[0] < near.focus_lps_mm[0], "the picture follows the fingers"
    held = stage.camera
    talk.driver.click(window.tools.buttons["pen"])
    pinch(40, 0)
    assert stage.camera is held, "the stage holds still while one draws"


def test_that_the_gallery_shows_the_pictures_to_the_patient_without_questions(talk: Talk) -> None:
    consultation, window, driver = talk.consultation, talk.consultation.window, talk.driver
    talk.show()
    for n in (1, 2):
        driver.click(window.tools.buttons["picture"])
        driver.wait(lambda n=n: len(consultation.record.pictures) == n, "picture kept")  # type: ignore[misc]
        driver.click(window.timeline.next_button)
        talk.look()
    driver.click(window.tools.buttons["gallery"])
    gallery = consultation._gallery
    assert gallery is not None
    assert gallery.isVisible()
    pictures = [one for one in gallery.findChildren(QLabel) if not one.pixmap().isNull()]
    assert len(pictures) == 2
    assert min(one.pixmap().width() for one in pictures) >= 400, "large enough to point at"
    assert [button.text() for button in gallery.findChildren(QAbstractButton) if button.isVisible()] == [
        gallery.close_button.text()
    ], "nothing is asked of the patient"
    assert min(gallery.close_button.width(), gallery.close_button.height()) >= _LEAST_PX
    driver.click(gallery.close_button)
    assert not gallery.isVisible()


def test_that_words_of_the_talk_go_home_only_once_somebody_looked_through_them(talk: Talk) -> None:
    consultation, team = talk.consultation, talk.consultation.team
    talk.open_page("notes")
    talk.driver.click(team.notes.questions)
    QTest.keyClicks(team.notes.questions, "When may I drive?")
    assert consultation.record.lines_taken_home("questions") == ()
    talk.driver.click(team.notes.checks["questions"], QPointF(12, team.notes.checks["questions"].height() / 2))
    assert consultation.record.lines_taken_home("questions") == ("When may I drive?",)
    assert consultation.record.lines_taken_home("notes") == ()
    QTest.keyClicks(team.notes.questions, " Bob asks.")
    assert not team.notes.checks["questions"].isChecked(), "what was changed is looked through again"
    assert consultation.record.lines_taken_home("questions") == ()


def test_that_the_team_reads_that_the_wording_of_the_scale_is_to_be_checked(talk: Talk) -> None:
    talk.open_page("measures")
    talk.show()
    read = [one.text() for one in talk.consultation.team.findChildren(QLabel) if one.isVisible()]
    assert [text for text in read if "wording to be checked against the validated version" in text]
    assert "validated" not in talk.words()


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
    for name, page in team.pages.items():
        talk.open_page(name)
        for area in page.findChildren(QScrollArea):
            assert area.horizontalScrollBar().maximum() == 0, f"{name} is cut off at its side"


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


@pytest.mark.slow
def test_that_the_folder_is_made_by_clicks_with_what_was_said(talk: Talk, tmp_path: Path) -> None:
    folder, driver, team = tmp_path / "home", talk.driver, talk.consultation.team
    folder.mkdir()
    driver.answers.folder = folder
    talk.open_page("notes")
    QTest.keyClicks(team.notes.questions, "When may I drive?")
    driver.click(team.notes.checks["questions"], QPointF(12, team.notes.checks["questions"].height() / 2))
    talk.open_page("home")
    driver.click(team.home.both_languages, QPointF(12, team.home.both_languages.height() / 2))
    driver.click(team.home.make_button)
    assert talk.consultation.is_making
    driver.wait(lambda: not talk.consultation.is_making, "folder made")
    made = {path.name for path in folder.iterdir()}
    assert made == {"your-story.html", "your-leaflet.pdf", "votre-feuille.pdf"}, team.said.text()
    assert str(folder) in team.home.told.text()
    page = (folder / "your-story.html").read_text(encoding="utf-8")
    assert "When may I drive?" in page
    assert "Votre foie" in page
    assert 'data-tongue="both"' in page


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
