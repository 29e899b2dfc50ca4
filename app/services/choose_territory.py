"""Territories to choose from for a cut: segments by New World code, branches of the portal and hepatic trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simulation.branch_volumes import named_level
from simulation.segment_codes import segment_name
from twin.anatomy import LayerName
from twin.errors import GeometryError
from twin.grid import Grid
from twin.resection import TerritorySet
from twin.twin import Twin

__all__ = ["branch_names", "segment_at", "segment_digits", "territory_of_digits", "toggled"]

_REACH_MM = 6.0  # a click on the smooth surface may lie a little outside of the labels


def segment_digits(twin: Twin) -> tuple[str, ...]:
    """Return the digits of the segments that are labelled, ``"1"`` to ``"8"``; 4a and 4b are 4."""
    layer = twin.layers.get(LayerName.COUINAUD)
    if layer is None:
        return ()
    return tuple(sorted({segment_name(int(value))[0] for value in layer.values() if value}))


def branch_names(twin: Twin, *trees: str) -> tuple[str, ...]:
    """Return the named branches of trees, ``"portal"`` and ``"hepatic"`` by default, a branch before those below it."""
    found: list[str] = []
    for tree in trees or ("portal", "hepatic"):
        graph = twin.graphs.get(tree)
        if graph is not None:
            parts = [named_level(branch.name).split(".") for branch in graph.branches if branch.name]
            found += sorted({".".join(part[:n]) for part in parts for n in range(2, len(part) + 1)})
    return tuple(found)


def segment_at(twin: Twin, point_lps_mm: ArrayLike) -> str:
    """Return the digit of the segment at a point, or the nearest within some millimetres; empty when there is none."""
    layer = twin.layers.get(LayerName.COUINAUD)
    if layer is None:
        return ""
    grid: Grid = layer.grid
    i, j, k = (round(v) for v in grid.ijk_from_lps(np.asarray(point_lps_mm, dtype=np.float64)))
    reach = [int(np.ceil(_REACH_MM / step)) for step in grid.spacing_ijk_mm]
    lows = [max(at - room, 0) for at, room in zip((i, j, k), reach, strict=True)]
    highs = [at + room + 1 for at, room in zip((i, j, k), reach, strict=True)]
    block = layer.voxels[lows[2] : highs[2], lows[1] : highs[1], lows[0] : highs[0]]
    places = np.argwhere(block > 0)
    if not len(places):
        return ""
    offsets = (places[:, ::-1] + lows - np.array((i, j, k))) * grid.spacing_ijk_mm
    nearest = places[int((offsets**2).sum(axis=1).argmin())]
    return segment_name(int(block[tuple(nearest)]))[0]


def territory_of_digits(digits: str) -> TerritorySet:
    """Return the territory of whole segments, e.g. ``H5678``."""
    return TerritorySet(new_world_code="H" + "".join(sorted(set(digits))))


def toggled(cut: TerritorySet, name: str) -> TerritorySet:
    """Return a territory with a segment (a digit) or a branch added, or taken away when it was in.

    The other kind of choice gives way: a territory is segments or branches.

    Raises
    ------
    GeometryError
        ``error.territory.last_one`` when nothing would be left.

    Examples
    --------
    >>> toggled(TerritorySet(new_world_code="H56"), "7").new_world_code
    'H567'
    >>> toggled(TerritorySet(new_world_code="H56"), "portal.left").branches
    ('portal.left',)
    """
    if name.isdigit():
        digits = set(cut.new_world_code.removeprefix("H")) ^ {name}
        if not digits:
            raise GeometryError("error.territory.last_one")
        return territory_of_digits("".join(digits))
    branches = tuple(sorted(set(cut.branches) ^ {name}))
    if not branches:
        raise GeometryError("error.territory.last_one")
    return TerritorySet(branches=branches)
