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


def add_values(parents, values):
    """Each node's value with those of everything below it."""
    sums = list(values)
    for node in range(len(parents)):
        at = parents[node]
        while at >= 0:
            sums[at] += values[node]
            at = parents[at]
    return sums
