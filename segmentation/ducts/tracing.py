"""A duct from two clicks: the cheapest way through a tube of fluid, its diameter along the way, and its voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from segmentation.ducts.duct_width import cross_profiles, disc_radii_mm, unlike_fluid
from segmentation.kernels.minimal_path import minimal_path
from segmentation.kernels.vesselness import raise_vesselness
from segmentation.local_image import LocalGrid, box_around_points, local_grid
from twin.box import Box
from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.vessel_graph import VesselBranch, VesselGraph
from twin.volume import Quantity, Volume

__all__ = ["DuctTracer", "TracedDuct", "trace_duct"]

DuctTree = Literal["pancreatic", "biliary"]
FloatVoxels = NDArray[np.float32]
Voxel = tuple[int, int, int]
Points = NDArray[np.float64]

# Bile and pancreatic juice on CT, without contrast agent: water, 0 to 20 HU; ours.
_FLUID_HU = 8.0
_CALM_MM = 0.8  # blur before grey values are folded at that of the fluid, so that noise is not
_LEAST_LIKENESS = 0.03
# Between fat and gland lies a surface as grey as fluid, on a slope of 60 HU/mm or more; a duct is level in its middle.
_SLOPE_BLUR_MM, _SLOPE_OF_BORDER = 1.2, 25.0
_SCALES_MM = (0.9, 1.3, 1.8, 2.7, 4.0)
_MARGIN_MM = 25.0
_FINEST_MM, _COARSEST_MM = 0.6, 1.0
_LARGEST_BOX_VOXELS = 1_500_000
_SNAP_MM = 2.0
_NODE_STEP_MM = 0.5
_SMOOTH_MM = 1.5
_N_CENTRINGS = 6
# Blur of the scanner itself, standard deviation; the width of a voxel is added. Soft kernels: 0.5 to 0.8 mm.
_SCANNER_BLUR_MM = 0.6


@dataclass(frozen=True, eq=False)
class TracedDuct:
    """A traced duct.

    Parameters
    ----------
    graph
        One branch, rooted at the first click, with radii.
    box, mask
        Its voxels ``[k, j, i]`` in a box of the scan, connected even where it is thinner than a voxel.
    diameter_uncertainty_mm
        (n,) float64: one voxel, seen across the duct at each node; a diameter is known to plus or minus this.
    """

    graph: VesselGraph
    box: Box
    mask: NDArray[np.bool_]
    diameter_uncertainty_mm: NDArray[np.float64]

    @property
    def diameters_mm(self) -> NDArray[np.float64]:
        """Diameter at each node."""
        return 2.0 * self.graph.radii_mm

    @property
    def length_mm(self) -> float:
        """Length of the centreline."""
        return float(np.linalg.norm(np.diff(self.graph.nodes_lps_mm, axis=0), axis=1).sum())


class DuctTracer:
    """Prepares a box of a scan once, then traces ducts in it as fast as the user clicks.

    Parameters
    ----------
    volume
        CT, or MR on which fluid is bright (T2, MRCP).
    points_lps_mm
        (n, 3) points that the box must hold, e.g. the first click or the pancreas.
    margin_mm
        Around them.
    is_fluid_bright
        None takes dark on CT, bright on MR.

    Raises
    ------
    InputError
        ``error.local.point_outside``.
    """

    def __init__(
        self, volume: Volume, points_lps_mm: ArrayLike, *, margin_mm: float = _MARGIN_MM,
        is_fluid_bright: bool | None = None,
    ) -> None:  # fmt: skip
        self._volume = volume
        is_ct = volume.quantity is Quantity.HOUNSFIELD
        self._is_bright = (not is_ct) if is_fluid_bright is None else is_fluid_bright
        box = box_around_points(volume.grid, points_lps_mm, margin_mm)
        self._local = local_grid(volume.grid, box, _spacing_mm(volume.grid, box))
        values = self._local.image(volume.voxels)
        self._dark = -values if self._is_bright else values
        self._fluid = _FLUID_HU if is_ct and not self._is_bright else None
        self._ridges = _ridges(self._dark, self._local, self._fluid)

    def covers(self, points_lps_mm: ArrayLike) -> bool:
        """Tell whether points (n, 3) lie in the prepared box."""
        kji = self._local.kji_from_lps(np.reshape(points_lps_mm, (-1, 3)))
        return bool(((kji >= 0.0) & (kji <= np.array(self._local.grid.shape_kji) - 1)).all())

    def trace(self, clicks_lps_mm: ArrayLike, *, tree: DuctTree = "pancreatic") -> TracedDuct:
        """Return the duct through clicks; the root is at the first: click the papilla first.

        Parameters
        ----------
        clicks_lps_mm
            (n, 3), in order: the two ends, and points between where the way went wrong.
        tree
            Which duct it is.

        Raises
        ------
        InputError
            ``error.duct.two_clicks`` for fewer than two, ``error.duct.same_point`` when two are nearer than 2 mm,
            ``error.local.point_outside`` when one lies outside the prepared box.
        GeometryError
            ``error.duct.no_way`` when no tube joins them.
        """
        clicks = np.asarray(clicks_lps_mm, dtype=np.float64).reshape(-1, 3)
        if len(clicks) < 2:
            raise InputError("error.duct.two_clicks")
        if not self.covers(clicks):
            raise InputError("error.local.point_outside")
        if (np.linalg.norm(np.diff(clicks, axis=0), axis=1) < _SNAP_MM).any():
            raise InputError("error.duct.same_point")
        ridge, voxels = self._ridge_of_clicks(clicks)
        price = _price(ridge, voxels)
        ways = [minimal_path(price, a, b) for a, b in pairwise(voxels)]
        if min(len(way) for way in ways) < 2:
            raise GeometryError("error.duct.no_way")
        way = np.concatenate([ways[0], *(later[1:] for later in ways[1:])]).astype(np.float64)
        points_kji = self._centred(ridge, _even(way, _NODE_STEP_MM / self._local.spacing_mm))
        radii_mm = self._radii_mm(points_kji)
        nodes = self._local.lps_from_kji(points_kji)
        graph = _graph(nodes, radii_mm, tree)
        box, mask = _tube_mask(self._volume.grid, nodes, radii_mm)
        return TracedDuct(graph, box, mask, _voxel_across_mm(nodes, self._volume.grid))

    def _ridge_of_clicks(self, clicks_lps_mm: Points) -> tuple[FloatVoxels, list[Voxel]]:
        """Return the ridge of tubes no wider than those clicked, and the voxels the clicks mean."""
        widest = 0
        for point in clicks_lps_mm:
            box, far = self._around(point)
            strengths = [float((ridge[box.slices] * (1.0 - 0.5 * far) * (far <= 1.0)).max()) for ridge in self._ridges]
            widest = max(widest, int(np.argmax(strengths)))
        ridge = self._ridges[: widest + 2].max(axis=0)
        return ridge, [self._snapped(ridge, point) for point in clicks_lps_mm]

    def _around(self, point_lps_mm: Points) -> tuple[Box, NDArray[np.float64]]:
        """Return the box within 2 mm of a click, and the distance of its voxels in shares of that."""
        reach = int(np.ceil(_SNAP_MM / self._local.spacing_mm))
        at = np.round(self._local.kji_from_lps(point_lps_mm)).astype(int)
        k0, j0, i0 = np.maximum(at - reach, 0).tolist()
        k1, j1, i1 = np.minimum(at + reach + 1, self._dark.shape).tolist()
        box = Box((k0, j0, i0), (k1, j1, i1))
        gaps = np.moveaxis(np.indices(box.shape_kji), 0, -1) + np.array(box.start_kji) - at
        return box, np.linalg.norm(gaps, axis=-1) / reach

    def _snapped(self, ridge: FloatVoxels, point_lps_mm: Points) -> Voxel:
        """Return the voxel most like the middle of a tube within 2 mm of a click."""
        box, far = self._around(point_lps_mm)
        score = np.where(far <= 1.0, ridge[box.slices] * (1.0 - 0.5 * far), -1.0)
        k, j, i = (int(v) for v in np.unravel_index(int(score.argmax()), score.shape))
        k0, j0, i0 = box.start_kji
        return (k + k0, j + j0, i + i0)

    def _centred(self, ridge: FloatVoxels, points_kji: Points) -> Points:
        """Move points to the ridge beside them and smooth the course."""
        steps = _SMOOTH_MM / _NODE_STEP_MM
        offsets = np.stack(np.meshgrid(*[np.arange(-2.0, 2.01)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        smooth = _smoothed(points_kji, steps)
        for _ in range(_N_CENTRINGS):
            places = smooth[:, None] + offsets * (0.5 / self._local.spacing_mm)
            strength = ndimage.map_coordinates(ridge, np.moveaxis(places, -1, 0), order=1, mode="nearest")
            weight = np.maximum(strength, 0.0) ** 4 + 1e-12
            moved = (places * weight[..., None]).sum(axis=1) / weight.sum(axis=1)[:, None]
            moved[[0, -1]] = points_kji[[0, -1]]
            smooth = _smoothed(moved, steps)
        return _even(smooth, _NODE_STEP_MM / self._local.spacing_mm)

    def _radii_mm(self, points_kji: Points) -> NDArray[np.float64]:
        profiles = cross_profiles(self._dark, points_kji, self._local.spacing_mm, _NODE_STEP_MM, self._fluid)
        fluid = self._fluid if self._fluid is not None else float(np.percentile(profiles[:, 0], 5.0))
        voxel_mm = float(np.mean(self._volume.grid.spacing_ijk_mm))
        blur_mm = float(np.hypot(_SCANNER_BLUR_MM, voxel_mm / np.sqrt(12.0) * np.sqrt(2.0)))
        radii = disc_radii_mm(profiles, fluid, blur_mm)
        return np.asarray(ndimage.median_filter(radii, size=9, mode="nearest"))


def trace_duct(
    volume: Volume,
    clicks_lps_mm: ArrayLike,
    *,
    tree: DuctTree = "pancreatic",
    is_fluid_bright: bool | None = None,
) -> TracedDuct:
    """Trace a duct through clicks (n, 3); see :class:`DuctTracer`, which is faster for several ducts of one region.

    Examples
    --------
    >>> duct = trace_duct(volume, [papilla_lps_mm, tail_lps_mm])  # doctest: +SKIP
    >>> duct.diameters_mm.max()  # doctest: +SKIP
    2.9
    """
    return DuctTracer(volume, clicks_lps_mm, is_fluid_bright=is_fluid_bright).trace(clicks_lps_mm, tree=tree)


def _spacing_mm(grid: Grid, box: Box) -> float:
    finest = float(np.clip(grid.spacing_ijk_mm.min(), _FINEST_MM, _COARSEST_MM))
    extent_mm3 = float(np.prod(np.array(box.shape_kji[::-1]) * grid.spacing_ijk_mm))
    return max(finest, float(np.cbrt(extent_mm3 / _LARGEST_BOX_VOXELS)))


def _ridges(dark: FloatVoxels, local: LocalGrid, fluid: float | None) -> FloatVoxels:
    """Return how much each voxel looks like the middle of a dark tube, one array a scale."""
    calm = ndimage.gaussian_filter(dark, _CALM_MM / local.spacing_mm, mode="nearest", truncate=3.0)
    bright = -(calm if fluid is None else unlike_fluid(calm, fluid))
    spacing_kji = local.grid.spacing_ijk_mm[::-1].copy()
    slope = ndimage.gaussian_gradient_magnitude(dark, _SLOPE_BLUR_MM / local.spacing_mm, mode="nearest")
    slope /= np.float32(local.spacing_mm)
    level = np.float32(1.0) / (np.float32(1.0) + (slope / np.float32(_SLOPE_OF_BORDER)) ** 4)
    inside = np.ones(bright.shape, np.bool_)
    ridges = np.zeros((len(_SCALES_MM), *bright.shape), np.float32)
    for scale_mm, ridge in zip(_SCALES_MM, ridges, strict=True):
        added_mm = np.sqrt(scale_mm**2 - _CALM_MM**2)
        smooth = ndimage.gaussian_filter(bright, added_mm / local.spacing_mm, mode="nearest", truncate=3.0)
        raise_vesselness(smooth, inside, spacing_kji, scale_mm, ridge)
        if fluid is not None:
            ridge *= level
    return ridges


def _price(ridge: FloatVoxels, clicked: Sequence[Voxel]) -> FloatVoxels:
    """Return the price of each voxel: low where the ridge is as strong as at the clicks."""
    usual = float(np.mean([ridge[voxel] for voxel in clicked]))
    reference = max(usual, 1e-3 * float(ridge.max()), 1e-6)
    likeness = np.minimum(ridge / np.float32(reference), 1.0)
    return np.asarray(1.0 / (_LEAST_LIKENESS + likeness * likeness), dtype=np.float32)


def _even(points: Points, step: float) -> Points:
    """Return points at even distances along a polyline, both ends kept."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    n_points = max(round(along[-1] / step), 1) + 1
    wanted = np.linspace(0.0, along[-1], n_points)
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in range(points.shape[1])], axis=1)


