"""A case of a made-up patient with its true labels, to try the window without a scan."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from app.services.case_file import new_case
from app.services.progress_part import part_of
from twin.edit import FactsEdit, GroupEdit, IdentityEdit, LayersEdit, VolumesEdit
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.phantom import PhantomRecipe, build_phantom

__all__ = ["make_demo_case"]

_KEPT = 1  # earlier demo cases that are kept: one may still be open


def make_demo_case(
    folder: Path,
    *,
    recipe: PhantomRecipe | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Build the phantom and make a case of it; return the path of the case.

    Its labels are the truth of the phantom, so that every tool can be tried at once.

    Parameters
    ----------
    folder
        Where demo cases are kept; older ones are removed.
    recipe
        Which phantom; by default the usual one.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    CaseFileError
        When the folder cannot be written.
    Cancelled
        When it was stopped.
    """
    phantom = build_phantom(recipe or PhantomRecipe(), part_of(progress, 0.0, 0.85, cancel))
    if cancel is not None:
        cancel.raise_if_cancelled()
    progress(Progress(0.85, "progress.demo.case"))
    edits = (
        IdentityEdit(phantom.identity),
        VolumesEdit({phantom.volume.id: phantom.volume}, phantom.volume.id),
        LayersEdit({name: layer for name, layer in phantom.layers.items() if not name.is_derived}, label="edit.import"),
        FactsEdit(phantom.facts),
    )
    _remove_older(folder)
    path = folder / f"demo-{uuid.uuid4().hex[:8]}.twinsight"
    with new_case(path) as session:
        session.do(GroupEdit("edit.import", edits))
    progress(Progress(1.0, "progress.demo.case"))
    return path


def _remove_older(folder: Path) -> None:
    made = sorted(folder.glob("demo-*.twinsight"), key=lambda path: path.stat().st_mtime)
    for path in made[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
