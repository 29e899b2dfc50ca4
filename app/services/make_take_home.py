"""Make what the patient takes home: the page, the leaflet, and where they may lie open the 3D model and a film."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.services.build_twin import build_case_twin
from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.exports_made import export_folders
from app.services.omissions import omissions_document, worded_omissions
from app.services.progress_part import part_of
from export.glb import write_glb
from export.page_geometry import light_parts
from export.renderer import FilmRenderer
from export.staging import staged_folder
from export.story.choices import SceneId, StoryChoices, StoryKind
from export.story.film import FILM_PICTURES, FILM_SIZE_PX, require_film_maker, write_film
from export.story.leaflet import LEAFLET_PICTURE_PX, story_leaflet
from export.story.page import story_page
from export.story.pictures import painted_parts, scene_picture
from export.story.sealing import LARGEST_SEALED_BYTES, generated_passphrase, require_strong, sealed_page
from export.story.story import Scene, Story
from export.story.tell import tell_story
from export.story.words import StoryWords, story_languages
from simulation.split import split_organ
from twin.case import Case
from twin.errors import BackendUnavailable, GeometryError, InputError, SafetyRefusal, TwinSightError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.outcome import Outcome
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import NOT_A_DEVICE, Wording

__all__ = [
    "RendererFactory",
    "TakeHomeRequest",
    "TakeHomeResult",
    "make_take_home",
    "read_choices",
    "story_of_plan",
    "take_home_of_session",
]

_PICTURED = (SceneId.BODY, SceneId.ORGAN, SceneId.FOUND, SceneId.DONE, SceneId.STEPS, SceneId.STAYS)
_TRIANGLES = 110_000  # of everything that leaves: once lighter, page, model and film share it
_FILM_ELEVATION_DEG = 8.0
_FORMAT = "take-home"
RendererFactory = Callable[[], FilmRenderer]


@dataclass(frozen=True)
class TakeHomeRequest:
    """What to make and where.

    Parameters
    ----------
    folder
        Made when it is missing; an earlier take-home of the same case there is replaced.
    plan_name
        Plan to tell, approved or a draft.
    choices
        The team's choices.
    passphrase_file
        None for open files. A file that is there holds the five words; one that is not is written with new ones.
    drawings
        Pictures of the talk as PNG, looked through by a person; they are printed in the leaflet.
    beside
        Choices for the same story in a second language, told side by side; None for one language.
    """

    folder: Path
    plan_name: str
    choices: StoryChoices = field(default_factory=StoryChoices)
    passphrase_file: Path | None = None
    drawings: tuple[bytes, ...] = ()
    beside: StoryChoices | None = None


@dataclass(frozen=True)
class TakeHomeResult:
    """What was made, what could not be and why, and how long it took."""

    folder: Path
    files: tuple[Path, ...]
    story: Story
    omitted: Mapping[str, TwinSightError]
    seconds: float
    passphrase_file: Path | None = None
    is_passphrase_new: bool = False

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "files": [str(path) for path in self.files],
            "language": self.story.language,
            "is_approved": self.story.state.is_approved,
            "scenes": [scene.id.value for scene in self.story.scenes],
            "omitted": omissions_document(self.omitted, wording),
            "passphrase_file": None if self.passphrase_file is None else str(self.passphrase_file),
            "seconds": round(self.seconds, 1),
        }

    def notes(self, wording: Wording) -> list[str]:
        """What to know beside the files."""
        notes = worded_omissions(self.omitted, wording)
        if not self.story.state.is_approved:
            notes.append(wording.text("story.note.draft"))
        if self.passphrase_file is not None:
            notes.append(wording.text("story.note.passphrase", name=self.passphrase_file.name))
        return notes

    def lines(self, wording: Wording) -> list[str]:
        """The files, and the notice."""
        return [*(str(path) for path in self.files), wording.text(NOT_A_DEVICE)]


def make_take_home(
    case_path: Path,
    request: TakeHomeRequest,
    renderer: RendererFactory,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> TakeHomeResult:
    """Make the take-home of a plan of a case on disk."""
    with opened_case(case_path) as session:
        return take_home_of_session(session, request, renderer, progress=progress, cancel=cancel)


def take_home_of_session(
    session: CaseSession,
    request: TakeHomeRequest,
    renderer: RendererFactory,
    *,
    twin: Twin | None = None,
    split: Sequence[Surface] | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> TakeHomeResult:
    """Make the take-home of a plan of an open case: every file appears, or none does.

    Parameters
    ----------
    session
        The case.
    request
        What and where.
    renderer
        Makes what draws the pictures.
    twin, split
        When they are built already; else they are built.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    InputError
        When there is no such plan, it was not simulated, a choice cannot be kept or a file cannot be written.
    SafetyRefusal
        When figures are out of date, or a rule forbids what was chosen.
    BackendUnavailable
        When pictures cannot be drawn or the viewer was not built.
    """
    started = time.monotonic()
    case = session.case
    replaceable = _replaceable(session, request.folder)
    _check_places(request, replaceable)
    plan, outcome = _told_plan(case, request.plan_name)
    passphrase, is_new = _passphrase(request)
    if twin is None or twin.labels_hash != case.labels_hash:
        twin = build_case_twin(case, session.folder.path, progress=part_of(progress, 0.0, 0.35), cancel=cancel)
    progress(Progress(0.35, "progress.story.telling"))
    story = _told_story(case, twin, plan, outcome, request, split)
    if is_new and request.passphrase_file is not None:
        _write_secret(request.passphrase_file, passphrase)  # first: a page that nobody can open helps nobody
    maker = _Maker(story, renderer(), part_of(progress, 0.45, 1.0), cancel, request.drawings)
    try:
        with staged_folder(request.folder, replaceable=replaceable) as staging:
            omitted = maker.write(staging, passphrase)
            names = sorted(path.name for path in staging.iterdir())
    except BaseException:
        if is_new and request.passphrase_file is not None:
            request.passphrase_file.unlink(missing_ok=True)
        raise
    for name in replaceable - set(names):  # of an earlier take-home: an open leaflet beside a sealed page, a film
        (request.folder / name).unlink(missing_ok=True)
    session.folder.record_export(request.folder, formats=[_FORMAT], plan=plan.name)
    files = tuple(request.folder / name for name in names)
    seconds = time.monotonic() - started
    return TakeHomeResult(request.folder, files, story, omitted, seconds, request.passphrase_file, is_new)


def story_of_plan(
    case: Case,
    twin: Twin,
    plan: Plan,
    outcome: Outcome,
    choices: StoryChoices,
    *,
    split: Sequence[Surface] | None = None,
) -> Story:
    """Return the story of a plan, dividing the organ where the caller has not done it; see ``tell_story``."""
    return tell_story(case, twin, plan, outcome, _split(plan, twin) if split is None else split, choices)


def _told_story(
    case: Case, twin: Twin, plan: Plan, outcome: Outcome, request: TakeHomeRequest, split: Sequence[Surface] | None
) -> Story:
    """Return the story of a request, with the one beside it in another language."""
    divided = _split(plan, twin) if split is None else split
    story = story_of_plan(case, twin, plan, outcome, request.choices, split=divided)
    beside = request.beside
    if beside is None or beside.language == request.choices.language:
        return story
    return replace(story, beside=story_of_plan(case, twin, plan, outcome, beside, split=divided))


def _split(plan: Plan, twin: Twin) -> Sequence[Surface]:
    """Return remnant and specimen; none when nothing stays, or nothing goes: then the organ is shown whole."""
    try:
        return [surface for surface in split_organ(plan, twin) if surface is not None]
    except GeometryError as error:
        if error.message_id != "error.surface.empty":
            raise
        return ()


def read_choices(path: Path | None, language: str, scenes: Sequence[str] = ()) -> StoryChoices:
    """Read the team's choices from a JSON file; where it says nothing, language and sensitive scenes are the given.

    Raises
    ------
    InputError
        ``error.story.bad_choices_file`` when it is no JSON object, or as :meth:`StoryChoices.from_json`.
    """
    if path is None:
        return StoryChoices.from_json({"language": language, "scenes": list(scenes)})
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("error.story.bad_choices_file", name=path.name) from error
    if not isinstance(data, dict):
        raise InputError("error.story.bad_choices_file", name=path.name)
    return StoryChoices.from_json({"language": language, "scenes": list(scenes), **data})


@dataclass(frozen=True)
class _Maker:
    """Makes one file after the other."""

    story: Story
    renderer: FilmRenderer
    progress: ProgressListener
    cancel: CancelToken | None
    drawings: tuple[bytes, ...] = ()

    def write(self, folder: Path, passphrase: str) -> dict[str, TwinSightError]:
        """Write the files; return those that were left out, with the reason."""
        pictures = self._pictures()
        self._step(0.6, "page")
        leaflets = {
            one.words.say("files.leaflet"): story_leaflet(one, pictures, drawings=self.drawings)
            for one in (self.story, self.story.beside)
            if one is not None
        }
        words = self.story.words
        light = replace(self.story, parts=light_parts(self.story.parts, _TRIANGLES))
        if passphrase:
            inside = story_page(light, pictures, leaflets=leaflets, at_most_bytes=LARGEST_SEALED_BYTES)
            (folder / words.say("files.page")).write_bytes(sealed_page(self.story, inside, passphrase))
            return dict.fromkeys(("glb", "mp4"), SafetyRefusal("error.story.open_beside_sealed"))
        (folder / words.say("files.page")).write_bytes(story_page(light, pictures))
        for name, leaflet in leaflets.items():
            (folder / name).write_bytes(leaflet)
        if not self.story.state.is_approved:
            return dict.fromkeys(("glb", "mp4"), SafetyRefusal("error.story.unmarked_draft"))
        return self._model_and_film(light, folder)

    def _pictures(self) -> dict[str, bytes]:
        wanted = [scene for scene in self.story.scenes if scene.id in _PICTURED]
        pictures = {}
        for n, scene in enumerate(wanted):
            self._step(0.6 * n / len(wanted), "picture")
            pictures[scene.id.value] = scene_picture(self.story, scene, self.renderer, LEAFLET_PICTURE_PX)
        return pictures

    def _model_and_film(self, light: Story, folder: Path) -> dict[str, TwinSightError]:
        words = light.words
        scene = self._scene_of_the_organ()
        self._step(0.8, "model")
        parts = [replace(part, id=_slug(part.names[light.language], part.id)) for part in painted_parts(light, scene)]
        write_glb(parts, folder / words.say("files.model"))
        try:
            require_film_maker()
            self._step(0.85, "film")
            pictures = self.renderer.turn(parts, _FILM_ELEVATION_DEG, FILM_SIZE_PX, FILM_PICTURES)
            write_film(pictures, folder / words.say("files.film"))
        except (BackendUnavailable, GeometryError) as error:
            return {"mp4": error}
        return {}

    def _scene_of_the_organ(self) -> Scene:
        wanted = (SceneId.STAYS, SceneId.ORGAN)
        found = [scene for wish in wanted for scene in self.story.scenes if scene.id is wish]
        return (found or list(self.story.scenes))[0]

    def _step(self, fraction: float, what: str) -> None:
        if self.cancel is not None:
            self.cancel.raise_if_cancelled()
        self.progress(Progress(fraction, f"progress.story.{what}"))


def _told_plan(case: Case, name: str) -> tuple[Plan, Outcome]:
    plan = case.plan(name)
    outcome = case.outcomes.get(plan.name)
    if outcome is None or outcome.is_stale:
        raise InputError("error.plan.not_simulated", plan=plan.name)
    return plan, outcome


def _check_places(request: TakeHomeRequest, replaceable: frozenset[str]) -> None:
    """Refuse before the work what would be refused after it."""
    file = request.passphrase_file
    if file is not None and file.resolve().is_relative_to(request.folder.resolve()):
        raise SafetyRefusal("error.story.passphrase_in_folder", name=file.name)
    foreign = sorted(name for name in _own_names() - replaceable if (request.folder / name).exists())
    if foreign:
        raise InputError("error.export.exists", name=foreign[0])


def _passphrase(request: TakeHomeRequest) -> tuple[str, bool]:
    """Return the words of the seal, empty for none, and whether they are new."""
    file = request.passphrase_file
    if file is None:
        return "", False
    if not file.exists():
        StoryWords(request.choices.language, StoryKind.LIVER)  # a language without texts is named first
        return generated_passphrase(request.choices.language), True
    try:
        passphrase = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InputError("error.story.passphrase_file", name=file.name) from error
    require_strong(passphrase)
    return passphrase, False


def _write_secret(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise InputError("error.story.passphrase_file", name=path.name) from error


def _own_names() -> frozenset[str]:
    kinds = ("page", "leaflet", "model", "film")
    words = [StoryWords(language, StoryKind.LIVER) for language in story_languages()]
    return frozenset(one.say(f"files.{kind}") for one in words for kind in kinds)


def _replaceable(session: CaseSession, folder: Path) -> frozenset[str]:
    """Return the names that may be replaced: ours, where an earlier take-home of this case went."""
    return _own_names() if folder.absolute() in export_folders(session.folder) else frozenset()


def _slug(name: str, part_id: str) -> str:
    """Return a name for a node of the model: the patient's words, never those of the trade."""
    return re.sub(r"\W+", "-", name.lower()).strip("-") + ("-2" if part_id.endswith("-gone") else "")
