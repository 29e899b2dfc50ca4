"""What every command takes: ``--json`` and ``--language``, wherever they stand on the line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.errors import UsageError
from twin.wording import LANGUAGES

__all__ = ["Invocation"]

_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX


@dataclass(frozen=True)
class Invocation:
    """A command line, with the options that belong to no single command taken out.

    Parameters
    ----------
    arguments
        What is left for the command.
    language
        ``"fr"`` or ``"en"``.
    is_json
        True when one JSON document is wanted on standard output.
    unusable_language
        What was asked for instead of a language that exists; None when all is well.
    """

    arguments: tuple[str, ...]
    language: str
    is_json: bool
    unusable_language: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Invocation:
        """Read the common options; everything after ``--`` is left alone.

        Examples
        --------
        >>> Invocation.from_arguments(["segment", "A", "--json", "--language=fr"], {})
        Invocation(arguments=('segment', 'A'), language='fr', is_json=True, unusable_language=None)
        """
        left: list[str] = []
        language, is_json = None, False
        words = iter(arguments)
        for word in words:
            if word == "--":
                left += [word, *words]
            elif word == "--json":
                is_json = True
            elif word == "--language":
                language = next(words, "")
            elif word.startswith("--language="):
                language = word.partition("=")[2]
            else:
                left.append(word)
        usable = language if language in LANGUAGES else _language_of(environment)
        return cls(tuple(left), usable, is_json, None if language is None or language in LANGUAGES else language)

    def check(self) -> None:
        """Raise UsageError when a language was asked for that does not exist."""
        if self.unusable_language is not None:
            raise UsageError(
                "error.usage.bad_value", option="--language", value=self.unusable_language, expected="|".join(LANGUAGES)
            )


def _language_of(environment: Mapping[str, str]) -> str:
    """Return the language of the locale: French where it says so, English elsewhere."""
    locale = next((environment[name] for name in _LOCALE_VARIABLES if environment.get(name)), "")
    return "fr" if locale.lower().startswith("fr") else "en"
