"""From a plan on the pancreas to the patient's folder and the carers' storyboard, on the small phantom."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from app.services.case_file import case_read
from app.services.export_case import ExportRequest, export_case_file
from app.services.make_storyboard import StoryboardNotes, read_notes
from app.services.make_take_home import TakeHomeRequest, TakeHomeResult, make_take_home
from app.services.plan_resection import approve_plan, confirm_structures, save_plan, structures_of_figures
from app.services.simulate_plan import simulate_plan_of_file
from export.model import REMNANT, SPECIMEN
from export.story.choices import SceneId, StoryChoices
from export.story.story import Emphasis
from resources import resource_path
from tests.app.made_up_study import labelled_case_on_disk
from tests.export.story.conftest import PlainRenderer
from tests.export.story.test_take_home_documents import opened
from twin.errors import InputError


@pytest.fixture(scope="module")
def approved_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copytree(labelled_case_on_disk(), tmp_path_factory.mktemp("case") / "A.twinsight"))
    save_plan(path, "Total", ["pancreas:total"])
    simulate_plan_of_file(path, "Total")
    with case_read(path) as case:
        used = structures_of_figures(case, case.plan("Total"))
    confirm_structures(path, used, "Dr Surgeon")
    approve_plan(path, "Total", "Dr Surgeon")
    return path


@pytest.fixture(scope="module")
def made(approved_case: Path, tmp_path_factory: pytest.TempPathFactory) -> TakeHomeResult:
    try:
        resource_path("viewer/story.js")
    except FileNotFoundError:
        pytest.skip("the viewer was not built: make viewer")
    out = tmp_path_factory.mktemp("home") / "out"
    return make_take_home(approved_case, TakeHomeRequest(out, "Total", StoryChoices("fr")), PlainRenderer)


def test_that_what_is_certain_is_said_even_when_no_sensitive_scene_is_chosen(made: TakeHomeResult) -> None:
    page = unescape((made.folder / "votre-histoire.html").read_text(encoding="utf-8"))
    for sentence in (
        "vous prendrez de l'insuline toute votre vie",
        "des gélules à chaque repas",
        "Le pancréas ne repousse pas.",
        "La rate est enlevée aussi.",
    ):
        assert sentence in page
    assert not re.search(r"parts? sur 10", page)
    assert SceneId.RECOVERY not in {scene.id for scene in made.story.scenes}


def test_that_nothing_of_the_organ_is_shown_as_staying(made: TakeHomeResult) -> None:
    stays = next(scene for scene in made.story.scenes if scene.id is SceneId.STAYS)
    assert stays.stage[SPECIMEN] is Emphasis.FADED
    assert not {REMNANT, "pancreas"} & set(stays.stage)
    ducts = [stays.stage[part] for part in stays.stage if part.startswith("bile_duct")]
    assert set(ducts) <= {Emphasis.FADED}


def test_that_the_storyboard_is_written_only_when_asked_for(approved_case: Path, tmp_path: Path) -> None:
    request = ExportRequest(tmp_path / "out", ("storyboard",), "Total", "fr", notes=StoryboardNotes())
    result = export_case_file(approved_case, request, PlainRenderer)
    assert {path.name for path in result.files} == {"storyboard.pdf", "export.json"}
    assert b"/StructTreeRoot" in opened((tmp_path / "out" / "storyboard.pdf").read_bytes())


def test_that_notes_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"instruments": ["Sonde"]}', encoding="utf-8")
    assert read_notes(path).instruments == ("Sonde",)
    assert read_notes(None) == StoryboardNotes()
    for content in ("[]", "{"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError):
            read_notes(path)
