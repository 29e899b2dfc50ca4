"""The folder a patient takes home: whole, without identity, sealed with everything beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.services.case_file import case_read, opened_case
from app.services.exports_made import export_folders
from app.services.make_take_home import TakeHomeRequest, TakeHomeResult, make_take_home, read_choices
from app.services.plan_resection import approve_plan, confirm_structures, save_plan, structures_of_figures
from app.services.simulate_plan import simulate_plan_of_file
from export.story.choices import SceneId, StoryChoices
from resources import resource_path
from tests.app.made_up_study import labelled_case_on_disk, liver_centre
from tests.export.story.conftest import PlainRenderer
from tests.export.story.test_take_home_documents import _decrypted, opened
from twin.errors import InputError, SafetyRefusal, TwinSightError
from twin.wording import Wording


@pytest.fixture(scope="module", autouse=True)
def _viewer() -> None:
    try:
        resource_path("viewer/story.js")
    except FileNotFoundError:
        pytest.skip("the viewer was not built: make viewer")


@pytest.fixture(scope="module")
def approved_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copytree(labelled_case_on_disk(), tmp_path_factory.mktemp("case") / "A.twinsight"))
    save_plan(path, "A", [f"plane:{liver_centre()}:-1,0,0"])
    simulate_plan_of_file(path, "A")
    with case_read(path) as case:
        used = structures_of_figures(case, case.plan("A"))
    confirm_structures(path, used, "Dr Surgeon")
    approve_plan(path, "A", "Dr Surgeon")
    return path


def _made(case: Path, out: Path, **changes: object) -> TakeHomeResult:
    request = TakeHomeRequest(out, "A", StoryChoices("en", scenes=frozenset({SceneId.FOUND})), **changes)  # type: ignore[arg-type]
    return make_take_home(case, request, PlainRenderer)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def made(approved_case: Path, tmp_path_factory: pytest.TempPathFactory) -> TakeHomeResult:
    return _made(approved_case, tmp_path_factory.mktemp("home") / "out")


def test_that_page_leaflet_and_model_are_made_and_the_film_when_it_can_be(
    approved_case: Path, made: TakeHomeResult
) -> None:
    wanted = {"your-story.html", "your-leaflet.pdf", "your-3d-picture.glb"}
    film = set() if shutil.which("ffmpeg") is None else {"your-film.mp4"}
    assert _names(made.folder) == wanted | film
    assert set(made.omitted) == ({"mp4"} if not film else set())
    assert all(Wording("fr").error(error) for error in made.omitted.values())
    with opened_case(approved_case) as session:
        assert made.folder.absolute() in export_folders(session.folder)


def test_that_no_byte_of_the_folder_identifies_the_patient(approved_case: Path, made: TakeHomeResult) -> None:
    with case_read(approved_case) as case:
        identity = case.identity
        uids = [volume.series_uid for volume in case.volumes.values()]
        words = [identity.patient_id, identity.birth_date, *identity.name.split("^"), *uids, case.id, "Dr Surgeon"]
    words += [str(made.folder.parent), str(approved_case), approved_case.name]
    words.remove("TwinSight")  # family name of the made-up patient, and the name of the program
    for path in made.files:
        content = opened(path.read_bytes()) if path.suffix == ".pdf" else path.read_bytes()
        found = [word for word in words if len(word) > 2 and word.encode().lower() in content.lower()]
        assert found == [], path.name


def test_that_names_inside_the_model_are_the_patients_words(made: TakeHomeResult) -> None:
    content = (made.folder / "your-3d-picture.glb").read_bytes()
    assert b"the-part-that-stays" in content
    assert not [word for word in (b"remnant", b"specimen", b"lesion") if word in content]


def test_that_a_draft_has_nothing_that_cannot_carry_its_mark(approved_case: Path, tmp_path: Path) -> None:
    draft = Path(shutil.copytree(approved_case, tmp_path / "B.twinsight"))
    save_plan(draft, "A", [f"plane:{liver_centre()}:-1,0.1,0"])
    simulate_plan_of_file(draft, "A")
    result = _made(draft, tmp_path / "out")
    assert _names(tmp_path / "out") == {"your-story.html", "your-leaflet.pdf"}
    assert {error.message_id for error in result.omitted.values()} == {"error.story.unmarked_draft"}
    assert "draft, not approved" in (tmp_path / "out" / "your-story.html").read_text(encoding="utf-8")


def test_that_beside_a_sealed_page_lies_nothing_open(approved_case: Path, tmp_path: Path) -> None:
    _made(approved_case, tmp_path / "out")
    secret = tmp_path / "apart" / "words.txt"
    result = _made(approved_case, tmp_path / "out", passphrase_file=secret)
    assert _names(tmp_path / "out") == {"your-story.html"}  # the open leaflet of before is gone
    assert result.is_passphrase_new
    words = secret.read_text(encoding="utf-8")
    assert len(words.split()) == 5
    assert secret.stat().st_mode & 0o077 == 0
    sealed = (tmp_path / "out" / "your-story.html").read_text(encoding="utf-8")
    inside = _decrypted(sealed, words).decode()
    assert "What was found" in inside
    assert 'data-leaflet="your-leaflet.pdf"' in inside
    assert "What was found" not in sealed
    assert words.strip() not in sealed


def test_that_the_code_never_lies_beside_what_it_locks(approved_case: Path, tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal):
        _made(approved_case, tmp_path / "out", passphrase_file=tmp_path / "out" / "words.txt")
    weak = tmp_path / "weak.txt"
    weak.write_text("lune", encoding="utf-8")
    with pytest.raises(InputError):
        _made(approved_case, tmp_path / "out", passphrase_file=weak)
    assert not (tmp_path / "out").exists()


def test_that_a_foreign_file_is_never_replaced(approved_case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "your-story.html").write_bytes(b"mine")
    secret = tmp_path / "words.txt"
    with pytest.raises(TwinSightError) as refusal:
        _made(approved_case, out, passphrase_file=secret)
    assert refusal.value.message_id == "error.export.exists"
    assert (out / "your-story.html").read_bytes() == b"mine"
    assert not secret.exists()


def test_that_choices_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    path.write_text(json.dumps({"scenes": ["found"], "approach": "midline"}), encoding="utf-8")
    chosen = read_choices(path, "fr")
    assert (chosen.language, chosen.scenes, str(chosen.approach)) == ("fr", frozenset({SceneId.FOUND}), "midline")
    assert read_choices(None, "en", ("recovery",)).scenes == frozenset({SceneId.RECOVERY})
    for content in ("[]", "{", '{"no_such": 1}'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError):
            read_choices(path, "fr")
