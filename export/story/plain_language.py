"""How plain a text is: words a sentence, and how easy it reads by the Flesch formula of its language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["LEAST_EASE", "MOST_WORDS", "Readability", "readability", "sentences_of"]

MOST_WORDS = 15  # in a sentence
LEAST_EASE = 70.0

# Reading ease = base - words a sentence * a - syllables a word * b.
# English: Flesch, J Appl Psychol 1948;32:221. French: Kandel and Moles, Cahiers Etudes de Radio-Television 1958;19:253.
_FLESCH = {"en": (206.835, 1.015, 84.6), "fr": (207.0, 1.015, 73.6)}
_VOWELS = "aeiouyàâäéèêëîïôöùûüœæ"


@dataclass(frozen=True)
class Readability:
    """How a text reads.

    Parameters
    ----------
    ease
        Reading ease, 100 for very easy; None for a language without a formula.
    longest
        The sentence with the most words.
    n_longest
        Its number of words.
    """

    ease: float | None
    longest: str
    n_longest: int

    @property
    def is_plain(self) -> bool:
        """True when the sentences are short and the text reads easily."""
        return self.n_longest <= MOST_WORDS and (self.ease is None or self.ease >= LEAST_EASE)


def readability(texts: Iterable[str], language: str) -> Readability:
    """Measure texts that are read one after the other.

    Syllables are counted from the letters: groups of vowels, without a silent e at the end.

    Examples
    --------
    >>> readability(["Le foie est un grand organe. Il nettoie le sang."], "fr").n_longest
    6
    """
    sentences = [sentence for text in texts for sentence in sentences_of(text)]
    words = [_words(sentence) for sentence in sentences]
    counted = [word for some in words for word in some]
    if not counted:
        return Readability(None, "", 0)
    longest = max(range(len(sentences)), key=lambda n: len(words[n]))
    ease = None
    if language in _FLESCH:
        base, per_sentence, per_word = _FLESCH[language]
        syllables = sum(_syllables(word, language) for word in counted)
        ease = base - per_sentence * len(counted) / len(sentences) - per_word * syllables / len(counted)
    return Readability(ease, sentences[longest], len(words[longest]))


def sentences_of(text: str) -> list[str]:
    """Divide a text into sentences.

    Examples
    --------
    >>> sentences_of("Tout n'est pas clair ? C'est normal.")
    ["Tout n'est pas clair ?", "C'est normal."]
    """
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if re.search(r"\w", part)]


def _words(sentence: str) -> list[str]:
    """Return the words of a sentence; what an apostrophe joins is one word."""
    return re.findall(r"\w[\w'’-]*", sentence.lower())


def _syllables(word: str, language: str) -> int:
    if word.isdigit():
        return 1
    groups = len(re.findall(f"[{_VOWELS}]+", word))
    if language == "fr":
        groups -= bool(re.search(f"[^{_VOWELS}](e|es|ent)$", word)) and groups > 1
    else:
        groups -= bool(re.search(r"[^aeiouyl]es?$|[aeiouy]le$|[^aeiouytd]ed$", word)) and groups > 1
    return max(groups, 1)
