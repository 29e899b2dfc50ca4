"""An organ prepared for the resection engine: its box, its voxels by state, and what each state weighs in a figure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import LEVELS, reach_kji, shifted_shares
from simulation.kernels.states import joined_numbers
from simulation.run_table import RunTable
from twin.anatomy import LayerName, lesion_id
from twin.box import Box
from twin.errors import GeometryError
from twin.geometry.components_cc3d import component_sizes
from twin.geometry.distance_edt import distance_to_mm
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.geometry.surface_vtk import surface_of_mask
from twin.grid import Grid
from twin.pancreas.axis import PancreasAxis
from twin.twin import Twin

__all__ = ["OrganModel", "StateTable"]

_NO_ROOM = (1, 1, 1)
_LEAST_SHARE_IN_ORGAN = 0.1  # ours


@dataclass(frozen=True, eq=False)
class StateTable:
    """What the voxels of each state are; every array has one value per state, state 0 is outside of everything.

    ``organ`` and ``lesion`` hold the share of the voxel inside the structure, by boundary: rows inward shift, as
    drawn, outward shift, float64 (3, n). ``lesion_value``, ``couinaud``, ``portal`` and ``venous`` are label values
    (0 for none).
    """

    organ: NDArray[np.float64]
    lesion: NDArray[np.float64]
    lesion_value: NDArray[np.int64]
    couinaud: NDArray[np.int64]
    portal: NDArray[np.int64]
    venous: NDArray[np.int64]

    @cached_property
    def net(self) -> NDArray[np.float64]:
        """Share in the organ without lesions: float64 (9, n), by boundary of the organ, then of the lesions."""
        return (self.organ[:, None, :] * (1.0 - self.lesion[None, :, :])).reshape(9, -1)

    @property
    def n_states(self) -> int:
        """Number of states, background included."""
        return int(self.lesion_value.size)


@dataclass(frozen=True, eq=False)
class OrganModel:
    """An organ cropped to its box, with every voxel's state. Built once for a twin, used by every plan.

    Parameters
    ----------
    organ_id
        ``"liver"`` or ``"pancreas"``.
    twin
        Where it comes from.
    box, grid
        Part of the reference grid that holds the organ and its outward shift, and the grid of that part.
    organ
        bool ``[k, j, i]`` in the box, as drawn.
    lesions
        uint16 ``[k, j, i]`` in the box: label values of the lesions, outside of the organ too.
    couinaud, portal, venous
        int32 ``[k, j, i]`` in the box: label values of segments and branches, carried on into the outward shift;
        None without the layer.
    states
        uint32 ``[k, j, i]`` in the box.
    table
        What the states mean.
    """

    organ_id: str
    twin: Twin
    box: Box
    grid: Grid
    organ: NDArray[np.bool_]
    lesions: NDArray[np.uint16]
    couinaud: NDArray[np.int32] | None
    portal: NDArray[np.int32] | None
    venous: NDArray[np.int32] | None
    states: NDArray[np.uint32]
    table: StateTable
    _surface_points: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of_twin(cls, twin: Twin, organ_id: str = "liver") -> OrganModel:
        """Prepare an organ of a twin.

        Raises
        ------
        GeometryError
            ``error.organ.empty`` when the organ has no voxel.
        """
        organ_box = twin.box(organ_id)
        if organ_box is None:
            raise GeometryError("error.organ.empty", structure=organ_id)
        uncertainty = twin.uncertainty(organ_id)
        reach = reach_kji(twin.grid.spacing_ijk_mm, uncertainty)
        box = organ_box.grown(reach, twin.grid.shape_kji).grown(_NO_ROOM, twin.grid.shape_kji)
        grid = twin.grid.cropped(box)
        organ = np.ascontiguousarray(twin.mask(organ_id)[box.slices])
        low, high = shifted_shares(organ, grid.spacing_ijk_mm, uncertainty)
        lesions, lesion_low, lesion_high = _lesion_shares(twin, box)
        reached = high > 0
        carried = _carried_on(twin, box, organ, reached)
        couinaud, portal, venous = carried.values()
        columns: dict[str, NDArray[np.integer[Any]] | None] = {
            "organ_low": low,
            "organ": organ.view(np.uint8),
            "organ_high": high,
            "lesion_value": lesions,
            "lesion_low": lesion_low,
            "lesion_high": lesion_high,
            "couinaud": couinaud,
            "portal": portal,
            "venous": venous,
        }
        states, values = _numbered(columns, reached)
        return cls(organ_id, twin, box, grid, organ, lesions, couinaud, portal, venous, states, _table(values))

    def without(self, absent: NDArray[np.bool_]) -> OrganModel:
        """Return the organ without some of its voxels: they count as no organ, and no figure knows them.

        Parameters
        ----------
        absent
            bool ``[k, j, i]`` in the box.
        """
        organ = self.organ & ~absent
        if not organ.any():
            raise GeometryError("error.organ.all_absent", structure=self.organ_id)
        return replace(self, organ=organ, states=np.where(absent, np.uint32(0), self.states))

    @cached_property
    def kept_parts(self) -> dict[object, object]:
        """What was made of this organ for a plan's absent territories, and is kept while they stay the same."""
        return {}

    @cached_property
    def reached(self) -> NDArray[np.bool_]:
        """Voxels of the organ and of its outward shift, bool ``[k, j, i]``."""
        return np.asarray(self.states > 0)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Voxels of each state, int64 (n_states,)."""
        return self.runs.counts()

    @cached_property
    def runs(self) -> RunTable:
        """The states as runs along rows."""
        return RunTable.of_states(self.states, self.table.n_states)

    @cached_property
    def piece_voxels(self) -> NDArray[np.int64]:
        """Voxels of each connected piece of the organ, falling, int64."""
        return component_sizes(self.organ)

    @cached_property
    def axis(self) -> PancreasAxis:
        """The axis of a pancreas, with the position of every voxel of the box along it.

        Raises
        ------
        GeometryError
            As :meth:`twin.pancreas.axis.PancreasAxis.of_mask`.
        """
        duodenum = self.twin.box("duodenum")
        middle = None
        if duodenum is not None:
            k, j, i = np.nonzero(self.twin.mask("duodenum")[duodenum.slices])
            middle = self.twin.grid.cropped(duodenum).lps_from_ijk([i.mean(), j.mean(), k.mean()])
        return PancreasAxis.of_mask(self.organ, self.grid, duodenum_lps_mm=middle)

    @cached_property
    def lesion_points_lps_mm(self) -> dict[str, NDArray[np.float64]]:
        """Points of the smooth surface of each lesion of the organ, by its id, (n, 3) float64."""
        names = [lesion_id(value) for value in self.lesion_values]
        for name in names:
            if name not in self._surface_points:  # shared with the organ without absent territories
                self._surface_points[name] = _surface_points(self.twin, name)
        return {name: self._surface_points[name] for name in names}

    @cached_property
    def lesion_distance_mm(self) -> NDArray[np.float32] | None:
        """Distance of each voxel centre of the box to the surface of the nearest lesion, negative inside; None without.

        Between voxel centres on both sides the surface lies in the middle: good to about half a voxel.
        """
        if not self.lesion_values:
            return None
        is_lesion = np.isin(self.lesions, self.lesion_values)
        spacing = self.grid.spacing_ijk_mm
        half = 0.5 * float(spacing.min())
        distance = distance_to_mm(is_lesion, spacing) - np.float32(half)
        box = Box.around(is_lesion)
        assert box is not None
        room = box.grown(1, self.grid.shape_kji).slices
        distance[room] = np.where(is_lesion[room], half - distance_to_mm(~is_lesion[room], spacing), distance[room])
        return distance

    @cached_property
    def lesion_values(self) -> tuple[int, ...]:
        """Label values of the lesions of the organ: at least a tenth of their voxels lie in it.

        A lesion may bulge out of its organ; one that only touches it belongs to a neighbour.
        """
        in_organ = np.bincount(self.table.lesion_value, self.counts * self.table.organ[1]).astype(np.int64)
        layer = self.twin.layers.get(LayerName.LESIONS)
        if layer is None:
            return ()
        least_ml = [_LEAST_SHARE_IN_ORGAN * layer.volume_ml(lesion_id(value)) for value in range(1, in_organ.size)]
        in_organ_ml = in_organ[1:] * self.grid.voxel_volume_ml
        return tuple(
            value
            for value, ml, least in zip(range(1, in_organ.size), in_organ_ml, least_ml, strict=True)
            if ml > 0 and ml >= least * (1.0 - 1e-9)
        )

    def voxels_at(self, points_lps_mm: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which points lie in the box, int64 (m,), and the flat index of the nearest voxel of each, int64 (m,).

        Parameters
        ----------
        points_lps_mm
            float64 (n, 3).
        """
        nearest_kji = np.rint(self.grid.ijk_from_lps(points_lps_mm)).astype(np.int64).reshape(-1, 3)[:, ::-1]
        places = np.flatnonzero(((nearest_kji >= 0) & (nearest_kji < self.organ.shape)).all(axis=1))
        k, j, i = nearest_kji[places].T
        return places, np.asarray((k * self.organ.shape[1] + j) * self.organ.shape[2] + i, np.int64)

    def is_organ_at(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which points have their nearest voxel in the organ as drawn, bool (n,)."""
        places, voxels = self.voxels_at(points_lps_mm)
        found = np.zeros(len(points_lps_mm), np.bool_)
        found[places] = self.organ.ravel()[voxels]
        return found

    def plane_coefficients(
        self, origin_lps_mm: tuple[float, float, float], normal_lps: tuple[float, float, float]
    ) -> NDArray[np.float64]:
        """Return ci, cj, ck, c0: the signed distance in mm to a plane is ``ci*i + cj*j + ck*k + c0`` in the box."""
        normal = np.asarray(normal_lps, dtype=np.float64)
        per_voxel = normal @ self.grid.affine_lps_mm[:3, :3]
        offset = float(normal @ (self.grid.origin_lps_mm - np.asarray(origin_lps_mm, dtype=np.float64)))
        return np.array([*per_voxel, offset])


def _surface_points(twin: Twin, name: str) -> NDArray[np.float64]:
    surface = twin.surfaces.get(name)
    if surface is None:
        surface = surface_of_mask(twin.mask(name), twin.grid, name, working_mm=0.8, target_triangles=8_000)
    return surface.points_lps_mm.astype(np.float64)


def _lesion_shares(twin: Twin, box: Box) -> tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return label values and the shares inside the shrunk and the grown lesions, in the box."""
    values = np.zeros(box.shape_kji, np.uint16)
    low, high = np.zeros(box.shape_kji, np.uint8), np.zeros(box.shape_kji, np.uint8)
    for name in twin.lesion_ids:
        uncertainty = twin.uncertainty(name)
        reach = reach_kji(twin.grid.spacing_ijk_mm, uncertainty)
        lesion_box = twin.box(name)
        assert lesion_box is not None
        room = lesion_box.grown(reach, twin.grid.shape_kji).grown(_NO_ROOM, twin.grid.shape_kji)
        mask = twin.layers[LayerName.LESIONS].voxels[room.slices] == int(name.rpartition("-")[2])
        shares = shifted_shares(mask, twin.grid.spacing_ijk_mm, uncertainty)
        here, there = _overlap(box, room)
        if here is None or there is None:
            continue
        values[here.slices][mask[there.slices]] = int(name.rpartition("-")[2])
        for whole, share in zip((low, high), shares, strict=True):
            np.maximum(whole[here.slices], share[there.slices], out=whole[here.slices])
    return values, low, high


def _overlap(box: Box, other: Box) -> tuple[Box | None, Box | None]:
    """Return the common part of two boxes, once counted from each."""
    start = np.maximum(box.start_kji, other.start_kji)
    stop = np.minimum(box.stop_kji, other.stop_kji)
    if (start >= stop).any():
        return None, None

    def seen_from(origin: tuple[int, int, int]) -> Box:
        k0, j0, i0 = (int(v) for v in start - origin)
        k1, j1, i1 = (int(v) for v in stop - origin)
        return Box((k0, j0, i0), (k1, j1, i1))

    return seen_from(box.start_kji), seen_from(other.start_kji)


def _carried_on(
    twin: Twin, box: Box, organ: NDArray[np.bool_], reached: NDArray[np.bool_]
) -> dict[LayerName, NDArray[np.int32] | None]:
    """Return the derived layers in the box; organ voxels without a label and the shift take the nearest label."""
    carried: dict[LayerName, NDArray[np.int32] | None] = {}
    last_labelled, nearest = np.zeros(0, np.bool_), np.zeros(0, np.int32)
    for name in (LayerName.COUINAUD, LayerName.PORTAL_BRANCH, LayerName.VENOUS_BRANCH):
        layer = twin.layers.get(name)
        if layer is None:
            carried[name] = None
            continue
        labels = np.where(organ, layer.voxels[box.slices], 0).astype(np.int32)
        labelled = labels > 0
        lacking = reached & ~labelled
        if labelled.any() and lacking.any():
            if not np.array_equal(labelled, last_labelled):  # all of them fill the organ: one search is enough
                nearest = nearest_seed(labelled, twin.grid.spacing_ijk_mm, lacking)[lacking]
                last_labelled = labelled
            labels[lacking] = labels.ravel()[nearest]
        carried[name] = labels
    return carried


def _numbered(
    columns: dict[str, NDArray[np.integer[Any]] | None], reached: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], dict[str, NDArray[np.int64]]]:
    """Number the combinations of values that occur; return the numbers and, by column, the value of each number."""
    places = np.flatnonzero(reached)
    numbers = np.zeros(places.size, np.int64)
    values: dict[str, NDArray[np.int64]] = {}
    n_numbers = 1
    for name, column in columns.items():
        if column is None:
            continue
        radix = int(column.max()) + 1
        occurring = joined_numbers(numbers, column, places, radix, n_numbers)
        n_numbers = occurring.size
        values = {known: array[occurring // radix] for known, array in values.items()}
        values[name] = occurring % radix
    states = np.zeros(reached.size, np.uint32)
    states[places] = numbers + 1
    absent = np.zeros(n_numbers, np.int64)
    return states.reshape(reached.shape), {name: values.get(name, absent) for name in columns}


def _table(values: dict[str, NDArray[np.int64]]) -> StateTable:
    """Return the meaning of the numbered states, with state 0 before them."""

    def with_background(array: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.concatenate([[0], array])

    shares = {
        structure: np.stack(
            [
                with_background(values[f"{structure}_low"]) / LEVELS,
                with_background(drawn).astype(np.float64),
                with_background(values[f"{structure}_high"]) / LEVELS,
            ]
        )
        for structure, drawn in (
            ("organ", values["organ"]),
            ("lesion", (values["lesion_value"] > 0).astype(np.int64)),
        )
    }
    return StateTable(
        shares["organ"],
        shares["lesion"],
        *(with_background(values[name]) for name in ("lesion_value", "couinaud", "portal", "venous")),
    )
