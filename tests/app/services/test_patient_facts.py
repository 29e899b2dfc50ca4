"""Facts of the patient."""

import shutil
from pathlib import Path

import pytest

from app.services.case_file import case_read
from app.services.patient_facts import set_patient_facts
from tests.app.made_up_study import labelled_case_on_disk
from twin.errors import InputError
from twin.wording import Wording


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def test_that_facts_are_kept_and_shown(case: Path) -> None:
    document = set_patient_facts(case, {"height_cm": 171.5, "weight_kg": 66.0, "sex": "f"}).to_json()
    shown = set_patient_facts(case, {})
    assert shown.to_json() == document
    assert document["facts"]["height_cm"]["value"] == 171.5  # type: ignore[index]
    assert document["facts"]["pve_date"] == {"value": None, "status": "unknown"}  # type: ignore[index]
    assert any("171,5" in line for line in shown.lines(Wording("fr")))


def test_that_one_wrong_fact_changes_nothing(case: Path) -> None:
    with case_read(case) as opened:
        before = opened.facts
    with pytest.raises(InputError) as caught:
        set_patient_facts(case, {"weight_kg": 66.0, "height_cm": 1.71})
    assert caught.value.message_id == "error.patient.out_of_range"
    with case_read(case) as opened:
        assert opened.facts == before
