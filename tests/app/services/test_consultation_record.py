"""What a consultation keeps in the case, and how its answers leave it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.case_session import CaseSession
from app.services.consultation import pictures_taken_home
from app.services.consultation_record import ConsultationRecord, ConsultationStore, KeptPicture
from app.services.export_understanding import export_understanding
from export.story.choices import LesionWord, Risk, SceneId, StoryChoices
from export.understanding import Apais, ConsentBasis, Moment, StudyConsent, Understanding
from tests.app.made_up_study import labelled_case_on_disk
from twin.errors import CaseFileError, SafetyRefusal
from twin.store import CaseFolder

_RECORD = (
    ConsultationRecord(
        notes="Sa fille l'accompagne.",
        questions="Combien de temps ?",
        pictures=(KeptPicture("a.png", "ABCDEF", is_taken_home=True), KeptPicture("b.png", "ABCDEF")),
        understanding=Understanding({Moment.BEFORE: Apais((1, 2, 3, 4, 5, 1))}, satisfaction=5),
    )
    .with_choices("A", StoryChoices("fr", texts={"organ.title": "Le foie"}))
    .with_choices("A", StoryChoices("en", scenes=frozenset({SceneId.FOUND}), lesion_words={"l": LesionWord.CYST}))
)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


@pytest.fixture
def session(case: Path) -> Iterator[CaseSession]:
    with CaseFolder.open(case) as folder:
        session = CaseSession(folder, idle_save_s=None)
        yield session
        session.stop()


def test_that_a_record_is_the_same_after_the_case_was_closed(case: Path) -> None:
    with CaseFolder.open(case) as folder:
        store = ConsultationStore(folder)
        assert store.read() == ConsultationRecord()
        store.write(_RECORD)
        name = store.add_picture(b"png")
    with CaseFolder.open(case) as folder:
        store = ConsultationStore(folder)
        assert store.read() == _RECORD
        assert store.picture(name) == b"png"
        store.remove_picture(name)
        with pytest.raises(CaseFileError):
            store.picture(name)
        folder.verify()


def test_that_nothing_is_kept_in_a_case_that_is_open_read_only(case: Path) -> None:
    with CaseFolder.open(case, read_only=True) as folder, pytest.raises(CaseFileError) as refused:
        ConsultationStore(folder).write(_RECORD)
    assert refused.value.message_id == "error.case.read_only"
    assert not (case / "consultation").exists()


def test_that_a_damaged_record_is_named_and_not_thrown_away(case: Path) -> None:
    with CaseFolder.open(case) as folder:
        store = ConsultationStore(folder)
        store.write(_RECORD)
        path = case / "consultation" / "record.json"
        path.write_text("{")
        with pytest.raises(CaseFileError) as refused:
            store.read()
        assert refused.value.message_id == "error.consultation.damaged"
        assert path.read_text() == "{"


def test_that_languages_share_the_choices_and_keep_their_own_words() -> None:
    french, english = _RECORD.choices_of("A", "fr"), _RECORD.choices_of("A", "en")
    assert french.tells(SceneId.FOUND), "chosen while English was on the stage"
    assert french.lesion_words == {"l": LesionWord.CYST}
    assert french.texts == {"organ.title": "Le foie"}
    assert english.texts == {}
    risk = Risk("une fièvre", 7, "dans le premier mois", "registre", "2021")
    typed = _RECORD.with_choices("A", replace(french, risks=(risk,)))
    assert typed.choices_of("A", "en").risks == ()


def test_that_only_pictures_that_were_looked_through_and_are_of_this_plan_go_home() -> None:
    assert [one.name for one in pictures_taken_home(_RECORD, "ABCDEF")] == ["a.png"]
    assert pictures_taken_home(_RECORD, "GHJKLM") == ()


def test_that_answers_leave_the_case_only_with_consent(session: CaseSession, tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal) as refused:
        export_understanding(session, _RECORD, tmp_path, "fr")
    assert refused.value.message_id == "error.understanding.no_consent"
    consented = replace(_RECORD, consent=StudyConsent(ConsentBasis.CONSENT, "S-01", "Dr A", "2026-01-02"))
    files = export_understanding(session, consented, tmp_path, "fr").files
    assert [path.name for path in files] == ["S-01.csv", "S-01.fhir.json"]
    identity = session.case.identity
    for path in files:
        content = path.read_text()
        for word in (identity.patient_id, identity.birth_date, identity.name, "fille", "Combien", "Dr A", "2026"):
            assert word not in content, f"{word} in {path.name}"


def test_that_a_study_id_made_of_the_patients_number_is_refused(session: CaseSession, tmp_path: Path) -> None:
    number = session.case.identity.patient_id
    consented = replace(_RECORD, consent=StudyConsent(ConsentBasis.CONSENT, f"X-{number}", "Dr A", "2026-01-02"))
    with pytest.raises(SafetyRefusal) as refused:
        export_understanding(session, consented, tmp_path, "fr")
    assert refused.value.message_id == "error.understanding.identity"
    assert not list(tmp_path.glob("*.csv"))


def test_that_words_of_the_talk_stay_in_the_case_until_somebody_chooses_them() -> None:
    record = replace(_RECORD, questions="Combien de temps ?\n\n Et après ? ", notes="Sa fille vient.")
    assert record.lines_taken_home("questions") == record.lines_taken_home("notes") == ()
    chosen = replace(record, words_taken_home=frozenset({"questions"}))
    assert chosen.lines_taken_home("questions") == ("Combien de temps ?", "Et après ?")
    assert chosen.lines_taken_home("notes") == ()
    assert ConsultationRecord.from_json(chosen.to_json()) == chosen
    older = {name: value for name, value in chosen.to_json().items() if name != "words_taken_home"}
    assert ConsultationRecord.from_json(older).words_taken_home == frozenset()
