"""Cases that the benchmarks of the window open: the phantom, and a real scan where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.services.demo_case import make_demo_case
from app.services.import_study import ImportRequest, import_into_case
from twin.phantom import PhantomRecipe

__all__ = ["shared_scan", "window_cases"]


def shared_scan() -> Path | None:
    """Return the folder of the real scan beside the repository, or None where it is absent."""
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or root.parent / "shared")
    folder = shared / "data" / "ircadb17"
    return folder if (folder / "dicom.zip").is_file() else None


def window_cases(folder: Path, recipe: PhantomRecipe | None = None) -> Iterator[tuple[str, Path]]:
    """Make the cases in a folder; yield what each is called and where it is."""
    recipe = recipe or PhantomRecipe()
    columns, rows, slices = recipe.size_ijk
    yield f"phantom, {slices} slices {columns} x {rows}", make_demo_case(folder, recipe=recipe)
    scan = shared_scan()
    if scan is not None:
        yield "ircadb17, 119 slices 512 x 512", _imported(folder, scan)


def _imported(folder: Path, scan: Path) -> Path:
    case = folder / "ircadb17.twinsight"
    import_into_case(
        ImportRequest(
            case=case,
            source=scan / "dicom.zip",
            labels=scan / "labels.nii.gz",
            organ_files={"liver": scan / "liver_whole.nii.gz"},
        )
    )
    return case