def _smoothed(points: Points, steps: float) -> Points:
    """Smooth a course; its ends stay, since it goes on behind them mirrored through the end point."""
    n_more = min(int(4.0 * steps) + 1, len(points) - 1)
    before = 2.0 * points[0] - points[n_more:0:-1]
    after = 2.0 * points[-1] - points[-2 : -2 - n_more : -1]
    whole = ndimage.gaussian_filter1d(np.concatenate([before, points, after]), steps, axis=0, mode="nearest")
    return np.asarray(whole[n_more : n_more + len(points)])


def _graph(nodes: Points, radii_mm: NDArray[np.float64], tree: DuctTree) -> VesselGraph:
    n_nodes = len(nodes)
    return VesselGraph(
        tree,
        nodes,
        radii_mm,
        np.arange(-1, n_nodes - 1, dtype=np.int32),
        np.ones(n_nodes, np.int32),
        (VesselBranch(1, f"{tree}.main", None),),
    )


def _tube_mask(grid: Grid, nodes: Points, radii_mm: NDArray[np.float64]) -> tuple[Box, NDArray[np.bool_]]:
    """Return the voxels whose centre lies in the tube, and those that the centreline passes."""
    box = box_around_points(grid, nodes, float(radii_mm.max()) + 1.0)
    tree = cKDTree(nodes)
    places = np.moveaxis(np.indices(box.shape_kji), 0, -1).reshape(-1, 3) + np.array(box.start_kji)
    gaps_mm, nearest = tree.query(grid.lps_from_ijk(places[:, ::-1]), distance_upper_bound=float(radii_mm.max()) + 1e-6)
    reached = np.isfinite(gaps_mm)
    inside = np.zeros(len(places), np.bool_)
    inside[reached] = gaps_mm[reached] <= radii_mm[nearest[reached]]
    mask = inside.reshape(box.shape_kji)
    passed = np.round(grid.ijk_from_lps(nodes)[:, ::-1]).astype(int) - np.array(box.start_kji)
    mask[tuple(np.clip(passed, 0, np.array(mask.shape) - 1).T)] = True
    return box, mask


def _voxel_across_mm(nodes: Points, grid: Grid) -> NDArray[np.float64]:
    """Return the longest edge of a voxel as it lies across the course at each node."""
    along = np.gradient(nodes, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    turned = along @ grid.direction
    return np.asarray((grid.spacing_ijk_mm * np.sqrt(np.maximum(1.0 - turned**2, 0.0))).max(axis=1))
