"""Nothing that belongs to a machine, a registry or a patient is in the repository."""

import re

import pytest

from tests.arch.source_tree import repository_files, text_files, where

# Spelt in pieces, so that this file does not offend against its own rule.
REGISTRY = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "files\\.python" + "hosted",
            "registry\\.npm" + "js",
            "registry\\.yarn" + "pkg",
            "deb\\.deb" + "ian",
            "index" + r"-url\s*[=:]",
            "find" + r"-links\s*[=:]",
            "trusted" + r"-host\s*[=:]",
        ]
    )
)
MACHINE_PATH = re.compile(
    r"(?<![\w.~$})*/:-])/(?:" + "|".join(["wo" + "rk", "ho" + "me", "ro" + "ot", "t" + "mp", "Us" + "ers"]) + r")/\w"
)
LOCK_FILES = {
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "pdm.lock",
}
IMAGE_DATA = (
    ".dcm",
    ".nii",
    ".nii.gz",
    ".nrrd",
    ".nhdr",
    ".mha",
    ".mhd",
    ".ima",
    ".onnx.data",
    ".npz",
    ".npy",
    ".vti",
)
LARGEST_FILE_BYTES = 5_000_000


def _lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{where(path)}:{number}: {line.strip()[:100]}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_that_no_file_names_a_package_registry() -> None:
    assert _lines_matching(REGISTRY) == []


def test_that_no_file_names_a_folder_of_one_machine() -> None:
    assert _lines_matching(MACHINE_PATH) == []


@pytest.mark.parametrize(
    ("line", "offends"),
    [
        ('open("/' + 'home/someone/scan")', True),
        ("cd /" + "work/somewhere", True),
        ("see ../work/plan.md", False),
        ("https://example.org/home/page", False),
        ("$HOME/work/x", False),
    ],
)
def test_that_the_rule_on_paths_sees_a_machine_path_and_nothing_else(line: str, offends: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) == offends


def test_that_no_lock_file_is_committed() -> None:
    assert [where(path) for path in repository_files() if path.name in LOCK_FILES] == []


def test_that_no_image_data_is_committed() -> None:
    assert [where(path) for path in repository_files() if path.name.lower().endswith(IMAGE_DATA)] == []


def test_that_no_file_hides_dicom_data_under_another_name() -> None:
    def is_dicom(content: bytes) -> bool:
        return content[128:132] == b"DICM"

    assert [where(path) for path in repository_files() if is_dicom(path.read_bytes()[:132])] == []


def test_that_no_file_is_heavy() -> None:
    assert [where(path) for path in repository_files() if path.stat().st_size > LARGEST_FILE_BYTES] == []
