"""Labels that contradict each other: between layers, and organs that would lie inside one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan, point_of_voxel, voxel_near_centre
from twin.box import Box
from twin.geometry.components_cc3d import components

__all__ = ["common_box", "overlap_findings"]

BoolVoxels = NDArray[np.bool_]

# Shares and volumes from which a contradiction is said, all ours: below them lie the last voxels of a border.
_LESION_OUTSIDE_SHARE = 0.2
_OUTSIDE_BODY_SHARE = 0.03
_OVERLAP_SHARE = 0.05
_DUCT_OUTSIDE_SHARE = 0.6
_VEIN_OUTSIDE_SHARE = 0.4
_ENCLOSED_SHARE = 0.6
_SMALLEST_PART_ML = 0.2
_SMALLEST_ORGAN_ML = 2.0

_ORGANS = ("liver", "pancreas", "spleen", "stomach", "duodenum", "kidney")
_HOSTS = ("liver", "spleen", "stomach")
# What lies inside the whole organ by definition, and how much of it may lie outside all of its hosts.
_INSIDE = {
    "pancreatic_duct": (("pancreas", "duodenum"), _DUCT_OUTSIDE_SHARE),
    "hepatic_vein": (("liver", "inferior_vena_cava"), _VEIN_OUTSIDE_SHARE),
}
# Pairs of different layers that no voxel can share.
_APART = (("aorta", _ORGANS), ("bone", _ORGANS))


def overlap_findings(scan: LabelledScan, structure_id: str) -> list[QualityFinding]:
    """Say where a structure contradicts the labels of other layers, or lies inside an organ it cannot lie in."""
    found: list[QualityFinding | None] = []
    if structure_id.startswith("lesion"):
        hosts = tuple(organ for organ in _ORGANS if scan.has(organ))
        found.append(_outside(scan, structure_id, hosts, _LESION_OUTSIDE_SHARE, "quality.lesion_outside"))
    if structure_id in _INSIDE:
        hosts, share = _INSIDE[structure_id]
        is_host_labelled = scan.has(hosts[0])
        if is_host_labelled:
            found.append(_outside(scan, structure_id, hosts, share, "quality.outside_organ", organ=hosts[0]))
    for apart, others in _APART:
        if structure_id == apart:
            found += [_overlap(scan, apart, other) for other in others if scan.has(other)]
    if structure_id in _ORGANS:
        found.append(_outside_body(scan, structure_id))
        found.append(_enclosed(scan, structure_id))
    return [finding for finding in found if finding is not None]


def _outside(
    scan: LabelledScan, structure_id: str, hosts: tuple[str, ...], most: float, message_id: str, **names: str
) -> QualityFinding | None:
    """Say that more than a share of a structure lies outside its hosts; nothing where none of these is labelled."""
    if not any(scan.has(host) for host in hosts):
        return None
    box, mask = scan.boxes[structure_id], scan.mask(structure_id)
    outside = mask.copy()
    for host in hosts:
        outside &= ~scan.mask(host, box)
    share = _share(outside, mask)
    if share <= most or np.count_nonzero(outside) * scan.grid.voxel_volume_ml < _SMALLEST_PART_ML:
        return None
    parameters: dict[str, object] = {"structure": structure_id, "percent": round(100 * share), **names}
    point = point_of_voxel(scan.grid, voxel_near_centre(outside), box)
    return QualityFinding(message_id, FindingSeverity.WARNING, structure_id, parameters, point)


def _outside_body(scan: LabelledScan, structure_id: str) -> QualityFinding | None:
    """Say that a part of an organ lies outside the body.

    In label maps without overlaps the body has holes where its organs are: they belong to it.
    """
    if _outside(scan, structure_id, ("skin",), _OUTSIDE_BODY_SHARE, "quality.outside_body") is None:
        return None
    own, body_box = scan.boxes[structure_id], scan.boxes["skin"].joined(scan.boxes[structure_id])
    k0, k1 = own.start_kji[0], own.stop_kji[0]
    box = Box((k0, *body_box.start_kji[1:]), (k1, *body_box.stop_kji[1:]))
    body = scan.mask("skin", box)
    organ = scan.mask(structure_id, box)
    outside = np.stack([o & ~ndimage.binary_fill_holes(b) for o, b in zip(organ, body, strict=True)])
    share = _share(outside, organ)
    if share <= _OUTSIDE_BODY_SHARE:
        return None
    parameters: dict[str, object] = {"structure": structure_id, "percent": round(100 * share)}
    point = point_of_voxel(scan.grid, voxel_near_centre(outside), box)
    return QualityFinding("quality.outside_body", FindingSeverity.WARNING, structure_id, parameters, point)


def _overlap(scan: LabelledScan, first: str, second: str) -> QualityFinding | None:
    """Say that two structures share more voxels than a border has."""
    box = common_box(scan.boxes[first], scan.boxes[second])
    if box is None:
        return None
    both = scan.mask(first, box) & scan.mask(second, box)
    n_both = np.count_nonzero(both)
    smaller = min(np.count_nonzero(scan.mask(first)), np.count_nonzero(scan.mask(second)))
    if n_both * scan.grid.voxel_volume_ml < _SMALLEST_PART_ML or n_both < _OVERLAP_SHARE * smaller:
        return None
    parameters: dict[str, object] = {
        "structure": first,
        "organ": second,
        "volume_ml": round(n_both * scan.grid.voxel_volume_ml, 1),
    }
    point = point_of_voxel(scan.grid, voxel_near_centre(both), box)
    return QualityFinding("quality.overlap", FindingSeverity.WARNING, first, parameters, point)


def _enclosed(scan: LabelledScan, structure_id: str) -> QualityFinding | None:
    """Say that most of the surface of an organ, or of a piece of it, adjoins one other organ: it lies inside it."""
    box = scan.boxes[structure_id].grown(1, scan.grid.shape_kji)
    hosts = [h for h in _HOSTS if h != structure_id and scan.has(h) and _is_mostly_in(box, scan.boxes[h])]
    if not hosts:
        return None
    mask = scan.mask(structure_id, box)
    labels, sizes = components(mask, connectivity=26)
    for number, n_voxels in enumerate(sizes[:4], start=1):
        if n_voxels * scan.grid.voxel_volume_ml < _SMALLEST_ORGAN_ML:
            break
        piece = labels == number
        shell = ndimage.binary_dilation(piece) & ~mask
        for host in hosts:
            share = _share(shell & scan.mask(host, box), shell)
            if share > _ENCLOSED_SHARE:
                parameters: dict[str, object] = {
                    "structure": structure_id,
                    "organ": host,
                    "percent": round(100 * share),
                }
                point = point_of_voxel(scan.grid, voxel_near_centre(piece), box)
                return QualityFinding("quality.enclosed", FindingSeverity.SERIOUS, structure_id, parameters, point)
    return None


def _is_mostly_in(box: Box, host: Box) -> bool:
    """Tell whether a box could hold a piece that lies inside a host: it shares a twentieth of itself with it."""
    shared = common_box(box, host)
    return shared is not None and bool(np.prod(shared.shape_kji) > 0.05 * np.prod(box.shape_kji))


def _share(part: BoolVoxels, whole: BoolVoxels) -> float:
    """Return the voxels of a part over those of the whole; 0 for an empty whole."""
    return float(np.count_nonzero(part)) / max(int(np.count_nonzero(whole)), 1)


def common_box(first: Box, second: Box) -> Box | None:
    """Return the box both share, or None."""
    start = [max(a, b) for a, b in zip(first.start_kji, second.start_kji, strict=True)]
    stop = [min(a, b) for a, b in zip(first.stop_kji, second.stop_kji, strict=True)]
    if any(a >= b for a, b in zip(start, stop, strict=True)):
        return None
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
