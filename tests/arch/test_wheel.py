"""The wheel itself, built as a user's installer would build it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.arch.source_tree import PACKAGES, REPOSITORY, repository_files, where


@pytest.mark.slow
def test_that_a_built_wheel_holds_all_code_and_data_and_nothing_else(tmp_path: Path) -> None:
    project, viewer = tmp_path / "project", Path("resources/viewer/viewer.js")
    for path in repository_files():
        copy = project / path.relative_to(REPOSITORY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (project / viewer).parent.mkdir(parents=True, exist_ok=True)
    (project / viewer).write_text("// stands for the built viewer\n")  # ignored by git, yet shipped

    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-cache-dir",
        "-q",
    ]
    subprocess.run([*command, "-w", str(tmp_path), str(project)], check=True, timeout=200)
    (wheel,) = tmp_path.glob("twinsight-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert {name.split("/")[0] for name in shipped} == set(PACKAGES)
    wanted = {where(path) for path in repository_files() if where(path).split("/")[0] in PACKAGES}
    wanted = {name for name in wanted if not name.endswith(".js")} | {viewer.as_posix()}
    assert sorted(wanted - shipped) == []
