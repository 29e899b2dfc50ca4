"""Scans of another date and first questions about the anatomy, in the window's parts."""

from dataclasses import replace

import pytest

from app.services.anatomy_checklist import ChecklistItem
from app.ui.checklist_rows import ChecklistRows
from twin.checklist import CHECKLIST_ITEMS, ChecklistAnswer, Judgement, Sight
from twin.wording import LANGUAGES, Wording

pytestmark = pytest.mark.gui


def _items(answer: ChecklistAnswer | None = None) -> tuple[ChecklistItem, ...]:
    items = [ChecklistItem(item_id, Sight.NOT_ASSESSABLE, "checklist.reason.ducts") for item_id in CHECKLIST_ITEMS]
    items[3] = replace(items[3], sight=Sight.SEEN, answer=answer)
    return tuple(items)


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_a_question_is_answered_from_its_menu_and_shows_who_answered(qtbot, language: str) -> None:
    wording = Wording(language)
    rows = ChecklistRows(wording)
    qtbot.addWidget(rows)
    rows.show_items(_items(), is_read_only=False)
    assert list(rows.buttons) == list(CHECKLIST_ITEMS)
    given: list[tuple[object, ...]] = []
    rows.answered.connect(lambda *said: given.append(said))
    menu = rows.buttons["portal_type"].menu()
    assert menu is not None
    for action in menu.actions():
        action.trigger()
    assert given[0] == ("portal_type", Judgement.CONFIRMED, None)
    assert given[-1] == ("portal_type", Judgement.NOT_APPLICABLE, None)
    assert len(given) == 5
    answer = ChecklistAnswer.given("portal_type", Judgement.CONFIRMED, Sight.SEEN, by="Dr Example")
    rows.show_items(_items(answer), is_read_only=False)
    assert wording.text("ui.checklist.again") == rows.buttons["portal_type"].text()
    texts = " ".join(label.text() for label in rows.findChildren(type(rows._title)))
    assert "Dr Example" in texts
    assert "ui.checklist" not in texts


def test_that_nothing_is_answered_in_a_case_that_is_only_read(qtbot) -> None:
    rows = ChecklistRows(Wording("en"))
    qtbot.addWidget(rows)
    rows.show_items(_items(), is_read_only=True)
    assert not any(button.isEnabled() for button in rows.buttons.values())
