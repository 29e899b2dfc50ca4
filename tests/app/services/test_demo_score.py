"""Scores of the demo: only what was found automatically, against the truth."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.case_file import case_read
from app.services.demo_score import plan_rows, structure_rows
from app.services.plan_resection import save_plan
from app.services.simulate_plan import simulate_plan_of_file
from tests.app.made_up_study import labelled_case_on_disk, liver_centre
from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.case import Case
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.wording import Wording


def with_origin(case: Case, name: LayerName, structure_id: str, origin: LabelOrigin) -> Case:
    layer = case.layers[name].with_uncertainties({structure_id: BoundaryUncertainty.of_origin(origin)})
    return replace(case, layers={**case.layers, name: layer})


def test_that_a_perfect_liver_scores_one_and_imported_vessels_nothing() -> None:
    with case_read(labelled_case_on_disk()) as case:
        found = with_origin(case, LayerName.ORGANS, "liver", LabelOrigin.AUTOMATIC)
        found = with_origin(found, LayerName.VESSELS, "portal_vein", LabelOrigin.IMPORTED)
        (row,) = structure_rows(found, small_phantom())
    assert (row.structure_id, row.dice, row.error_percent) == ("liver", 1.0, 0.0)
    assert "Foie" in row.name(Wording("fr"))


def test_that_a_liver_of_half_the_size_is_not_flattered() -> None:
    with case_read(labelled_case_on_disk()) as case:
        found = with_origin(case, LayerName.ORGANS, "liver", LabelOrigin.AUTOMATIC)
        layer = found.layers[LayerName.ORGANS]
        box = layer.box("liver")
        assert box is not None
        voxels = layer.voxels.copy()
        middle = (box.start_kji[2] + box.stop_kji[2]) // 2
        voxels[:, :, middle:][voxels[:, :, middle:] == 1] = 0
        half = replace(found, layers={**found.layers, LayerName.ORGANS: layer.with_voxels(voxels)})
        (row,) = structure_rows(half, small_phantom())
    assert row.dice is not None
    assert row.dice < 0.95
    assert row.error_percent is not None
    assert row.error_percent < -5


def test_that_plans_on_the_true_labels_give_the_true_figures(tmp_path: Path) -> None:
    path = Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))
    save_plan(path, "A", [f"plane:{liver_centre()}:-1,0,0"])
    simulate_plan_of_file(path, "A")
    with case_read(path) as case:
        rows = {row.key: row for row in plan_rows(case, small_phantom())}
    assert rows["flr_percent"].computed == pytest.approx(rows["flr_percent"].truth)
    assert rows["resected_ml"].error_percent == pytest.approx(0.0)
    assert rows["flr_percent"].error_percent is None  # a difference of per cents is no per cent
