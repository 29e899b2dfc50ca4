"""Modules stay readable and are named in the words of the field."""

import ast
import warnings

from tests.arch.source_tree import python_modules, repository_files, syntax_tree, where

# Names that say nothing about what lives there.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "managers", "stuff"}
USUAL_MODULE_LINES = 400
LARGEST_MODULE_LINES = 500
LARGEST_FUNCTION_LINES = 90


def _line_counts() -> dict[str, int]:
    modules = python_modules("app", "segmentation", "twin", "simulation", "export", "resources", "tests", "tooling")
    return {where(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules}


def test_that_no_module_is_too_long_to_read() -> None:
    counts = _line_counts()
    for name, lines in counts.items():
        if lines > USUAL_MODULE_LINES:
            warnings.warn(f"{name} has {lines} lines (aim: {USUAL_MODULE_LINES})", stacklevel=1)
    assert {name: lines for name, lines in counts.items() if lines > LARGEST_MODULE_LINES} == {}


def test_that_no_function_of_the_product_is_too_long_to_read() -> None:
    too_long = {
        f"{where(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in python_modules()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LARGEST_FUNCTION_LINES
    }
    assert too_long == {}


def test_that_no_file_or_folder_has_an_empty_name() -> None:
    words = {where(path): {part.split(".")[0] for part in where(path).split("/")} for path in repository_files()}
    assert [name for name, parts in words.items() if parts & EMPTY_NAMES] == []


def test_that_no_class_is_called_manager_or_helper() -> None:
    offenders = [
        f"{where(path)}:{node.lineno} {node.name}"
        for path in python_modules()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper", "Utils", "Base"))
    ]
    assert offenders == []
