"""Contacts are measured once for the labels and names of a case."""

from pathlib import Path

import pytest

from app.services import contact_cache
from app.services.contact_cache import contacts_of_case
from tests.simulation.contacts.test_rows import gland_twin
from twin.anatomy import LayerName
from twin.case import Case
from twin.contact import Contact
from twin.twin import Twin


@pytest.fixture
def twin() -> Twin:
    return gland_twin()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Twin]:
    """Return the twins whose contacts are really measured."""
    seen: list[Twin] = []
    measure = contact_cache.contacts_of

    def counting(twin: Twin) -> tuple[Contact, ...]:
        seen.append(twin)
        return measure(twin)

    monkeypatch.setattr(contact_cache, "contacts_of", counting)
    return seen


def case_of(twin: Twin) -> Case:
    case = Case("a")
    for layer in twin.layers.values():
        case = case.with_layer(layer)
    return case


def test_that_contacts_are_measured_once_and_come_back_the_same(
    tmp_path: Path, twin: Twin, measured: list[Twin]
) -> None:
    case = case_of(twin)
    first = contacts_of_case(case, tmp_path, twin)
    assert first
    assert [c.to_json() for c in contacts_of_case(case, tmp_path, twin)] == [c.to_json() for c in first]
    assert len(measured) == 1


def test_that_other_labels_and_a_damaged_file_are_measured_again(
    tmp_path: Path, twin: Twin, measured: list[Twin]
) -> None:
    case = case_of(twin)
    contacts_of_case(case, tmp_path, twin)
    lesions = case.layers[LayerName.LESIONS]
    changed = lesions.voxels.copy()
    changed[0, 0, 0] = 1
    contacts_of_case(case.with_layer(lesions.with_voxels(changed)), tmp_path, twin)
    assert len(measured) == 2
    for path in (tmp_path / "cache" / "contacts").glob("*.json"):
        path.write_text("[{", encoding="utf-8")
    contacts_of_case(case, tmp_path, twin)
    assert len(measured) == 3
