"""Lesions: candidates to look at, a region from a click, and what accepting one changes."""
