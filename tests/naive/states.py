"""Plain reference of the numbering of combinations: mark_pairs, renumber_pairs."""


def joined_numbers(numbers, labels, radix):
    """New numbers in the order of the pairs, and the pairs."""
    pairs = [int(number) * radix + int(label) for number, label in zip(numbers, labels, strict=True)]
    occurring = sorted(set(pairs))
    return [occurring.index(pair) for pair in pairs], occurring
