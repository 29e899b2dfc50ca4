"""The demo of the window: a case with its true labels, at once."""

from pathlib import Path

import pytest

from app.services.demo_case import make_demo_case
from tests.phantoms import small_phantom
from twin.errors import Cancelled
from twin.job import CancelSource
from twin.phantom import PhantomRecipe
from twin.store import CaseFolder


@pytest.fixture
def quick_phantom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the phantom that other tests have built."""
    monkeypatch.setattr("app.services.demo_case.build_phantom", lambda recipe, progress: small_phantom())


def test_that_the_demo_case_holds_scan_and_true_labels(tmp_path: Path, quick_phantom: None) -> None:
    path = make_demo_case(tmp_path, recipe=PhantomRecipe.small())
    with CaseFolder.open(path, read_only=True) as folder:
        assert {"liver", "pancreas", "portal_vein", "lesion-1"} <= set(folder.case.structure_ids())
        assert folder.case.identity.name == "Phantom^TwinSight"
        assert folder.case.planning_volume.grid.is_same_space(small_phantom().volume.grid)


def test_that_older_demo_cases_go(tmp_path: Path, quick_phantom: None) -> None:
    paths = [make_demo_case(tmp_path, recipe=PhantomRecipe.small()) for _ in range(3)]
    assert not paths[0].exists()
    assert paths[2].exists()


def test_that_a_stopped_demo_leaves_nothing(tmp_path: Path, quick_phantom: None) -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        make_demo_case(tmp_path, recipe=PhantomRecipe.small(), cancel=source.token)
    assert list(tmp_path.iterdir()) == []
