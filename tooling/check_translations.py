"""Compare the translation catalogues with the source: ``python -m tooling.check_translations``.

Fails on an entry that is missing, unused, fuzzy, empty or given twice, on languages that differ in their
entries or parameters, and on a text whose parameters the source does not give.
"""

from __future__ import annotations

import string
import sys
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from tooling.message_uses import MessageUse, uses_in_folders

LANGUAGES = ("fr", "en")
PACKAGES = ("app", "segmentation", "twin", "simulation", "export", "resources")
# A string such as "case.json" is a file name even where messages about a case exist.
_FILE_ENDINGS = {
    "avi", "bin", "conf", "css", "csv", "dcm", "glb", "gltf", "gz", "html", "ico", "ini", "js", "json",
    "lock", "log", "mha", "mp4", "nii", "npz", "nrrd", "obj", "onnx", "pdf", "ply", "png", "po", "py",
    "qm", "qss", "stl", "svg", "tmp", "toml", "txt", "vtp", "vtu", "xml", "zip", "3mf", "twinsight",
}  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """The entries of one language and what is wrong with its files."""

    texts: dict[str, str]
    faults: list[str]


def read_catalogue(folder: Path, language: str) -> Catalogue:
    """Read every ``*.po`` of one language."""
    texts: dict[str, str] = {}
    faults: list[str] = []
    for path in sorted((folder / language).glob("*.po")):
        place = f"{language}/{path.name}"
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, abort_invalid=True)
        faults += [f"{place}: obsolete entry {message_id}" for message_id in catalogue.obsolete]
        for message in catalogue:
            if not message.id:
                continue
            message_id = str(message.id)
            if message.fuzzy:
                faults.append(f"{place}: fuzzy entry {message_id}")
            if not message.string:
                faults.append(f"{place}: empty entry {message_id}")
            if message_id in texts:
                faults.append(f"{place}: {message_id} is given twice")
            texts[message_id] = str(message.string)
    return Catalogue(texts, faults)


def parameters_of(text: str) -> frozenset[str]:
    """Return the names between braces.

    Examples
    --------
    >>> sorted(parameters_of("{count} files in {folder}"))
    ['count', 'folder']
    """
    names = (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    return frozenset(name.split(".")[0].split("[")[0] for name in names)


def faults_between_languages(catalogues: dict[str, Catalogue]) -> list[str]:
    """Return entries that one language lacks and texts whose parameters differ."""
    faults = []
    for message_id in sorted(set().union(*(catalogue.texts for catalogue in catalogues.values()))):
        absent = [name for name, catalogue in catalogues.items() if message_id not in catalogue.texts]
        if absent:
            faults.append(f"{', '.join(absent)}: no entry {message_id}")
            continue
        if len({parameters_of(catalogue.texts[message_id]) for catalogue in catalogues.values()}) > 1:
            faults.append(f"{message_id}: the parameters differ between languages")
    return faults


def faults_against_source(texts: dict[str, str], uses: list[MessageUse]) -> list[str]:
    """Return ids that the source names and nobody wrote, entries that nobody names, parameters not given."""
    namespaces = {message_id.split(".")[0] for message_id in texts} | {"error"}
    faults = []
    prefixes = {use.message_id for use in uses if use.is_prefix}
    named = {use.message_id for use in uses if not use.is_prefix}
    for use in uses:
        if use.is_prefix:
            continue
        if use.message_id not in texts:
            if use.is_certain or _looks_like_message(use.message_id, namespaces):
                faults.append(f"{use.place}: no entry {use.message_id}")
        elif use.parameters is not None:
            lacking = parameters_of(texts[use.message_id]) - use.parameters
            if lacking:
                faults.append(f"{use.place}: {use.message_id} is not given {', '.join(sorted(lacking))}")
    for message_id in sorted(texts):
        if message_id not in named and not any(message_id.startswith(prefix) for prefix in prefixes):
            faults.append(f"unused entry {message_id}")
    return faults


def _looks_like_message(candidate: str, namespaces: set[str]) -> bool:
    parts = candidate.split(".")
    return parts[0] in namespaces and parts[-1] not in _FILE_ENDINGS


def main(root: Path | None = None) -> int:
    """Print every fault, one a line; return how the check ended, for the shell."""
    root = root or Path(__file__).resolve().parents[1]
    catalogues = {language: read_catalogue(root / "resources" / "i18n", language) for language in LANGUAGES}
    faults = [fault for catalogue in catalogues.values() for fault in catalogue.faults]
    faults += faults_between_languages(catalogues)
    everything = {key: text for catalogue in catalogues.values() for key, text in catalogue.texts.items()}
    faults += faults_against_source(everything, list(uses_in_folders(root, PACKAGES)))
    print("\n".join(dict.fromkeys(faults)) if faults else f"{len(everything)} entries in {len(LANGUAGES)} languages")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
