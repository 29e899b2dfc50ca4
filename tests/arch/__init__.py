"""Rules of the house: directions, sizes, names, what must never be committed."""
