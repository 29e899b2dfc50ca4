"""The files of the repository and the few questions that the rules ask about them."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "segmentation", "twin", "simulation", "export", "resources")


@functools.cache
def repository_files() -> tuple[Path, ...]:
    """Return every file that is committed or would be (git's own ignore rules), as absolute paths."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    names = (name for name in listing.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in (REPOSITORY / name for name in names) if path.is_file()))


def python_modules(*packages: str) -> list[Path]:
    """Return the Python files under the given top-level folders, by default those of the product."""
    wanted = packages or PACKAGES
    return [
        path for path in repository_files() if path.suffix == ".py" and path.relative_to(REPOSITORY).parts[0] in wanted
    ]


def text_files() -> list[tuple[Path, str]]:
    """Return every file of the repository that is text, with its text."""
    texts = []
    for path in repository_files():
        content = path.read_bytes()
        if b"\0" not in content:
            texts.append((path, content.decode("utf-8", errors="replace")))
    return texts


@functools.cache
def syntax_tree(path: Path) -> ast.Module:
    """Return the parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_names(path: Path) -> set[str]:
    """Return the dotted names that a module imports; ``from a.b import c`` gives ``a.b`` and ``a.b.c``."""
    names: set[str] = set()
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def where(path: Path) -> str:
    """Return the path relative to the repository, for messages."""
    return path.relative_to(REPOSITORY).as_posix()
