"""From a plan on the pancreas to the patient's folder and the carers' storyboard, on the small phantom."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from app.services.build_twin import build_case_twin
from app.services.case_file import case_read, opened_case
from app.services.export_case import ExportRequest, export_case_file
from app.services.make_storyboard import StoryboardNotes, read_notes
from app.services.make_take_home import TakeHomeRequest, TakeHomeResult, make_take_home, story_of_plan
from app.services.plan_resection import approve_plan, confirm_structures, save_plan, structures_of_figures
from app.services.simulate_plan import simulate_plan_of_file
from export.model import REMNANT, SPECIMEN
from export.story.choices import SceneId, StoryChoices
from export.story.story import Emphasis
from resources import resource_path
from tests.app.made_up_study import labelled_case_on_disk
from tests.export.story.conftest import PlainRenderer
from tests.export.story.test_take_home_documents import opened
from twin.anatomy import LayerName
from twin.edit import LayersEdit
from twin.errors import InputError
from twin.label_layer import lesion_layer


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
        "vous prendrez de l’insuline toute votre vie",
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


def test_that_an_enucleation_takes_the_lesion_alone_and_the_gland_stays(tmp_path: Path) -> None:
    path = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "E.twinsight"))
    lesion_id = _with_lesion_in_the_pancreas(path)
    save_plan(path, "E", [f"pancreas:enucleation:{lesion_id}:2"])
    simulate_plan_of_file(path, "E")
    confirm_structures(path, (lesion_id, "pancreas"), "Dr Surgeon")
    with opened_case(path) as session:
        twin = build_case_twin(session.case, path)
        choices = StoryChoices("fr", scenes=frozenset({SceneId.FOUND}))
        case = session.case
        story = story_of_plan(case, twin, case.plan("E"), case.outcomes["E"], choices)
    words = " ".join(text for scene in story.scenes for text in scene.text)
    assert "Le chirurgien enlève seulement la zone à enlever." in words
    assert "Le pancréas reste en place." in words
    assert "dans la queue" in words or "dans la tête" in words or "au milieu de votre pancréas" in words
    assert "Le pancréas ne repousse pas." in words
    by_id = {scene.id: scene.stage for scene in story.scenes}
    assert REMNANT in by_id[SceneId.STAYS], "the gland is shown as staying"
    assert by_id[SceneId.STAYS][SPECIMEN] is Emphasis.FADED
    assert f"{lesion_id}-gone" in by_id[SceneId.STEPS]
    assert by_id[SceneId.STEPS][SPECIMEN] is Emphasis.CLEAR, "the lesion is seen inside what is taken"
    assert lesion_id not in {part.id for part in story.parts}, "nothing of it is left"


def _with_lesion_in_the_pancreas(path: Path) -> str:
    """Add a round lesion of 5 mm radius in the thickest part of the gland; return its id."""
    with opened_case(path) as session:
        layers = session.case.layers
        organs, known = layers[LayerName.ORGANS], layers[LayerName.LESIONS]
        gland = organs.mask("pancreas")
        spacing_kji = organs.grid.spacing_ijk_mm[::-1]
        depth_mm = ndimage.distance_transform_edt(gland, spacing_kji)
        centre = np.array(np.unravel_index(depth_mm.argmax(), depth_mm.shape))
        indices = np.moveaxis(np.indices(gland.shape), 0, -1)
        ball = (((indices - centre) * spacing_kji) ** 2).sum(axis=-1) <= 25.0
        ids = known.structure_ids()
        masks = [known.mask(one) for one in ids]
        session.do(LayersEdit({LayerName.LESIONS: lesion_layer(organs.grid, [*masks, ball & gland], known.provenance)}))
    return f"lesion-{len(ids) + 1}"


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
