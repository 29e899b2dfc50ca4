"""Plain reference of positions along a course: _position, fill_positions, list_positions."""

import numpy as np


def positions(points, near, nodes, tangents, step, window):
    """Nearest node among those near a guess, then the crossing of the planes of two neighbouring nodes."""
    found = []
    for point, guess in zip(points, near, strict=True):
        candidates = np.arange(max(guess - window, 0), min(guess + window, len(nodes) - 1) + 1)
        at = candidates[np.linalg.norm(nodes[candidates] - point, axis=1).argmin()]
        ahead = np.einsum("nx,nx->n", point - nodes, tangents)
        if ahead[at] >= 0 and at == len(nodes) - 1:
            found.append(at * step + ahead[at])
        elif ahead[at] < 0 and at == 0:
            found.append(ahead[at])
        else:
            low = at if ahead[at] >= 0 else at - 1
            share = 1.0 if ahead[at] >= 0 else 0.0
            if ahead[low] > 0 > ahead[low + 1] or (ahead[at] >= 0 > ahead[low + 1]):
                share = ahead[low] / (ahead[low] - ahead[low + 1])
            found.append((low + share) * step)
    return np.array(found)
