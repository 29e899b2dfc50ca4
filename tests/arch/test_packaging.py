"""What a user receives: the six packages with their data, and nothing else."""

import tomllib
from fnmatch import fnmatch

from setuptools import find_packages

from tests.arch.source_tree import PACKAGES, REPOSITORY, repository_files

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def _shipped_packages() -> list[str]:
    return find_packages(str(REPOSITORY), include=PROJECT["tool"]["setuptools"]["packages"]["find"]["include"])


def test_that_the_wheel_ships_the_six_packages_and_never_the_tests() -> None:
    assert {name.split(".")[0] for name in _shipped_packages()} == set(PACKAGES)


def test_that_no_folder_with_code_is_left_out_of_the_wheel() -> None:
    shipped = set(_shipped_packages())
    folders = {
        ".".join(path.relative_to(REPOSITORY).parts[:-1])
        for path in repository_files()
        if path.suffix == ".py" and path.relative_to(REPOSITORY).parts[0] in PACKAGES
    }
    assert sorted(folders - shipped) == [], "these folders lack an __init__.py"


def test_that_every_data_file_of_the_product_is_shipped() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    left_out = []
    for path in repository_files():
        package, *inside = path.relative_to(REPOSITORY).parts
        if package not in PACKAGES or path.suffix in {".py", ".js"}:  # the viewer's source is bundled
            continue
        known = [*patterns["*"], *patterns.get(package, [])]
        if not any(fnmatch(path.name, pattern.removeprefix("**/")) for pattern in known):
            left_out.append("/".join([package, *inside]))
    assert left_out == []


def test_that_every_dependency_is_pinned() -> None:
    def canonical(requirement: str) -> str:
        name = requirement.split(";")[0]
        for sign in "=<>~![ ":
            name = name.split(sign)[0]
        return name.strip().lower().replace("_", "-")

    pinned = set()
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert "==" in line, line
            assert "/" not in line, f"names and versions only: {line}"
            pinned.add(canonical(line))
    wanted = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        wanted += extra
    assert sorted({canonical(requirement) for requirement in wanted} - pinned) == []


def test_that_the_licence_is_apache() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in (REPOSITORY / "LICENSE").read_text(encoding="utf-8")[:200]
