"""The rigid transform that lays the surface of one mask on that of another, each seen by its own scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize
from scipy.spatial.transform import Rotation

from twin.box import Box
from twin.errors import GeometryError
from twin.geometry.distance_edt import signed_distance_mm
from twin.geometry.register_sitk import share_on_grid
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["RigidFit", "rigid_fit_of_masks"]

FloatArray = NDArray[np.float64]

_WORKING_MM = 2.0
_MARGIN_MM = 30.0  # how far from a surface its distance map reaches; farther points count as this far
_N_POINTS = 4000
_N_FIRST_POINTS = 800
_SOFT_MM = 4.0  # beyond it a distance counts less and less: parts that differ do not pull
_ROUNDS = 4
_FEWEST_POINTS = 100


@dataclass(frozen=True, eq=False)
class RigidFit:
    """A rigid transform and how well it lays one surface on the other.

    Parameters
    ----------
    matrix_lps_mm
        4 x 4, maps LPS millimetres of the moving mask to those of the fixed one.
    distances_mm
        Distances from the points of each surface to the other one, float64, ascending; parts of a surface that the
        other scan does not show are left out.
    overlap
        Dice of both masks where both scans see.
    shared_share
        Share of both surfaces that the other scan shows.
    has_converged
        False when the search ended before it came to rest.
    """

    matrix_lps_mm: FloatArray
    distances_mm: FloatArray
    overlap: float
    shared_share: float
    has_converged: bool

    @property
    def rotation_deg(self) -> float:
        """Angle of the rotation."""
        return float(np.degrees(Rotation.from_matrix(self.matrix_lps_mm[:3, :3]).magnitude()))

    def quantile_mm(self, share: float) -> float:
        """Quantile of the symmetric surface distances."""
        return float(np.quantile(self.distances_mm, share))


def rigid_fit_of_masks(
    moving: NDArray[np.bool_],
    moving_grid: Grid,
    fixed: NDArray[np.bool_],
    fixed_grid: Grid,
    *,
    cancel: CancelToken | None = None,
) -> RigidFit:
    """Fit one mask to another.

    The sum over points of both surfaces of their softened distance to the other surface is made least (Levenberg-
    Marquardt on six parameters). It starts from several places: as the coordinates are, centres, tops and lower ends
    one on the other; the best goes on. Faces where an organ is cut by the border of its scan are no surface, and
    points outside the other scan do not count: livers that are seen in part are laid on each other by what both show.

    Parameters
    ----------
    moving, moving_grid
        bool ``[k, j, i]`` and the grid of its scan.
    fixed, fixed_grid
        The mask it is laid on, and the grid of that scan.
    cancel
        Looked at between the steps.

    Raises
    ------
    GeometryError
        ``error.registration.no_liver`` when a mask is empty or too small.
    Cancelled
        When ``cancel`` was set.

    References
    ----------
    A. W. Fitzgibbon, Robust registration of 2D and 3D point sets, Image Vis Comput 2003;21:1145-53 (distance maps in
    place of closest points, softened distances).

    Examples
    --------
    >>> grid = Grid.from_spacing((30, 30, 30), (3, 3, 3))
    >>> mask = np.zeros((30, 30, 30), np.bool_)
    >>> mask[8:20, 6:22, 9:18] = True
    >>> fit = rigid_fit_of_masks(mask, grid, np.roll(mask, 2, axis=2), grid)
    >>> (np.round(fit.matrix_lps_mm[:3, 3]) + 0.0).tolist()
    [6.0, 0.0, 0.0]
    """
    first, second = _SeenSurface.of(moving, moving_grid), _SeenSurface.of(fixed, fixed_grid)
    few = [surface.thinned(_N_FIRST_POINTS) for surface in (first, second)]
    tried = []
    for start in _starts(first, second):
        _poll(cancel)
        tried.append(_fitted(few[0], few[1], start, rounds=2))
    best = min(tried, key=lambda entry: entry[1])[0]
    many = [surface.thinned(_N_POINTS) for surface in (first, second)]
    _poll(cancel)
    parameters, _, has_converged = _fitted(many[0], many[1], best, rounds=_ROUNDS, cancel=cancel)
    matrix = _matrix(parameters, many[0].centre_lps_mm)
    there, back, shared = _distances(many[0], many[1], matrix)
    distances = np.sort(np.abs(np.concatenate([there, back])))
    if distances.size == 0:
        raise GeometryError("error.registration.nothing_shared")
    return RigidFit(matrix, distances, _overlap(first, second, matrix), shared, has_converged)


@dataclass(frozen=True, eq=False)
class _SeenSurface:
    """Surface points of a mask, its distance map on isotropic voxels, and what its scan sees."""

    points_lps_mm: FloatArray
    distance_mm: NDArray[np.float32]  # positive inside
    grid: Grid  # of the distance map
    scan: Grid
    centre_lps_mm: FloatArray

    @classmethod
    def of(cls, mask: NDArray[np.bool_], scan: Grid) -> _SeenSurface:
        box = Box.around(mask)
        if box is None:
            raise GeometryError("error.registration.no_liver")
        part = scan.cropped(box)
        size = np.maximum(np.ceil(part.spacing_ijk_mm * part.size_ijk / _WORKING_MM), 1).astype(int)
        margin = int(np.ceil(_MARGIN_MM / _WORKING_MM))
        around = Grid.from_spacing(
            (int(size[0]) + 2 * margin, int(size[1]) + 2 * margin, int(size[2]) + 2 * margin),
            (_WORKING_MM,) * 3,
            origin_lps_mm=part.lps_from_ijk((-0.5, -0.5, -0.5))
            + part.direction @ np.full(3, (0.5 - margin) * _WORKING_MM),
            direction=part.direction,
        )
        # One voxel of the scan around the organ; at the border of the scan the organ is thought to go on.
        grown = box.grown(1, scan.shape_kji)
        inside = share_on_grid(np.ascontiguousarray(mask[grown.slices]), scan.cropped(grown), around) >= 0.5
        distance = signed_distance_mm(inside, around.spacing_ijk_mm)
        points = _face_points(inside, around)
        points = points[_is_seen(points, scan, -_WORKING_MM)]
        if len(points) < _FEWEST_POINTS:
            raise GeometryError("error.registration.no_liver")
        within = around.lps_from_ijk(np.argwhere(inside)[::7, ::-1])
        centre = within[_is_seen(within, scan, 0.0)].mean(axis=0)
        return cls(points, distance, around, scan, centre)

    def thinned(self, n_points: int) -> _SeenSurface:
        """Return it with at most so many points, drawn evenly; the same each time."""
        if len(self.points_lps_mm) <= n_points:
            return self
        chosen = np.random.default_rng(0).permutation(len(self.points_lps_mm))[:n_points]
        points = self.points_lps_mm[np.sort(chosen)]
        return _SeenSurface(points, self.distance_mm, self.grid, self.scan, self.centre_lps_mm)

    def distance_at(self, points_lps_mm: FloatArray) -> FloatArray:
        """Signed distance of points to the surface, mm; beyond the map its border goes on."""
        index_kji = self.grid.ijk_from_lps(points_lps_mm)[:, ::-1].T
        return np.asarray(ndimage.map_coordinates(self.distance_mm, index_kji, order=1, mode="nearest"), np.float64)


def _face_points(mask: NDArray[np.bool_], grid: Grid) -> FloatArray:
    """Centres of the faces between voxels inside and outside, LPS millimetres (n, 3)."""
    found = []
    for axis in range(3):
        changed = np.diff(mask.astype(np.int8), axis=axis) != 0
        index = np.argwhere(changed).astype(np.float64)
        index[:, axis] += 0.5
        found.append(index)
    return grid.lps_from_ijk(np.concatenate(found)[:, ::-1])


def _is_seen(points_lps_mm: FloatArray, scan: Grid, margin_mm: float) -> NDArray[np.bool_]:
    """Tell which points lie in a scan, grown by a margin (or shrunk by a negative one)."""
    index = scan.ijk_from_lps(points_lps_mm)
    margin = margin_mm / scan.spacing_ijk_mm
    return np.asarray(((index > -0.5 - margin) & (index < np.array(scan.size_ijk) - 0.5 + margin)).all(axis=1))


def _starts(moving: _SeenSurface, fixed: _SeenSurface) -> list[FloatArray]:
    """Translations to begin with: none, centre on centre, top on top, lower end on lower end."""
    shift = fixed.centre_lps_mm - moving.centre_lps_mm
    starts = [np.zeros(3), shift]
    for extreme in (np.max, np.min):
        ends = shift.copy()
        ends[2] = extreme(fixed.points_lps_mm[:, 2]) - extreme(moving.points_lps_mm[:, 2])
        starts.append(ends)
    return [np.concatenate([np.zeros(3), start]) for start in starts]


def _fitted(
    moving: _SeenSurface, fixed: _SeenSurface, start: FloatArray, *, rounds: int, cancel: CancelToken | None = None
) -> tuple[FloatArray, float, bool]:
    """Return parameters, mean softened distance and whether the search came to rest.

    Which points count is decided anew in each round, by where the last one has brought them.
    """
    parameters, has_converged, cost = start, False, np.inf
    for _ in range(rounds):
        _poll(cancel)
        forth, back = _counting(moving, fixed, _matrix(parameters, moving.centre_lps_mm))
        if forth.sum() + back.sum() < _FEWEST_POINTS:
            return parameters, np.inf, False
        found = optimize.least_squares(
            lambda p, forth=forth, back=back: _residuals(moving, fixed, p, forth, back),
            parameters,
            x_scale=np.array([0.05, 0.05, 0.05, 5.0, 5.0, 5.0]),
            loss="soft_l1",
            f_scale=_SOFT_MM,
            xtol=1e-5,
            ftol=1e-5,
            max_nfev=60,
        )
        is_still = float(np.abs(found.x - parameters)[3:].max()) < 0.2 and found.status > 0
        parameters, has_converged = found.x, found.status > 0
        share = (forth.mean() + back.mean()) / 2
        # A start from which little is shared must not win by having little to compare.
        cost = float(found.cost / found.fun.size) + _SOFT_MM**2 * (1.0 - share)
        if is_still:
            break
    return parameters, cost, has_converged


def _residuals(
    moving: _SeenSurface, fixed: _SeenSurface, parameters: FloatArray, forth: NDArray[np.bool_], back: NDArray[np.bool_]
) -> FloatArray:
    matrix = _matrix(parameters, moving.centre_lps_mm)
    there = fixed.distance_at(_moved(moving.points_lps_mm[forth], matrix))
    here = moving.distance_at(_moved(fixed.points_lps_mm[back], _inverse(matrix)))
    return np.concatenate([there, here])


def _counting(
    moving: _SeenSurface, fixed: _SeenSurface, matrix: FloatArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which points of each surface the other scan shows."""
    forth = _is_seen(_moved(moving.points_lps_mm, matrix), fixed.scan, 0.0)
    back = _is_seen(_moved(fixed.points_lps_mm, _inverse(matrix)), moving.scan, 0.0)
    return forth, back


