"""An ensemble looks at a scan: the whole body at first, then the boxes around organs that deserve a closer look."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from segmentation.networks.border import BorderTrees, border_probability, border_region
from segmentation.networks.model import NetworkModel
from segmentation.networks.network_scan_sitk import NetworkScan, network_scan
from segmentation.networks.scan_labels import box_on_scan
from segmentation.networks.session_onnxruntime import NetworkSession
from segmentation.networks.shape import SeenStructure, is_believed, seen_structures, with_border
from segmentation.networks.sliding_window import ClassFields, windowed_fields
from segmentation.networks.wide_look import WIDER, with_wide_look
from twin.box import Box
from twin.errors import BackendUnavailable
from twin.grid import Grid
from twin.job import CancelToken
from twin.volume import Volume

__all__ = ["Ensemble", "Look"]

_BODY_MARGIN_VOXELS = 2
# The smoothing of a fine scan reaches this far beyond its box.
_CROP_MARGIN_MM = 8.0
# Large organs are looked for beside it only: above the organs the wider look saw a stomach (docs/decisions/0079).
_NEIGHBOUR = "liver"
_SHARE_OF_CLOSE = 0.77  # of the time of both looks: the wider one has 1 / 1.5**3 of the voxels


@dataclass(frozen=True, eq=False)
class Look:
    """What an ensemble saw of a part of a scan.

    Parameters
    ----------
    model
        Which ensemble.
    grid
        Working grid of everything here.
    seen
        Probabilities and disagreement of the members.
    structures
        Structure id to what the rules made of it.
    """

    model: NetworkModel
    grid: Grid
    seen: ClassFields
    structures: Mapping[str, SeenStructure]


class Ensemble:
    """The members of a model, loaded.

    Parameters
    ----------
    model
        Its files are checked here.
    n_threads
        Threads of each operator; by default as the session chooses.

    Raises
    ------
    BackendUnavailable
        When a file is missing or damaged.
    """

    def __init__(self, model: NetworkModel, *, n_threads: int | None = None) -> None:
        model.check_files()
        self.model = model
        self._n_threads = n_threads

    @cached_property
    def _members(self) -> tuple[NetworkSession, ...]:
        return tuple(NetworkSession(path, n_threads=self._n_threads) for path in self.model.members)

    @cached_property
    def _borders(self) -> BorderTrees | None:
        if self.model.borders is None:
            return None
        trees = BorderTrees.read(self.model.borders)
        if (trees.spacing_mm, trees.classes) != (self.model.spacing_mm, self.model.classes):
            raise BackendUnavailable("error.networks.bad_card", file=self.model.borders.name)
        return trees

    def _structures(self, seen: ClassFields, grid: Grid, *, is_mr: bool = False) -> dict[str, SeenStructure]:
        return seen_structures(seen, grid, self.model.structure_ids, self.model.smallest_means, is_mr=is_mr)

    def _fields(
        self,
        scan: NetworkScan,
        where: NDArray[np.bool_],
        progress: Callable[[float], None],
        cancel: CancelToken | None,
    ) -> ClassFields:
        n_classes, patch_kji = len(self.model.classes), self.model.patch_kji
        return windowed_fields(
            scan.levels, where, self._members, n_classes, patch_kji, progress=progress, cancel=cancel
        )

    def look(
        self,
        scan: NetworkScan,
        body: NDArray[np.bool_],
        *,
        is_mr: bool = False,
        progress: Callable[[float], None] = lambda fraction: None,
        cancel: CancelToken | None = None,
    ) -> Look:
        """Look at the box of the body, then wider for large organs beside a liver; on MR other certainty is asked for.

        Raises
        ------
        Cancelled
            When ``cancel`` was set.
        """
        around = Box.around(body)
        assert around is not None, "a scan without a body is answered before"
        box = around.grown(_BODY_MARGIN_VOXELS, body.shape)
        part = scan.cropped(box)
        close = self._fields(part, body[box.slices], lambda done: progress(_SHARE_OF_CLOSE * done), cancel)
        structures = self._structures(close, part.grid, is_mr=is_mr)
        if not is_believed(structures, _NEIGHBOUR):
            return Look(self.model, part.grid, close, structures)
        wider, after = part.wider(WIDER), 1.0 - _SHARE_OF_CLOSE
        everywhere = np.ones(wider.grid.shape_kji, np.bool_)
        wide = self._fields(wider, everywhere, lambda done: progress(_SHARE_OF_CLOSE + after * done), cancel)
        seen = with_wide_look(close, part.grid, wide, wider.grid, self.model.structure_ids)
        if seen is not close:
            structures = self._structures(seen, part.grid, is_mr=is_mr)
        return Look(self.model, part.grid, seen, structures)

    def with_borders(
        self, look: Look, scan: NetworkScan, *, leave_out: Container[str] = (), cancel: CancelToken | None = None
    ) -> Look:
        """Return a look of this ensemble at a CT with the borders drawn again, where that was learned.

        Parameters
        ----------
        look
            What the ensemble saw.
        scan
            Of the scan it looked at.
        leave_out
            Structures that are not to be drawn.
        cancel
            Polled within each structure.
        """
        trees = self._borders
        if trees is None:
            return look
        hu = scan.cropped(scan.box_of(look.grid)).intensities()
        structures, ids = dict(look.structures), self.model.structure_ids
        for name, seen in look.structures.items():
            if name not in trees.of or name in leave_out:
                continue
            region = border_region(hu, look.seen.fields, ids, name, seen.mask, self.model.spacing_mm)
            if region is not None:
                probability = border_probability(region, trees.of[name], cancel=cancel)
                structures[name] = with_border(seen, name, region.box, probability, look.grid.voxel_volume_ml)
        return replace(look, structures=structures)

    def closer_look(
        self,
        volume: Volume,
        first: Look,
        *,
        window: tuple[float, float],
        progress: Callable[[float], None] = lambda fraction: None,
        cancel: CancelToken | None = None,
    ) -> Look | None:
        """Look again at the box around structures that a first look has found; None where it found none of them.

        Only those structures are looked for again.

        Parameters
        ----------
        volume
            The scan.
        first
            What the coarse ensemble saw.
        window
            The two intensities that became the lowest and the highest level of the first look.
        progress, cancel
            As for :meth:`look`.
        """
        region = self.model.region
        assert region is not None, "only fine models look closer"
        wanted = [name for name in region.around if is_believed(first.structures, name)]
        seen_first = np.any([first.structures[name].mask for name in wanted], axis=0) if wanted else None
        box = None if seen_first is None else Box.around(seen_first)
        if seen_first is None or box is None:
            return None
        margin = round(region.margin_mm / float(first.grid.spacing_ijk_mm[0]))
        target = first.grid.cropped(box.grown(margin, first.grid.shape_kji))
        scan = _part_of_scan(volume, target, self.model, window, cancel)
        seen = self._fields(scan, _near(seen_first, first.grid, margin, scan.grid), progress, cancel)
        structures = self._structures(seen, scan.grid)
        believed = {name: structures[name] for name in wanted if name in structures and structures[name].mask.any()}
        return Look(self.model, scan.grid, seen, {name: replace(s, absence=None) for name, s in believed.items()})


def _near(mask: NDArray[np.bool_], grid: Grid, margin: int, finer: Grid) -> NDArray[np.bool_]:
    """Return which voxels of a finer grid lie in or near a mask: within a cube of ``margin`` of its voxels.

    Both grids have the same axes, so each axis is looked up for itself.
    """
    wide = maximum_filter(mask, size=2 * margin + 1)
    indices = []
    for axis, n in enumerate(finer.size_ijk):
        places = np.zeros((n, 3))
        places[:, axis] = np.arange(n)
        found = np.rint(grid.ijk_from_lps(finer.lps_from_ijk(places))[:, axis]).astype(int)
        indices.append(np.clip(found, 0, grid.size_ijk[axis] - 1))
    i, j, k = indices
    return np.asarray(wide[np.ix_(k, j, i)])


def _part_of_scan(
    volume: Volume, target: Grid, model: NetworkModel, window: tuple[float, float], cancel: CancelToken | None
) -> NetworkScan:
    """Bring the part of the scan that a working grid covers onto the finer grid of a model."""
    box = box_on_scan(target, volume.grid)
    assert box is not None, "the working grid lies on the scan"
    k, j, i = np.ceil(_CROP_MARGIN_MM / volume.grid.spacing_ijk_mm[::-1]).astype(int)
    box = box.grown((int(k), int(j), int(i)), volume.grid.shape_kji)
    part = replace(volume, grid=volume.grid.cropped(box), voxels=volume.voxels[box.slices])
    return network_scan(part, model.spacing_mm, model.inputs, window=window, cancel=cancel)
