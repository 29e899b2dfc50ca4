"""The whole chain by commands, as a script would run it: every step answers one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.services.case_file import case_read
from app.services.segment_case import choose_segmenter
from app.services.simulate_plan import simulate_plan_of_file
from segmentation.segmenter import segmenters
from tests.app.command_line import Ended, twinsight
from tests.app.made_up_study import liver_centre, study_on_disk
from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.store import CaseFolder

Chain = dict[str, Any]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Run every command once and keep its document."""
    folder = tmp_path_factory.mktemp("chain")
    case, out = folder / "A.twinsight", folder / "out"
    study, labels = study_on_disk() / "study", study_on_disk() / "labels.nii.gz"
    facts = ("--height-cm", 172, "--weight-kg", 70, "--sex", "m", "--parenchyma", "normal")
    signed = [word for name in ("liver", *_imported()) for word in ("--confirm", name)]
    lines = {
        "import": ("import", study, "--case", case),
        "labels": ("import", "--case", case, "--labels", labels),
        "patient": ("patient", case, *facts),
        "segment": ("segment", case),
        "twin": ("twin", case),
        "plan": ("plan", case, "--name", "A", "--cut", f"plane:{liver_centre()}:-1,0,0", "--cut", "wedge:lesion-3:10"),
        "simulate": ("simulate", case, "--plan", "A"),
        "approve": ("plan", case, *signed, "--approve", "A", "--by", "Dr A"),
        "list": ("plan", case, "--list"),
        "export": ("export", case, "--out", out, "--format", "nifti,stl", "--format", "glb"),
    }
    documents: Chain = {"folder": folder}
    for name, line in lines.items():
        ended = twinsight(*line, "--json", XDG_STATE_HOME=str(folder / "state"))
        assert ended.code == 0, (name, ended.err)
        assert "\x1b" not in ended.err  # no bars where nobody looks
        documents[name] = ended.document
    return documents


def _imported() -> tuple[str, ...]:
    return ("portal_vein", "hepatic_vein", "lesion-1", "lesion-2", "lesion-3")


def test_that_the_scan_came_in_and_is_planned_on(chain: Chain) -> None:
    document = chain["import"]
    assert document["is_new"]
    assert document["planning_volume"] == document["series"][0]["volume"] == "volume-1"
    assert document["series"][0]["size_ijk"] == list(small_phantom().volume.grid.size_ijk)
    assert document["series"][0]["phase"] == "portal"


def test_that_facts_were_proposed_then_entered(chain: Chain) -> None:
    facts = chain["patient"]["facts"]
    assert facts["height_cm"] == {"value": 172.0, "status": "entered", "origin": "entered"} | {
        "date": facts["height_cm"]["date"]
    }
    assert facts["pve_date"] == {"value": None, "status": "unknown"}


def test_that_the_liver_was_found_near_its_true_volume(chain: Chain) -> None:
    truth_ml = small_phantom().layers[LayerName.ORGANS].volume_ml("liver")
    assert chain["segment"]["volumes_ml"]["liver"] == pytest.approx(truth_ml, rel=0.15)
    assert chain["segment"]["segmenter"] == choose_segmenter(segmenters()).id


def test_that_the_twin_has_closed_surfaces_true_to_the_labels(chain: Chain) -> None:
    structures = chain["twin"]["structures"]
    assert {"liver", "portal_vein", "lesion-1", "aorta"} <= set(structures)
    for name, row in structures.items():
        assert row["is_closed"], name
    assert abs(structures["liver"]["difference_percent"]) <= 1.0
    assert structures["liver"]["volume_ml"]["value"] == pytest.approx(chain["segment"]["volumes_ml"]["liver"])


def test_that_every_figure_has_the_promised_form(chain: Chain) -> None:
    liver = chain["simulate"]["liver"]
    keys = ("total_ml", "lesion_ml", "net_ml", "resected_ml", "remnant_ml", "flr_ml", "flr_percent", "margin_mm")
    for key in keys:
        assert {"value", "low", "high", "unit", "status", "source"} <= set(liver[key]), key
        assert liver[key]["low"] <= liver[key]["value"] <= liver[key]["high"], key
    assert set(liver["sflr_percent"]) == {"vauthey", "urata"}
    assert liver["resected_ml"]["value"] + liver["remnant_ml"]["value"] == pytest.approx(liver["total_ml"]["value"])
    assert liver["flr_percent"]["value"] == pytest.approx(100 * liver["flr_ml"]["value"] / liver["net_ml"]["value"])
    assert isinstance(chain["simulate"]["clip_list"], list)
    assert isinstance(chain["simulate"]["contacts"], list)


