"""What was measured in a consultation: scores, alerts, and an export that tells no one's name."""

import csv
import io

import pytest

from export.understanding import (
    APAIS_ITEMS,
    Apais,
    ConsentBasis,
    Moment,
    StudyConsent,
    TeachBackItem,
    TeachBackResult,
    Understanding,
    understanding_bundle,
    understanding_csv,
)
from twin.errors import InputError

_CONSENT = StudyConsent(ConsentBasis.NON_OPPOSITION, "BOPA-017", "Dr Durand", "2026-03-04")
_AGAIN, _UNDERSTOOD = TeachBackResult.EXPLAINED_AGAIN, TeachBackResult.UNDERSTOOD
_MEASURED = Understanding(
    {Moment.BEFORE: Apais((5, 4, 3, 5, 4, 2)), Moment.AFTER: Apais((2, 2, 2, 3, 3, 1))},
    {TeachBackItem.REMOVED: (_AGAIN, _AGAIN, _UNDERSTOOD), TeachBackItem.STAYS: (_AGAIN, _UNDERSTOOD)},
    4,
    754.0,
)


def test_that_four_items_tell_anxiety_and_two_the_wish_to_know() -> None:
    scale = Apais((1, 2, 5, 3, 4, 5))
    assert (scale.anxiety, scale.information) == (10, 10)
    assert not scale.is_high, "ten of twenty is not above ten"
    assert Apais((2, 2, 1, 3, 4, 1)).is_high


@pytest.mark.parametrize("answers", [(1, 2, 3, 4, 5), (0, 1, 1, 1, 1, 1), (6, 1, 1, 1, 1, 1)])
def test_that_a_scale_with_a_gap_is_refused(answers: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        Apais(answers)


def test_that_the_team_learns_of_high_anxiety_and_of_what_was_explained_twice() -> None:
    assert _MEASURED.anxious_at == (Moment.BEFORE,)
    assert _MEASURED.not_understood == (TeachBackItem.REMOVED,), "once is part of every talk"


def test_that_what_is_kept_reads_back_the_same() -> None:
    assert Understanding.from_json(_MEASURED.to_json()) == _MEASURED


@pytest.mark.parametrize("study_id", ["", "A", "Anne Durand", "x" * 40, "a/b"])
def test_that_a_study_id_is_letters_digits_and_hyphens(study_id: str) -> None:
    with pytest.raises(InputError):
        StudyConsent(ConsentBasis.CONSENT, study_id, "Dr Durand", "2026-03-04")


def test_that_the_table_holds_every_answer_under_the_study_id_without_date_or_name() -> None:
    text = understanding_csv(_MEASURED, _CONSENT, "fr")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["study_id"] == "BOPA-017"
    assert [row[f"apais_before_{item}"] for item in APAIS_ITEMS] == ["5", "4", "3", "5", "4", "2"]
    assert (row["apais_before_anxiety"], row["apais_after_anxiety"]) == ("18", "10")
    assert (row["teach_back_removed"], row["teach_back_removed_tries"]) == ("understood", "3")
    assert (row["satisfaction"], row["shown_minutes"]) == ("4", "13")
    assert "Durand" not in text
    assert "2026" not in text


def test_that_the_bundle_is_made_of_responses_with_the_study_id_as_their_only_subject() -> None:
    bundle = understanding_bundle(_MEASURED, _CONSENT, "en")
    resources = [entry["resource"] for entry in bundle["entry"]]  # type: ignore[index, attr-defined]
    assert [one["resourceType"] for one in resources] == ["QuestionnaireResponse"] * 4
    assert {one["status"] for one in resources} == {"completed"}
    assert {one["subject"]["identifier"]["value"] for one in resources} == {"BOPA-017"}
    before = {item["linkId"]: item["answer"][0] for item in resources[1]["item"]}
    assert resources[1]["questionnaire"].endswith("apais-before")
    assert before["apais.anxiety"] == {"valueInteger": 18}
    assert all("authored" not in one for one in resources)
    kinds = {key for one in resources for item in one["item"] for answer in item["answer"] for key in answer}
    assert kinds <= {"valueInteger", "valueCoding"}, "no free text"
