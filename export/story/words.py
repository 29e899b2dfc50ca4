"""Texts of the stories, read from files: a folder for each language, a file for each kind of story."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from export.story.choices import StoryKind
from resources import resource_path
from twin.errors import InputError
from twin.wording import typeset_french

__all__ = ["StoryWords", "capitalised", "story_languages"]


@dataclass(frozen=True)
class StoryWords:
    """All texts of one kind of story in one language.

    Parameters
    ----------
    language
        Name of the folder, a language code.
    kind
        Kind of story.
    """

    language: str
    kind: StoryKind

    def __post_init__(self) -> None:
        if self.language not in story_languages():
            raise InputError("error.story.no_such_language", language=self.language, known=", ".join(story_languages()))

    def say(self, place: str, /, **values: object) -> str:
        """Return the text at a dotted place, e.g. ``"page.next"``; the file of the kind goes before the general one.

        Examples
        --------
        >>> StoryWords("en", StoryKind.LIVER).say("say.share_some", tenths=3, organ="your liver")
        'About 3 parts in 10 of your liver stay.'
        """
        found = self._found(place)
        assert isinstance(found, str), place
        return found.format(**values) if values else found

    def sentences(self, place: str, /, **values: object) -> tuple[str, ...]:
        """Return the list of texts at a place, none when there is no such place; a text "@name" is a slot."""
        found = self._found(place, is_needed=False) or ()
        return tuple(text if text.startswith("@") else text.format(**values) for text in found)

    def has(self, place: str) -> bool:
        """Tell whether there is a text at a place."""
        return self._found(place, is_needed=False) is not None

    def _found(self, place: str, *, is_needed: bool = True) -> Any:
        for name in (self.kind.value, "words"):
            found: Any = _texts(self.language, name)
            for key in place.split("."):
                found = found.get(key) if isinstance(found, Mapping) else None
            if found is not None:
                return found
        if is_needed:
            raise KeyError(f"resources/story/{self.language}: no text {place}")
        return None


@cache
def story_languages() -> tuple[str, ...]:
    """Languages that have a folder of texts.

    Examples
    --------
    >>> {"en", "fr"} <= set(story_languages())
    True
    """
    folder = resource_path("story")
    return tuple(sorted(path.name for path in folder.iterdir() if (path / "words.toml").is_file()))


@cache
def _texts(language: str, name: str) -> dict[str, Any]:
    path = resource_path(f"story/{language}/{name}.toml")
    texts: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return _typeset(texts) if language == "fr" else texts


def _typeset(found: Any) -> Any:
    """Set every text in what was read as it is printed."""
    if isinstance(found, Mapping):
        return {key: _typeset(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_typeset(value) for value in found]
    return typeset_french(found) if isinstance(found, str) else found


def capitalised(text: str) -> str:
    """Return a text with a capital first letter.

    Examples
    --------
    >>> capitalised("élodie")
    'Élodie'
    """
    return re.sub(r"^\w", lambda first: first[0].upper(), text)
