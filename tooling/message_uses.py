"""Where the source names message ids of the catalogue: read from the syntax tree, nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MESSAGE_ID = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)+")
_PREFIX = re.compile(r"[a-z][a-z0-9_]*\.([A-Za-z0-9_.-]*\.)?[A-Za-z0-9_-]*")
# Classes and methods whose first argument is a message id.
_WORDING_CALL = re.compile(r"(\w*(Error|Refusal|Unavailable|Cancelled))|text")


@dataclass(frozen=True)
class MessageUse:
    """One place that names a message id, or the beginning of one that is completed when the program runs."""

    message_id: str
    place: str
    is_prefix: bool = False
    is_certain: bool = False  # given to a call that words it; other strings may only look like an id
    parameters: frozenset[str] | None = None  # None: not known from the source


@dataclass
class _Reader(ast.NodeVisitor):
    place: str
    uses: list[MessageUse] = field(default_factory=list)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring words nothing
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        worded = first.value if isinstance(first, ast.Constant) else None
        if _WORDING_CALL.fullmatch(name) and isinstance(worded, str) and MESSAGE_ID.fullmatch(worded):
            self._add(worded, node.lineno, is_certain=True, parameters=_keywords(node))
            self._visit_all([*node.args[1:], *node.keywords])
        else:
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        value = node.value
        if node.arg == "message_id" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            self._add(value.value, value.lineno, is_certain=True)
            return
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, str):
            return
        if MESSAGE_ID.fullmatch(node.value):
            self._add(node.value, node.lineno)
        elif node.value.endswith(".") and _PREFIX.fullmatch(node.value):
            self._add(node.value, node.lineno, is_prefix=True)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        first = node.values[0] if node.values else None
        if isinstance(first, ast.Constant) and _PREFIX.fullmatch(str(first.value)):
            self._add(str(first.value), node.lineno, is_prefix=True)
        self._visit_all([value for value in node.values if isinstance(value, ast.FormattedValue)])

    def _visit_all(self, nodes: list[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _add(
        self,
        message_id: str,
        line: int,
        *,
        is_prefix: bool = False,
        is_certain: bool = False,
        parameters: frozenset[str] | None = None,
    ) -> None:
        self.uses.append(MessageUse(message_id, f"{self.place}:{line}", is_prefix, is_certain, parameters))


def _keywords(node: ast.Call) -> frozenset[str] | None:
    """Return the parameters that a call gives by name; None where it passes on a dictionary."""
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    return frozenset(keyword.arg for keyword in node.keywords if keyword.arg)


def uses_in_python(source: str, place: str) -> list[MessageUse]:
    """Return the message ids named in one module.

    Examples
    --------
    >>> [use.message_id for use in uses_in_python('raise InputError("error.case.no_volume")', "case.py")]
    ['error.case.no_volume']
    """
    reader = _Reader(place)
    reader.visit(ast.parse(source))
    return reader.uses


def uses_in_text(text: str, place: str) -> list[MessageUse]:
    """Return the quoted strings of a page, a script or a data file that look like message ids."""
    quoted = re.finditer(r"""(["'`])([^"'`\n]{3,120})\1""", text)
    return [MessageUse(found[2], place) for found in quoted if MESSAGE_ID.fullmatch(found[2])]


def uses_in_folders(root: Path, folders: tuple[str, ...]) -> Iterator[MessageUse]:
    """Yield every use in the sources and data files under some folders of the repository."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            place = path.relative_to(root).as_posix()
            if path.suffix == ".py":
                yield from uses_in_python(path.read_text(encoding="utf-8"), place)
            elif path.suffix in {".js", ".html", ".json"} and not place.startswith("resources/viewer/"):
                yield from uses_in_text(path.read_text(encoding="utf-8"), place)
