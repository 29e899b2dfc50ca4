"""Directions that import-linter cannot express; the others are contracts in pyproject.toml (make check)."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.arch.source_tree import REPOSITORY, imported_names, python_modules, syntax_tree, where

# import-linter knows third-party code by its top-level name only.
RENDERING = (
    "vtk",
    "vtkmodules.all",
    "vtkmodules.qt",
    "vtkmodules.vtkInteraction",
    "vtkmodules.vtkRendering",
    "vtkmodules.vtkViews",
    "vtkmodules.util.vtkImageExportToArray",
    "pyvista.plotting",
    "pyvista.Plotter",
    "pyvista.BackgroundPlotter",
    "pyvistaqt",
)


def _below_the_scene() -> list[Path]:
    upper = ("app/scene/", "app/ui/", "app/composition.py")
    return [path for path in python_modules() if not where(path).startswith(upper)]


def _is_rendering(name: str) -> bool:
    if name == "vtk" or name.startswith("vtk."):
        return True
    return any(name.startswith(prefix) for prefix in RENDERING if prefix != "vtk")


def test_that_nothing_below_the_scene_imports_rendering() -> None:
    offenders = {
        where(path): [name for name in imported_names(path) if _is_rendering(name)] for path in _below_the_scene()
    }
    assert {name: found for name, found in offenders.items() if found} == {}


def test_that_nothing_below_the_scene_opens_a_plotter() -> None:
    offenders = [
        f"{where(path)}:{node.lineno}"
        for path in _below_the_scene()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"Plotter", "plot"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"pv", "pyvista"}
    ]
    assert offenders == []


def test_that_the_stock_vtk_widget_for_qt_is_not_used() -> None:
    # It shows uninitialised memory when grabbed; see the decision on the blitted render window.
    stock = "QVTKRender" + "WindowInteractor"
    assert [where(path) for path in python_modules() if stock in path.read_text(encoding="utf-8")] == []


def test_that_products_never_import_tests_or_build_scripts() -> None:
    offenders = [
        where(path)
        for path in python_modules()
        if any(name.split(".")[0] in {"tests", "tooling"} for name in imported_names(path))
    ]
    assert offenders == []


def test_that_the_numba_environment_can_be_set_before_numba_is_imported() -> None:
    script = "import sys, twin.geometry.numba_environment; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False).returncode == 0


def test_that_third_party_types_enter_the_domain_through_adapters_only() -> None:
    """Modules of twin that import SimpleITK, pydicom or VTK are named after that library."""
    suffix_of = {
        "SimpleITK": ("_sitk", "sitk_"),
        "pydicom": ("_dicom", "dicom_"),
        "vtkmodules": ("_vtk", "vtk_"),
        "pyvista": ("_vtk", "_pyvista"),
    }
    offenders = []
    for path in python_modules("twin"):
        relative = where(path)
        for library, names in suffix_of.items():
            uses = any(name.split(".")[0] == library for name in imported_names(path))
            named = any(
                word in part for part in relative.removesuffix(".py").split("/") for word in (*names, library.lower())
            )
            named = named or any(word.strip("_") in relative.split("/")[:-1] for word in names)
            if uses and not named:
                offenders.append(f"{relative} imports {library}")
    assert offenders == []