def _distances(moving: _SeenSurface, fixed: _SeenSurface, matrix: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    forth, back = _counting(moving, fixed, matrix)
    there = fixed.distance_at(_moved(moving.points_lps_mm[forth], matrix))
    here = moving.distance_at(_moved(fixed.points_lps_mm[back], _inverse(matrix)))
    return there, here, float((forth.mean() + back.mean()) / 2)


def _overlap(moving: _SeenSurface, fixed: _SeenSurface, matrix: FloatArray) -> float:
    """Dice of both masks on every third voxel of the fixed map, where both scans see."""
    index = np.stack(np.meshgrid(*(np.arange(0, n, 3) for n in fixed.grid.shape_kji), indexing="ij")[::-1], axis=-1)
    points = fixed.grid.lps_from_ijk(index.reshape(-1, 3))
    back = _moved(points, _inverse(matrix))
    both_see = _is_seen(points, fixed.scan, 0.0) & _is_seen(back, moving.scan, 0.0)
    one, other = fixed.distance_at(points[both_see]) > 0, moving.distance_at(back[both_see]) > 0
    n_one, n_other, n_both = (int(np.count_nonzero(m)) for m in (one, other, one & other))
    return 2.0 * n_both / max(n_one + n_other, 1)


def _matrix(parameters: FloatArray, centre_lps_mm: FloatArray) -> FloatArray:
    """Rotation vector (radians) about the centre of the moving organ, then a translation (mm), as 4 x 4."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(parameters[:3]).as_matrix()
    matrix[:3, 3] = centre_lps_mm + parameters[3:] - matrix[:3, :3] @ centre_lps_mm
    return matrix


def _inverse(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a rigid 4 x 4 matrix."""
    back = np.eye(4)
    back[:3, :3] = matrix[:3, :3].T
    back[:3, 3] = -matrix[:3, :3].T @ matrix[:3, 3]
    return back


def _moved(points: FloatArray, matrix: FloatArray) -> FloatArray:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
