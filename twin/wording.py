"""Words for people: one catalogue for every screen, document and error, in French and English."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from resources import resource_path
from twin.anatomy import structure
from twin.errors import InputError, TwinSightError
from twin.figure import Figure

__all__ = ["LANGUAGES", "NOT_A_DEVICE", "Wording", "typeset_french"]

LANGUAGES = ("fr", "en")
NOT_A_DEVICE = "notice.not_a_device"  # shown wherever results are seen
_STRUCTURE_PARAMETERS = ("structure", "organ", "lesion")
_NO_BREAK_SPACE = "\u00a0"
_ONE_PLACE = ("%", "mm", "deg", "points", "points/week", "%/min/m2")
_SIGN_OF_UNIT = {"deg": "°", "cm2": "cm²"}


class Wording:
    """Words message ids in one language.

    Catalogues are ``resources/i18n/<language>/*.po``; a message id is a dotted key such as
    ``"error.import.empty_folder"``, its text may hold ``{named}`` parameters. French is typeset as it is read.

    Parameters
    ----------
    language
        ``"fr"`` or ``"en"``.

    Examples
    --------
    >>> Wording("fr").number(1234.5, decimals=1).replace("\\u202f", " ")
    '1 234,5'
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no such language: {language}")
        self.language = language
        self._texts = _catalogue(language)

    def text(self, message_id: str, **parameters: Any) -> str:
        """Return the text of a message id with its parameters filled in; an unknown id comes back as it is."""
        template = self._texts.get(message_id, message_id)
        if not parameters:
            return template
        return template.format_map(_Filled({name: self._worded(name, v) for name, v in parameters.items()}))

    def _worded(self, name: str, value: Any) -> Any:
        """Word a parameter that is a message id, a structure or a decimal; several are joined by commas."""
        if isinstance(value, tuple):
            return ", ".join(str(self._worded(name, part)) for part in value)
        if name in _STRUCTURE_PARAMETERS and isinstance(value, str):
            return _structure_name(value, self.language)
        if isinstance(value, float):
            return str(format_decimal(value, locale=self.language))  # comma in French, three places at most
        return self._texts.get(value, value) if isinstance(value, str) else value

    def error(self, error: TwinSightError) -> str:
        """Word an error in one line: what, where and what to do."""
        return self.text(error.message_id, **error.parameters)

    def number(self, value: float, *, decimals: int = 0) -> str:
        """Write a number in the custom of the language (comma in French)."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        rounded = round(value, decimals) + 0.0  # never "-0"
        return str(format_decimal(rounded, format=pattern, locale=self.language))

    def quantity(self, value: float | None, unit: str, *, decimals: int | None = None) -> str:
        """Write a number with its unit after a no-break space (none before a degree sign, nor in English before %)."""
        if value is None:
            return self.text("figure.unknown")
        if decimals is None:
            decimals = 1 if unit in _ONE_PLACE else 0
        is_joined = unit in ("", "deg") or (unit == "%" and self.language == "en")
        gap = "" if is_joined else _NO_BREAK_SPACE
        return f"{self.number(value, decimals=decimals)}{gap}{self.unit(unit)}"

    def unit(self, unit: str) -> str:
        """Write a unit: its word in the language, or its sign."""
        return self._texts.get(f"unit.{unit}") or _SIGN_OF_UNIT.get(unit, unit)

    def figure(self, figure: Figure, *, decimals: int | None = None) -> str:
        """Write a figure with its interval, or why it is not known."""
        if figure.value is None:
            needs = ", ".join(self.text(f"fact.{name}") for name in figure.needs)
            return self.text("figure.needs", needs=needs) if needs else self.text("figure.unknown")
        shown = self.quantity(figure.value, figure.unit, decimals=decimals)
        if figure.low is not None and figure.high is not None:
            places = decimals if decimals is not None else (1 if figure.unit in _ONE_PLACE else 0)
            low, high = (self.number(v, decimals=places) for v in (figure.low, figure.high))
            shown = self.text("figure.with_interval", value=shown, low=low, high=high)
        return self.text("figure.stale", value=shown) if not figure.is_known else shown


def _structure_name(structure_id: str, language: str) -> str:
    try:
        return structure(structure_id).name(language)
    except InputError:
        return structure_id


class _Filled(dict[str, Any]):
    """Leaves a parameter that was not given visible as {name}: a lost word is better than a lost error."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@cache
def _catalogue(language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in sorted(Path(resource_path(f"i18n/{language}")).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string:
                    texts[str(message.id)] = str(message.string)
    return {name: typeset_french(text) for name, text in texts.items()} if language == "fr" else texts


def typeset_french(text: str) -> str:
    """Set a French text as it is printed, however it was typed: curved apostrophes, no line break before signs.

    Lexique des règles typographiques en usage à l'Imprimerie nationale, 3rd edition, 2002.

    Examples
    --------
    >>> typeset_french("l'organe : 5 ml").replace("\u00a0", "_")
    'l’organe_: 5_ml'
    """
    text = re.sub(r"(?<=\w)'(?=[\w{«])", "\u2019", text)
    text = re.sub(r" (?=[;:!?»](?:\W|$))|(?<=«) ", _NO_BREAK_SPACE, text)
    return re.sub(r"(?<=[\d}]) (?=(?:%|°|mm|ml|cm|kg)(?!\w))", _NO_BREAK_SPACE, text)
