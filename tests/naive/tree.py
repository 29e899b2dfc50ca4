"""Plain reference of the walks along vessel trees."""


def spread_flags(parents, flags):
    """A node is flagged when it or anything on its way to the root is."""
    found = []
    for node in range(len(parents)):
        at, is_flagged = node, False
        while at >= 0:
            is_flagged |= bool(flags[at])
            at = parents[at]
        found.append(is_flagged)
    return found
