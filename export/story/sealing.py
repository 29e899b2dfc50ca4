"""Seal a page: what it says can be read only with five words that are given apart.

AES-256 in Galois/counter mode (NIST SP 800-38D) under a key stretched from the words by PBKDF2-HMAC-SHA256 (RFC 8018)
with 600,000 rounds (OWASP Password Storage Cheat Sheet) and a salt of 16 bytes. The page opens itself with the
browser's own WebCrypto; nothing is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import unicodedata
from html import escape
from pathlib import Path
from string import Template

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from export.story.page import LARGEST_STORY_BYTES, content_policy, page_script, page_style
from export.story.story import Story
from resources import resource_path
from twin.errors import InputError

__all__ = ["LARGEST_SEALED_BYTES", "generated_passphrase", "require_strong", "sealed_page", "tidied_passphrase"]

N_WORDS = 5
N_ROUNDS = 600_000
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_LOCK_BYTES = 30_000  # of the page around what is sealed
LARGEST_SEALED_BYTES = (LARGEST_STORY_BYTES - _LOCK_BYTES) * 3 // 4  # base64 makes four bytes of three
_LEAST_LETTERS = 12
_SOURCES = Path(__file__).parents[1] / "viewer"


def generated_passphrase(language: str) -> str:
    """Return five words drawn at random from the list of a language."""
    words = resource_path(f"story/{language}/passphrase_words.txt").read_text(encoding="utf-8").split()
    return " ".join(secrets.choice(words) for _ in range(N_WORDS))


def require_strong(passphrase: str) -> None:
    """Raise unless a passphrase has at least five words.

    Raises
    ------
    InputError
        ``error.story.weak_passphrase``.
    """
    words = tidied_passphrase(passphrase).split()
    if len(words) < N_WORDS or sum(map(len, words)) < _LEAST_LETTERS:
        raise InputError("error.story.weak_passphrase", count=N_WORDS)


def tidied_passphrase(passphrase: str) -> str:
    """Return a passphrase without capitals, accents and signs, its words with one space between; as the page does.

    Examples
    --------
    >>> tidied_passphrase("  Forêt-ÉTOILE, lune")
    'foret etoile lune'
    """
    letters = "".join(c for c in unicodedata.normalize("NFD", passphrase) if unicodedata.category(c)[0] != "M")
    return " ".join(re.findall(r"[a-z]+", letters.lower()))


def sealed_page(story: Story, page: bytes, passphrase: str) -> bytes:
    """Return a page that asks for the words and then becomes the given one.

    Parameters
    ----------
    story
        For the language and the look; nothing of its content stands outside the seal.
    page
        HTML of :func:`export.story.page.story_page`, at most :data:`LARGEST_SEALED_BYTES`.
    passphrase
        At least five words.

    Raises
    ------
    InputError
        ``error.story.weak_passphrase``.
    """
    require_strong(passphrase)
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    secret = tidied_passphrase(passphrase).encode()
    key = hashlib.pbkdf2_hmac("sha256", secret, salt, N_ROUNDS, _KEY_BYTES)
    sealed = {
        "salt": _base64(salt),
        "nonce": _base64(nonce),
        "rounds": N_ROUNDS,
        "content": _base64(AESGCM(key).encrypt(nonce, page, None)),
    }
    names = ("title", "about", "label", "open", "working", "wrong", "no_crypto")
    style, script = page_style(), page_script("lock")
    blocks = {
        "language": story.language,
        # What is opened runs under this policy as well: its style and script are named here.
        "policy": content_policy([style, page_style(story.parts)], [script, page_script("story")]),
        "style": style,
        "script": script,
        "data": json.dumps(sealed),
    }
    texts = {name: escape(story.words.say(f"lock.{name}")) for name in names}
    template = Template((_SOURCES / "lock.html").read_text(encoding="utf-8"))
    return template.substitute(texts | blocks).encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
