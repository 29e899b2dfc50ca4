"""Thinning of a mask to its centrelines, layer by layer, without changing its topology.

Border voxels are taken away from six sides in turn (Lee, Kashyap and Chu, CVGIP 1994;56:462) as long as they are
simple: the object among the 26 neighbours is one piece, and so is the background among the 18 nearest that touches
a face (Bertrand and Malandain, Pattern Recognit Lett 1994;15:169). The 27 voxels of a neighbourhood are the bits of
one word, bit ``(dk + 1) * 9 + (dj + 1) * 3 + (di + 1)``, so that both conditions are a few shifts. Only voxels whose
neighbourhood has changed since they were last looked at are looked at again.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["fill_planes", "is_simple", "thin", "true_voxels"]

_ALL = (1 << 27) - 1
_CENTRE = 1 << 13
# Bits whose neighbour along an axis exists inside the 3 x 3 x 3 block.
_CAN_RISE_I = sum(1 << bit for bit in range(27) if bit % 3 < 2)
_CAN_FALL_I = sum(1 << bit for bit in range(27) if bit % 3 > 0)
_CAN_RISE_J = sum(1 << bit for bit in range(27) if bit // 3 % 3 < 2)
_CAN_FALL_J = sum(1 << bit for bit in range(27) if bit // 3 % 3 > 0)
_FACES = sum(1 << bit for bit in (4, 10, 12, 14, 16, 22))
_NEAREST_18 = _ALL & ~_CENTRE & ~sum(1 << bit for bit in (0, 2, 6, 8, 18, 20, 24, 26))
_SIDES = np.array([1 << bit for bit in (4, 22, 10, 16, 12, 14)], np.int64)


@numba.njit(cache=True, nogil=True, fastmath=False)
def true_voxels(words: NDArray[np.uint64], values: NDArray[np.bool_], n_true: int) -> NDArray[np.int64]:
    """Return the flat indices of the true values, ascending; ``words`` is a view of the values, eight in each."""
    found = np.empty(n_true, np.int64)
    n_found = 0
    for word in range(words.size):
        if words[word] == 0:
            continue
        for index in range(8 * word, 8 * word + 8):
            if values[index]:
                found[n_found] = index
                n_found += 1
    for index in range(8 * words.size, values.size):
        if values[index]:
            found[n_found] = index
            n_found += 1
    return found


@numba.njit(cache=True, nogil=True, fastmath=False)
def fill_planes(planes: NDArray[np.uint16], voxels: NDArray[np.int64], step_j: int) -> None:
    """Give each place the nine bits of its slice's 3 x 3 neighbourhood; ``planes`` is flat and has a rim of one."""
    for voxel in voxels:
        for dj in range(-1, 2):
            for di in range(-1, 2):
                planes[voxel + dj * step_j + di] |= np.uint16(1 << ((1 - dj) * 3 + 1 - di))


@numba.njit(cache=True, nogil=True, fastmath=False)
def is_simple(neighbours: np.int64) -> bool:
    """Tell whether a voxel with these neighbours (27 bits, the centre ignored) can go without a change of topology."""
    thing = neighbours & ~_CENTRE
    if thing == 0:
        return False
    piece = thing & -thing
    while True:
        wider = piece | ((piece & _CAN_RISE_I) << 1) | ((piece & _CAN_FALL_I) >> 1)
        wider |= ((wider & _CAN_RISE_J) << 3) | ((wider & _CAN_FALL_J) >> 3)
        wider |= ((wider << 9) | (wider >> 9)) & _ALL
        wider &= thing
        if wider == piece:
            break
        piece = wider
    if piece != thing:
        return False
    empty = ~thing & _NEAREST_18
    open_faces = empty & _FACES
    if open_faces == 0:
        return False
    piece = open_faces & -open_faces
    while True:
        wider = piece | ((piece & _CAN_RISE_I) << 1) | ((piece & _CAN_FALL_I) >> 1)
        wider |= ((piece & _CAN_RISE_J) << 3) | ((piece & _CAN_FALL_J) >> 3)
        wider |= ((piece << 9) | (piece >> 9)) & _ALL
        wider &= empty
        if wider == piece:
            break
        piece = wider
    return (open_faces & ~piece) == 0


@numba.njit(cache=True, nogil=True, fastmath=False)
def thin(planes: NDArray[np.uint16], voxels: NDArray[np.int64], step_j: int, step_k: int) -> NDArray[np.int64]:
    """Thin to curves and return the voxels that stay, in their order; ``planes`` is changed.

    Ends of curves (one neighbour) stay. In each round only the voxels that are border at its beginning may go.

    Parameters
    ----------
    planes
        Of :func:`fill_planes`.
    voxels
        Flat indices of the object.
    step_j, step_k
        Distance of neighbours along j and k in the flat array.
    """
    offsets = np.empty(27, np.int64)
    for bit in range(27):
        offsets[bit] = (bit // 9 - 1) * step_k + (bit // 3 % 3 - 1) * step_j + bit % 3 - 1
    is_waiting = np.zeros(planes.size, np.bool_)
    current, waiting = voxels.copy(), np.empty(voxels.size, np.int64)
    chosen, fields = np.empty(voxels.size, np.int64), np.empty(voxels.size, np.int64)
    n_current = voxels.size
    while n_current > 0:
        n_waiting = 0
        for side in _SIDES:
            n_chosen = 0
            for n in range(n_current):
                voxel = current[n]
                block = _block(planes, voxel, step_k)
                if block & _CENTRE == 0 or block & side != 0:
                    continue
                others = block & ~_CENTRE
                if others & (others - 1) != 0 and is_simple(others):
                    chosen[n_chosen] = voxel
                    fields[n_chosen] = voxel // step_k % 2 * 4 + voxel % step_k // step_j % 2 * 2 + voxel % step_j % 2
                    n_chosen += 1
            # One after the other, field by field: two voxels of a field never touch. In the order of the array a
            # ribbon of two rows would be eaten from its end.
            for field in range(8):
                for n in range(n_chosen):
                    if fields[n] != field:
                        continue
                    voxel = chosen[n]
                    others = _block(planes, voxel, step_k) & ~_CENTRE
                    if not is_simple(others):
                        continue
                    _clear(planes, voxel, step_j)
                    for bit in range(27):
                        if others >> bit & 1 and not is_waiting[voxel + offsets[bit]]:
                            is_waiting[voxel + offsets[bit]] = True
                            waiting[n_waiting] = voxel + offsets[bit]
                            n_waiting += 1
        for n in range(n_waiting):
            is_waiting[waiting[n]] = False
        current, waiting = waiting, current
        n_current = n_waiting
    stays = np.empty(voxels.size, np.bool_)
    for n in range(voxels.size):
        stays[n] = planes[voxels[n]] & 16 != 0
    return voxels[stays]


@numba.njit(cache=True, nogil=True, fastmath=False, inline="always")
def _block(planes: NDArray[np.uint16], voxel: int, step_k: int) -> np.int64:
    """Return the 27 bits around a voxel."""
    below, here, above = planes[voxel - step_k], planes[voxel], planes[voxel + step_k]
    return np.int64(below) | (np.int64(here) << 9) | (np.int64(above) << 18)


@numba.njit(cache=True, nogil=True, fastmath=False, inline="always")
def _clear(planes: NDArray[np.uint16], voxel: int, step_j: int) -> None:
    """Take a voxel out of the neighbourhoods that it is in."""
    for dj in range(-1, 2):
        for di in range(-1, 2):
            planes[voxel + dj * step_j + di] &= np.uint16(511 - (1 << ((1 - dj) * 3 + 1 - di)))
