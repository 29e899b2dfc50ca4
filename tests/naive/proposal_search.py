"""Plain references of the search for proposals, voxel by voxel and node by node."""

import numpy as np

# References of: evaluate_planes, judge_trees, labels_near_nodes, count_wedges, gather_near, least_by_label.


def judged_trees(depths_mm, limits_mm, parents, branches, kept):
    """Lost branches, number of crossed vessels and first kept branch cut off, by walking up from every node."""

    def way(n):
        found = [n]
        while parents[found[-1]] >= 0:
            found.append(int(parents[found[-1]]))
        return found

    removed = depths_mm > limits_mm
    cut_off = [any(removed[up] for up in way(n)) for n in range(len(parents))]
    lost, crossed = set(), set()
    for n, parent in enumerate(parents):
        if parent < 0:
            if removed[n]:
                lost.add(int(branches[n]))
            continue
        if branches[n] != branches[parent] and cut_off[parent]:
            lost.add(int(branches[n]))
        if removed[n] != removed[parent]:
            node = n
            while depths_mm[node] > 0 and depths_mm[parents[node]] > 0 and parents[parents[node]] >= 0:
                node = int(parents[node])
            crossed.add(node)
    first = min((int(kept[n]) for n in range(len(parents)) if cut_off[n] and kept[n] > 0), default=0)
    return lost, len(crossed), first


def removed_by_plane_and_wedges(model, coefficients, wedged_values, margin_mm):
    """Voxels beyond a plane or within the margin of some lesions, by brute force: bool [k, j, i]."""
    k, j, i = np.indices(model.organ.shape, dtype=np.float64)
    ci, cj, ck, c0 = coefficients
    removed = ci * i + (cj * j + (ck * k + c0)) > 0
    for value in wedged_values:
        removed |= distance_to(model.lesions == value, model.grid.spacing_ijk_mm) <= margin_mm + 1e-4
    return removed & model.organ


def distance_to(mask, spacing_ijk_mm):
    """Distance of every voxel centre to the nearest true one, by looking at all of them."""
    places = np.argwhere(mask) * spacing_ijk_mm[::-1]
    everywhere = np.indices(mask.shape).reshape(3, -1).T * spacing_ijk_mm[::-1]
    least = np.full(len(everywhere), np.inf)
    for place in places:
        np.minimum(least, ((everywhere - place) ** 2).sum(axis=1), out=least)
    return np.sqrt(least).reshape(mask.shape)


def labels_near(labels, organ, node_ijk, reach_mm, spacing_ijk_mm):
    """Labels of the organ voxels within the reach of one node."""
    k, j, i = np.nonzero(organ)
    gaps = (np.stack([i, j, k], axis=1) - node_ijk) * spacing_ijk_mm
    return set(labels[k, j, i][(gaps**2).sum(axis=1) <= reach_mm**2].tolist())
