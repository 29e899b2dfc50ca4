"""Compiled kernels live in one kind of place, state their flags and have a plain reference."""

import ast
from pathlib import Path

from tests.arch.source_tree import PACKAGES, REPOSITORY, imported_names, python_modules, syntax_tree, where

COMPILING = {"njit", "jit", "vectorize", "guvectorize", "stencil", "cfunc"}


def _decorator(node: ast.expr) -> tuple[str, set[str]]:
    """Return the bare name of a decorator and the keywords it is given."""
    keywords: set[str] = set()
    if isinstance(node, ast.Call):
        keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
        node = node.func
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")), keywords


def _kernels() -> list[tuple[Path, ast.FunctionDef, set[str]]]:
    return [
        (path, node, keywords)
        for path in python_modules()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.FunctionDef)
        for name, keywords in map(_decorator, node.decorator_list)
        if name in COMPILING
    ]


def test_that_numba_functions_live_in_kernel_folders_only() -> None:
    outside = [
        f"{where(path)}:{node.lineno} {node.name}" for path, node, _ in _kernels() if "kernels" not in path.parts
    ]
    assert outside == []


def test_that_kernels_import_no_library_but_numpy_and_numba() -> None:
    allowed = {"__future__", "math", "numpy", "numba", "typing", "collections", *PACKAGES}
    offenders = {
        where(path): sorted(name for name in imported_names(path) if name.split(".")[0] not in allowed)
        for path in python_modules()
        if "kernels" in path.parts
    }
    assert {name: found for name, found in offenders.items() if found} == {}


def test_that_every_kernel_states_its_flags() -> None:
    required = {"cache", "nogil", "fastmath"}
    silent = [
        f"{where(path)}:{node.lineno} {node.name} lacks {', '.join(sorted(required - keywords))}"
        for path, node, keywords in _kernels()
        if not required <= keywords
    ]
    assert silent == []


def test_that_every_public_kernel_is_compared_with_a_plain_reference() -> None:
    """Each kernel without a leading underscore is named in tests/naive or in a test that imports it."""
    references = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "tests/naive").glob("*.py"))
    )
    without = [
        f"{where(path)}:{node.lineno} {node.name}"
        for path, node, _ in _kernels()
        if not node.name.startswith("_") and node.name not in references
    ]
    assert without == []
