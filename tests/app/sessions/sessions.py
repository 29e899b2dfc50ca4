"""Whole sessions: which study, which steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import composition
from app.services.case_file import new_case
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.settings import Settings
from tests.app.sessions.album import LOOKS, Album
from tests.app.sessions.person import Person, live
from tests.app.sessions.walk import Walk
from twin.anatomy import LayerName
from twin.edit import FactsEdit, GroupEdit, IdentityEdit, LayersEdit, VolumesEdit
from twin.phantom import LesionRecipe, PhantomRecipe, build_phantom, write_dicom

__all__ = ["SESSIONS", "real_study", "run_session"]

_OF_THE_LIVER = ("liver", "hepatic_vein", "gallbladder")
_ROOT = Path(__file__).resolve().parents[3]


def walk_phantom(walk: Walk, recipe: PhantomRecipe) -> None:
    """The made-up patient: labelled by the program, mended by hand."""
    walk.open_study(zipped_phantom(walk.folder, recipe))
    walk.enter_facts()
    _from_scan_to_documents(walk, "58")


def walk_ircadb17(walk: Walk, recipe: PhantomRecipe) -> None:
    """A patient with two large tumours of the right liver; labelled by the program, mended by hand."""
    walk.open_study(real_study())
    walk.enter_facts()
    _from_scan_to_documents(walk, "5678")


def _from_scan_to_documents(walk: Walk, digits: str) -> None:
    walk.segment()
    walk.find_lesions()
    walk.paint_stroke("liver")
    walk.confirm()
    walk.plan_plane()
    walk.plan_segments(digits)
    walk.compare()
    walk.approve("A", "B")
    walk.report()


def walk_demo(walk: Walk, recipe: PhantomRecipe) -> None:
    """A stranger's way: the demo of the start page, and a first plan."""
    walk.open_demo()
    walk.plan_plane()


def walk_pancreas(walk: Walk, recipe: PhantomRecipe) -> None:
    """A pancreas is labelled and no liver: a distal pancreatectomy."""
    lesions = (LesionRecipe("pancreas.tail", 18.0),)
    walk.open_case(pancreas_case(walk.folder / "pancreas.twinsight", replace(recipe, lesions=lesions)))
    walk.plan_distal_pancreatectomy()
    walk.plan_spleen_kept()
    walk.confirm()
    walk.compare()
    walk.approve("A")


def walk_sizes(walk: Walk, recipe: PhantomRecipe) -> None:
    """Segment and Plan, to see that they fit the screen."""
    walk.open_demo()
    walk.look_at_segment()
    walk.plan_plane()


SESSIONS: dict[str, Callable[[Walk, PhantomRecipe], None]] = {
    "phantom": walk_phantom,
    "ircadb17": walk_ircadb17,
    "demo": walk_demo,
    "pancreas": walk_pancreas,
    "sizes": walk_sizes,
}


def run_session(
    name: str,
    work_folder: Path,
    pictures: Path | None,
    *,
    looks: tuple[tuple[str, str], ...] = LOOKS,
    is_small: bool = False,
    size: tuple[int, int] = (1366, 768),
) -> Walk:
    """Open a window with the tools of the program, walk, close it."""
    application()
    folders = (work_folder / "settings", work_folder / "cache", work_folder / "files")
    for folder in folders:
        folder.mkdir(parents=True)
    settings, cache, files = folders
    recipe = PhantomRecipe.small() if is_small else PhantomRecipe()
    window = MainWindow(
        Equipment(composition.segmenters, composition.renderer, settings, cache, recipe, work_folder / "logs"),
        Settings(language=looks[0][0], theme=looks[0][1], last_folder=str(files)),
    )
    window.resize(*size)
    window.show()
    QTest.qWaitForWindowExposed(window)
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 2000)
    person = Person(window)
    walk = Walk(person, Album(person, pictures, looks), files)
    try:
        SESSIONS[name](walk, recipe)
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        live(0.05)
    return walk


def zipped_phantom(folder: Path, recipe: PhantomRecipe) -> Path:
    """Return a zip of the phantom as a scanner would have written it."""
    write_dicom(build_phantom(recipe), folder / "study")
    zipped = Path(shutil.make_archive(str(folder / "study"), "zip", folder / "study"))
    shutil.rmtree(folder / "study")
    return zipped


def pancreas_case(path: Path, recipe: PhantomRecipe) -> Path:
    """Make a case of the phantom whose liver nobody labelled."""
    phantom = build_phantom(recipe)
    layers = {}
    for name, layer in phantom.layers.items():
        if not name.is_derived and name is not LayerName.CONTEXT:
            hidden = [layer.mask(i) for i in layer.structure_ids() if i in _OF_THE_LIVER]
            voxels = layer.voxels.copy()
            for mask in hidden:
                voxels[mask] = 0
            layers[name] = layer.with_voxels(voxels)
    patient = (IdentityEdit(phantom.identity), FactsEdit(phantom.facts))
    with new_case(path) as session:
        session.do(GroupEdit("edit.import", (VolumesEdit.adding(phantom.volume), *patient, LayersEdit(layers))))
    return path


def real_study() -> Path:
    """Return the scan of the real patient, where it is."""
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or _ROOT.parent / "shared")
    return shared / "data" / "ircadb17" / "dicom.zip"
