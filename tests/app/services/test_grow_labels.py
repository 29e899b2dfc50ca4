"""Grow from seeds on an open case: preview, one step of undo, what is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services.case_session import CaseSession
from app.services.grow_labels import SeededGrowth
from twin.anatomy import LayerName
from twin.edit import LayersEdit, VolumesEdit
from twin.errors import InputError, TwinSightError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.store import CaseFolder
from twin.volume import Modality, Quantity, Volume
from twin.wording import Wording

GRID = Grid.from_spacing((60, 40, 20), (1.0, 1.0, 2.0), origin_lps_mm=(5.0, -3.0, 50.0), frame_of_reference_uid="1.2.3")


def ball(i: float) -> np.ndarray:
    k, j, n = np.indices(GRID.shape_kji)
    return np.asarray(((k - 10) * 2) ** 2 + (j - 20) ** 2 + (n - i) ** 2 < 81)


def place(i: float, j: float, k: float) -> tuple[float, ...]:
    return tuple(GRID.lps_from_ijk((i, j, k)).tolist())


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    image = np.where(ball(18), 110, np.where(ball(42), 140, 0)) + np.random.default_rng(1).normal(0, 6, GRID.shape_kji)
    volume = Volume("scan", GRID, image.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT)
    organs = np.zeros(GRID.shape_kji, np.uint8)
    organs[9:11, 0:4, 0:4] = 12
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        session.do(VolumesEdit.adding(volume))
        session.do(LayersEdit({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, organs)}))
        yield session
        session.stop()


def scribbled(session: CaseSession) -> SeededGrowth:
    growth = SeededGrowth(session, ("liver", "spleen"))
    growth.scribble("liver", [place(15, 20, 10), place(21, 20, 10)])
    growth.scribble("spleen", [place(39, 20, 10), place(45, 20, 10)])
    growth.scribble(None, [place(2, 2, 10), place(57, 2, 10)])
    return growth


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_that_a_preview_shows_structures_and_leaves_the_case_alone(session: CaseSession) -> None:
    before = session.case
    preview = scribbled(session).preview()
    assert session.case is before
    assert overlap(preview.mask("liver"), ball(18)[preview.box.slices]) > 0.9
    assert overlap(preview.mask("spleen"), ball(42)[preview.box.slices]) > 0.9


def test_that_applying_is_one_step_of_undo(session: CaseSession) -> None:
    before = session.case.layer(LayerName.ORGANS).voxels.copy()
    growth = scribbled(session)
    case = growth.apply(growth.edit(growth.preview()))
    assert overlap(case.layer(LayerName.ORGANS).mask("liver"), ball(18)) > 0.9
    assert session.undo_label == "edit.label.grow_from_seeds"
    assert np.array_equal(session.undo().layer(LayerName.ORGANS).voxels, before)


def test_that_other_structures_stay(session: CaseSession) -> None:
    growth = scribbled(session)
    growth.scribble("liver", [place(2, 2, 9)])
    case = growth.apply(growth.edit(growth.preview()))
    assert (case.layer(LayerName.ORGANS).voxels[9:11, 0:4, 0:4] == 12).all()


def test_that_more_scribbles_change_the_preview_and_erased_ones_change_it_back(session: CaseSession) -> None:
    growth = scribbled(session)
    first = growth.preview().labels_kji
    growth.scribble(None, [place(42, 12, 10), place(42, 28, 10)])
    assert not np.array_equal(growth.preview().labels_kji, first)
    fresh = scribbled(session)
    fresh.preview()
    fresh.scribble("liver", [place(30, 35, 5)])
    fresh.preview()
    fresh.erase([place(30, 35, 5)])
    assert np.array_equal(fresh.preview().labels_kji, first)


def test_that_a_result_made_from_older_labels_is_refused(session: CaseSession) -> None:
    growth = scribbled(session)
    edit = growth.edit(growth.preview())
    growth.apply(edit)
    with pytest.raises(InputError) as caught:
        growth.apply(edit)
    assert caught.value.message_id == "error.edit.outdated"


@pytest.mark.parametrize(
    ("structures", "message_id"),
    [
        ((), "error.editing.nothing_selected"),
        (("liver", "portal_vein"), "error.seeds.two_layers"),
    ],
)
def test_that_a_wrong_choice_is_refused(session: CaseSession, structures: tuple[str, ...], message_id: str) -> None:
    with pytest.raises(InputError) as caught:
        SeededGrowth(session, structures)
    assert caught.value.message_id == message_id


def test_that_faults_are_worded_in_one_line(session: CaseSession) -> None:
    growth = SeededGrowth(session, ("liver",))
    for fault in (
        lambda: growth.preview(),
        lambda: growth.scribble("spleen", [place(1, 1, 1)]),
        lambda: growth.scribble("liver", [place(1, 1, 1)], radius_mm=0.0),
    ):
        with pytest.raises(TwinSightError) as caught:
            fault()
        for language in ("en", "fr"):
            words = Wording(language).text(caught.value.message_id, **caught.value.parameters)  # type: ignore[arg-type]
            assert "{" not in words
            assert "\n" not in words
