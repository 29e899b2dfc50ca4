"""Plain reference of the thinning: true_voxels, fill_planes, is_simple, thin."""

import numpy as np
from scipy import ndimage

_SIDES = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
_FACES = ndimage.generate_binary_structure(3, 1)
_FACES_AND_EDGES = ndimage.generate_binary_structure(3, 2)
_ALL = np.ones((3, 3, 3), bool)


def simple(block):
    """Tell whether the centre of a 3 x 3 x 3 block can go: one piece of object and of background around it."""
    thing = block.copy()
    thing[1, 1, 1] = False
    background = ~block & _FACES_AND_EDGES
    background[1, 1, 1] = False
    pieces, _ = ndimage.label(background, _FACES)
    touching = set(pieces[_FACES].tolist()) - {0}
    return ndimage.label(thing, _ALL)[1] == 1 and len(touching) == 1


def thinned(mask):
    """Take border voxels away, side by side, until nothing changes; look again where something changed."""
    corner = np.argwhere(mask).min(axis=0) if mask.any() else np.zeros(3, int)
    kept = np.pad(mask, 1)
    current = [tuple(voxel) for voxel in np.argwhere(kept)]
    while current:
        changed = []
        for side in _SIDES:
            chosen = [voxel for voxel in current if kept[voxel] and _may_go(_block(kept, voxel), side)]
            for voxel in sorted(chosen, key=lambda voxel: _field(voxel - corner)):
                block = _block(kept, voxel)
                if simple(block):
                    block[1, 1, 1] = False
                    changed += [tuple(np.add(voxel, place) - 1) for place in np.argwhere(block)]
        current = list(dict.fromkeys(changed))
    return kept[1:-1, 1:-1, 1:-1]


def _field(voxel):
    """One of eight fields: two voxels of a field never touch."""
    k, j, i = (int(n) % 2 for n in voxel)
    return 4 * k + 2 * j + i


def _block(kept, voxel):
    return kept[tuple(slice(n - 1, n + 2) for n in voxel)]


def _may_go(block, side):
    return not block[tuple(np.add(side, 1))] and block.sum() > 2 and simple(block)
