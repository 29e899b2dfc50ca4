"""The demo: the whole chain on the phantom, honest about what came from the truth."""

from pathlib import Path

import pytest

from tests.app.command_line import twinsight


@pytest.mark.slow
def test_that_the_demo_runs_the_whole_chain_and_scores_it(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    ended = twinsight("demo", "--small", "--out", out, "--json")
    assert ended.code == 0, ended.err
    document = ended.document
    rows = {row.get("structure") or (row["plan"], row["figure"]): row for row in document["figures"]}
    assert rows["liver"]["dice"] > 0.9
    assert abs(rows["liver"]["error_percent"]) < 10
    assert "lesion-1" not in rows  # imported from the truth: nothing to score
    assert abs(rows["A", "flr_percent"]["computed"] - rows["A", "flr_percent"]["truth"]) < 5
    files = {Path(path).relative_to(out / "export").as_posix() for path in document["export"]["files"]}
    wanted = {"page.html", "report.pdf", "twin.glb", "twin.obj", "twin.3mf", "liver.stl", "liver.ply", "liver.vtp"}
    assert wanted | {"labels.nii.gz", "lesions.nii.gz", "organs/liver.nii.gz"} <= files
    assert document["export"]["omitted"] == {}
    again = twinsight("demo", "--small", "--out", out.parent, "--json")
    assert (again.code, again.document["error"]["message_id"]) == (3, "error.demo.folder_taken")
    assert out.exists()
