"""Quality control of a stack of slices, and the even, orthonormal grid its voxels are placed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.grid import Grid
from twin.readers.image_header import ImageHeader
from twin.readers.problem import Problem, Severity
from twin.readers.series_split import stack_of
from twin.readers.stack import SliceStack

__all__ = ["Placement", "placement_of"]

_FEWEST_SLICES = 3
# What a body scanner can produce; outside of it a unit or a tag is wrong.
_PIXEL_MM = (0.05, 10.0)
_SPACING_MM = (0.05, 20.0)
# Lost slices are filled by interpolation only where the hole stays as small as a slice of ordinary thick CT,
# never two in a row, and only a few of them (docs/decisions/0016).
_WIDEST_FILLED_GAP_MM = 5.0
_WIDEST_FILLED_GAP_SPACINGS = 2.1
_NARROWEST_GAP_SPACINGS = 0.3
_MOST_LOST_SLICES = 3
_LARGEST_LOST_SHARE = 0.05
# Beyond it a stack was not tilted but assembled wrongly.
_LARGEST_TILT_DEG = 45.0


@dataclass(frozen=True, eq=False)
class Placement:
    """Where each slice of the grid comes from.

    Parameters
    ----------
    grid
        The even, orthonormal grid; None when the stack is refused.
    images
        Whole images, ordered along k.
    sources
        For each k of the grid the images it is made of, as pairs (place in ``images``, weight).
    shift_ij
        For each image, where its first voxel lies on the grid, in voxels along i and j; None when straight.
    problems
        What quality control found.
    """

    grid: Grid | None
    images: tuple[ImageHeader, ...]
    sources: tuple[tuple[tuple[int, float], ...], ...] = ()
    shift_ij: NDArray[np.float64] | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def filled(self) -> tuple[int, ...]:
        """Slices of the grid that were interpolated."""
        return tuple(k for k, parts in enumerate(self.sources) if len(parts) > 1)


def placement_of(images: Sequence[ImageHeader]) -> Placement:
    """Check the stack of one series and plan its grid; whatever refuses it is in the problems."""
    whole = [image for image in images if not image.is_damaged]
    refused = _refusal_of_numbers(images, whole)
    if refused is not None:
        return Placement(None, tuple(whole), problems=(refused,))
    stack = stack_of(whole)
    if stack is None:
        return _refused(whole, "problem.series.bad_orientation")
    ordered = tuple(whole[n] for n in stack.order)
    if stack.duplicates:
        return _refused(ordered, "problem.series.duplicates", count=len(stack.duplicates))
    if not _SPACING_MM[0] <= stack.spacing_mm <= _SPACING_MM[1]:
        return _refused(ordered, "problem.series.absurd_spacing", spacing=_shown(stack.spacing_mm))
    warnings = _damage_at_the_ends(images, stack)
    uneven = _unevenness(stack)
    tilt = _tilt(stack, ordered)
    problems = tuple(p for p in (*warnings, uneven, tilt) if p is not None)
    if any(p.severity is Severity.REFUSED for p in problems):
        return Placement(None, ordered, problems=problems)
    try:
        return replace(_placed(stack, ordered), problems=problems)
    except GeometryError:
        return _refused(ordered, "problem.series.bad_orientation")


def _refused(images: Sequence[ImageHeader], message_id: str, **parameters: object) -> Placement:
    return Placement(None, tuple(images), problems=(Problem(Severity.REFUSED, message_id, parameters),))


def _refusal_of_numbers(images: Sequence[ImageHeader], whole: Sequence[ImageHeader]) -> Problem | None:
    """Refuse what cannot be a stack before its geometry is looked at."""
    lost = len(images) - len(whole)
    if lost > max(1, min(_MOST_LOST_SLICES, int(_LARGEST_LOST_SHARE * len(images)))):
        parameters = {"count": lost, "total": len(images)}
        return Problem(Severity.REFUSED, "problem.series.truncated", parameters)
    if len(whole) < _FEWEST_SLICES:
        return Problem(Severity.REFUSED, "problem.series.too_few", {"count": len(whole)})
    pixel_mm = whole[0].spacing_ij_mm
    if not all(_PIXEL_MM[0] <= spacing <= _PIXEL_MM[1] for spacing in pixel_mm):
        shown = " x ".join(_shown(spacing) for spacing in pixel_mm)
        return Problem(Severity.REFUSED, "problem.series.absurd_spacing", {"spacing": shown})
    return None


def _damage_at_the_ends(images: Sequence[ImageHeader], stack: SliceStack) -> list[Problem]:
    """Name the few truncated slices, wherever they lie: those inside show as gaps as well."""
    lost = sum(image.is_damaged for image in images)
    if not lost:
        return []
    return [Problem(Severity.WARNING, "problem.series.some_truncated", {"count": lost, "total": len(images)})]


def _unevenness(stack: SliceStack) -> Problem | None:
    """Name missing slices and irregular spacing: filled where the holes are small, refused otherwise."""
    if stack.is_regular:
        return None
    n_missing = sum(count for _, count in stack.missing)
    is_fillable = (
        stack.gaps_mm.max() <= min(_WIDEST_FILLED_GAP_MM + 0.01, _WIDEST_FILLED_GAP_SPACINGS * stack.spacing_mm)
        and stack.gaps_mm.min() >= _NARROWEST_GAP_SPACINGS * stack.spacing_mm
        and n_missing <= max(1, min(_MOST_LOST_SLICES, int(_LARGEST_LOST_SHARE * stack.order.size)))
    )
    severity = Severity.WARNING if is_fillable else Severity.REFUSED
    filled = "filled" if is_fillable else "refused"
    if n_missing:
        place = stack.missing[0][0]
        parameters = {"count": n_missing, "after": _shown(stack.positions_mm[place])}
        return Problem(severity, f"problem.series.missing_slices_{filled}", parameters)
    parameters = {"low": _shown(stack.gaps_mm.min()), "high": _shown(stack.gaps_mm.max())}
    return Problem(severity, f"problem.series.irregular_spacing_{filled}", parameters)


def _tilt(stack: SliceStack, images: Sequence[ImageHeader]) -> Problem | None:
    """Name a tilted gantry: seen in the positions, or only declared."""
    if not stack.is_straight:
        parameters = {"angle": _shown(stack.tilt_deg)}
        if stack.is_evenly_sheared and stack.tilt_deg <= _LARGEST_TILT_DEG:
            return Problem(Severity.WARNING, "problem.series.tilt_resampled", parameters)
        return Problem(Severity.REFUSED, "problem.series.shifted_slices", parameters)
    declared_deg = abs(images[0].number("GantryDetectorTilt") or 0.0)
    row_z, column_z = images[0].orientation[2], images[0].orientation[5]
    if declared_deg > 0.5 and abs(row_z) < 1e-3 and abs(column_z) < 1e-3:
        return Problem(Severity.WARNING, "problem.series.tilt_declared", {"angle": _shown(declared_deg)})
    return None


def _placed(stack: SliceStack, images: tuple[ImageHeader, ...]) -> Placement:
    along_mm = stack.positions_mm - stack.positions_mm[0]
    n_slices = round(along_mm[-1] / stack.spacing_mm) + 1
    spacing_ij = np.array(images[0].spacing_ij_mm)
    size_ij = np.array([images[0].n_columns, images[0].n_rows])
    origin, shift_ij = stack.points_lps_mm[0], None
    if not stack.is_straight:
        shift_ij = stack.drift_ij_mm / spacing_ij
        first = np.floor(shift_ij.min(axis=0))
        size_ij = size_ij + np.ceil(shift_ij.max(axis=0) - first).astype(int)
        shift_ij = shift_ij - first
        origin = origin + stack.axes[:, :2] @ (first * spacing_ij)
    grid = Grid.from_spacing(
        (int(size_ij[0]), int(size_ij[1]), n_slices),
        (*spacing_ij, stack.spacing_mm),
        origin_lps_mm=origin,
        direction=stack.axes,
        frame_of_reference_uid=images[0].text("FrameOfReferenceUID") or None,
    )
    sources: tuple[tuple[tuple[int, float], ...], ...]
    if stack.is_regular:
        sources = tuple(((n, 1.0),) for n in range(len(images)))
    else:
        sources = tuple(_neighbours(along_mm, k * stack.spacing_mm) for k in range(n_slices))
    return Placement(grid, images, sources, shift_ij)


def _neighbours(along_mm: NDArray[np.float64], wanted_mm: float) -> tuple[tuple[int, float], ...]:
    """Images around a place with their linear weights; an image within a tenth of a millimetre stands alone."""
    nearest = int(np.abs(along_mm - wanted_mm).argmin())
    if abs(along_mm[nearest] - wanted_mm) < 0.1:
        return ((nearest, 1.0),)
    if wanted_mm >= along_mm[-1]:
        return ((along_mm.size - 1, 1.0),)
    after = int(np.searchsorted(along_mm, wanted_mm))
    weight = float((wanted_mm - along_mm[after - 1]) / (along_mm[after] - along_mm[after - 1]))
    return ((after - 1, 1.0 - weight), (after, weight))


def _shown(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"
