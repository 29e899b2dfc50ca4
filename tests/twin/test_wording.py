"""Words and numbers in two languages."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.figure import Figure
from twin.wording import LANGUAGES, NOT_A_DEVICE, Wording, _catalogue

NBSP = "\u00a0"
NARROW = "\u202f"
FR, EN = Wording("fr"), Wording("en")


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [
        (1234.5, 1, f"1{NARROW}234,5", "1,234.5"),
        (0.0, 0, "0", "0"),
        (-0.04, 1, "0,0", "0.0"),
        (-0.4, 0, "0", "0"),
        (-12.34, 1, "-12,3", "-12.3"),
        (2.25, 2, "2,25", "2.25"),
    ],
)
def test_that_numbers_follow_the_custom_of_the_language(value: float, decimals: int, french: str, english: str) -> None:
    assert FR.number(value, decimals=decimals) == french
    assert EN.number(value, decimals=decimals) == english


@pytest.mark.parametrize(
    ("value", "unit", "french", "english"),
    [
        (32.04, "%", f"32,0{NBSP}%", "32.0%"),
        (1500, "ml", f"1{NARROW}500{NBSP}ml", f"1,500{NBSP}ml"),
        (9.96, "mm", f"10,0{NBSP}mm", f"10.0{NBSP}mm"),
        (45, "deg", "45,0°", "45.0°"),
        (3, "", "3", "3"),
    ],
)
def test_that_quantities_have_their_unit_where_the_language_wants_it(
    value: float, unit: str, french: str, english: str
) -> None:
    assert FR.quantity(value, unit) == french
    assert EN.quantity(value, unit) == english


def test_that_a_figure_is_shown_with_its_interval() -> None:
    figure = Figure(31.0, 28.0, 33.5, "%")
    assert FR.figure(figure) == f"31,0{NBSP}% (28,0 à 33,5)"
    assert EN.figure(figure) == "31.0% (28.0 to 33.5)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_a_stale_figure_is_shown_as_stale(language: str) -> None:
    wording = Wording(language)
    figure = Figure(31.0, None, None, "%")
    assert wording.figure(figure) in wording.figure(figure.as_stale())
    assert wording.figure(figure) != wording.figure(figure.as_stale())


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_an_unknown_figure_has_no_number(language: str) -> None:
    for figure in (Figure.unknown("%"), Figure.unknown("%", needs=("weight_kg",))):
        assert not any(character.isdigit() for character in Wording(language).figure(figure))
    assert Wording(language).quantity(None, "ml") == Wording(language).text("figure.unknown")


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_the_notice_is_there(language: str) -> None:
    assert "2017/745" in Wording(language).text(NOT_A_DEVICE)


def test_that_an_error_is_worded_with_what_it_says() -> None:
    error = InputError("error.patient.out_of_range", field="weight_kg", value=300, low=25, high=250)
    for wording in (FR, EN):
        text = wording.error(error)
        assert "\n" not in text
        assert all(part in text for part in ("300", "25", "250"))
    assert FR.error(error) != EN.error(error)


def test_that_an_unknown_message_and_a_missing_parameter_stay_visible() -> None:
    assert EN.text("error.unheard_of") == "error.unheard_of"
    assert EN.error(InputError("error.patient.out_of_range", field="weight_kg")).count("{") == 3


def test_that_french_is_typeset_however_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = {
        "elision": ("Rien n'a changé dans l'{organ}, qu'«il» voit", "Rien n’a changé dans l’{organ}, qu’«il» voit"),
        "signs": ("« {a} » : vrai ; faux ? oui !", f"«{NBSP}{{a}}{NBSP}»{NBSP}: vrai{NBSP}; faux{NBSP}? oui{NBSP}!"),
        "units": ("{x} mm et 5 %, 3 mois", f"{{x}}{NBSP}mm et 5{NBSP}%, 3 mois"),
        "notation": ("plane:X,Y,Z:NX 'a' --cut :", f"plane:X,Y,Z:NX 'a' --cut{NBSP}:"),
    }
    entries = "".join(f'msgid "{name}"\nmsgstr "{text}"\n\n' for name, (text, _) in typed.items())
    (tmp_path / "a.po").write_text(entries, encoding="utf-8")
    monkeypatch.setattr("twin.wording.resource_path", lambda name: tmp_path)
    for language, place in (("fr", 1), ("en", 0)):
        read = _catalogue.__wrapped__(language)
        assert read == {name: texts[place] for name, texts in typed.items()}


def test_that_there_is_no_third_language() -> None:
    with pytest.raises(ValueError):
        Wording("de")


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_that_a_number_reads_back_as_what_was_rounded(value: float, decimals: int) -> None:
    text = FR.number(value, decimals=decimals).replace(NARROW, "").replace(",", ".")
    assert math.isclose(float(text), value, abs_tol=0.5000001 * 10**-decimals)