def test_that_the_command_line_and_the_services_give_equal_numbers(chain: Chain, tmp_path: Path) -> None:
    """The window calls the same services: what a script reads is what the surgeon sees."""
    import shutil

    copy = Path(shutil.copytree(chain["folder"] / "A.twinsight", tmp_path / "A.twinsight"))
    with case_read(copy) as opened:
        kept = opened.outcomes["A"].to_json()
    again = simulate_plan_of_file(copy, "A").to_json()
    assert json.dumps(again, sort_keys=True) == json.dumps(kept, sort_keys=True)
    assert json.dumps(kept, sort_keys=True) == json.dumps(chain["simulate"], sort_keys=True)


def test_that_the_plan_is_approved_as_declared(chain: Chain) -> None:
    assert chain["approve"]["plan"]["approval"]["by"] == "Dr A"
    assert [(plan["name"], plan["state"], plan["approved_by"]) for plan in chain["list"]["plans"]] == [
        ("A", "approved", "Dr A")
    ]


def test_that_the_export_is_what_it_says(chain: Chain) -> None:
    import numpy as np

    from twin.readers.label_map import read_label_map

    out = chain["folder"] / "out"
    assert {Path(path) for path in chain["export"]["files"]} == {path for path in out.rglob("*") if path.is_file()}
    grid = small_phantom().volume.grid
    liver = read_label_map(out / "organs" / "liver.nii.gz", value_map={1: "liver"}, reference=grid).layers
    with case_read(chain["folder"] / "A.twinsight") as case:
        mask = case.layers[LayerName.ORGANS].mask("liver")
    assert np.array_equal(liver[LayerName.ORGANS].mask("liver"), mask)


def test_that_the_case_stays_whole(chain: Chain) -> None:
    with CaseFolder.open(chain["folder"] / "A.twinsight", read_only=True) as folder:
        folder.verify()
        assert folder.recovery.message_id is None


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("patient", (), "taille : 172,0"),
        ("plan", ("--list",), "validé, déclaré par Dr A"),
        ("plan", ("--compare",), "Futur foie restant (FFR)"),
    ],
)
def test_that_without_json_people_get_words_in_their_language(
    chain: Chain, command: str, options: tuple[str, ...], words: str
) -> None:
    ended: Ended = twinsight(command, chain["folder"] / "A.twinsight", *options, LC_ALL="fr_FR.UTF-8")
    assert (ended.code, ended.err) == (0, "")
    assert words in ended.out.replace("\xa0", " ")


def test_that_the_technical_log_names_commands_and_no_patient(chain: Chain) -> None:
    (log,) = (chain["folder"] / "state").rglob("twinsight.log")
    text = log.read_text(encoding="utf-8")
    assert "command simulate ended with code 0" in text
    assert log.stat().st_mode & 0o077 == 0
    identity = small_phantom().identity
    assert not any(word in text for word in (identity.name, identity.patient_id, identity.birth_date, "Dr A"))


def test_that_a_purge_asks_and_lists_what_was_exported(chain: Chain, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(chain["folder"] / "A.twinsight", tmp_path / "A.twinsight"))
    asked = twinsight("purge", copy)
    assert asked.code == 2  # nobody sits at this terminal
    assert copy.exists()
    settings = tmp_path / "twinsight" / "window.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"recent": [str(copy), "/elsewhere/B.twinsight"]}))
    done = twinsight("purge", copy, "--yes", "--json", XDG_CONFIG_HOME=str(tmp_path))
    assert done.code == 0
    assert done.document["exports_left"] == [str(chain["folder"] / "out")]
    assert not copy.exists()
    assert json.loads(settings.read_text())["recent"] == ["/elsewhere/B.twinsight"]
