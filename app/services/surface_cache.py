"""Surfaces kept in the cache of a case: found again by the labels they were made from."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from app.services.crash_log import product_version
from twin.label_layer import LabelLayer
from twin.surface import Surface

__all__ = ["SurfaceCache"]

_MOST_FILES = 200


class SurfaceCache:
    """Surfaces in ``cache/surfaces`` of a case folder; the folder may be deleted at any time.

    Parameters
    ----------
    case_path
        Folder of the case.
    """

    def __init__(self, case_path: Path) -> None:
        self._folder = case_path / "cache" / "surfaces"

    def find(self, structure_id: str, layer: LabelLayer) -> Surface | None:
        """Return the surface of a structure when it was made from this layer by this version, else None."""
        path = self._path(structure_id, layer)
        try:
            with np.load(path) as arrays:
                normals = arrays.get("normals_lps")
                return Surface(
                    structure_id, arrays["points_lps_mm"], arrays["triangles"], normals, labels_hash=layer.hash
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # absent or damaged: it is made again

    def keep(self, structure_id: str, surface: Surface, layer: LabelLayer) -> None:
        """Write a surface; a cache that cannot be written costs time, not results."""
        arrays = {"points_lps_mm": surface.points_lps_mm, "triangles": surface.triangles}
        if surface.normals_lps is not None:
            arrays["normals_lps"] = surface.normals_lps
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            os.replace(name, self._path(structure_id, layer))
            self._forget_oldest()
        except OSError:
            return

    def _path(self, structure_id: str, layer: LabelLayer) -> Path:
        key = hashlib.sha256(f"{product_version()}|{layer.hash}".encode()).hexdigest()[:24]
        return self._folder / f"{structure_id}-{key}.npz"

    def _forget_oldest(self) -> None:
        files = sorted(self._folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for path in files[:-_MOST_FILES]:
            path.unlink(missing_ok=True)
