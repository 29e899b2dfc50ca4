"""Geometry shared by all parts: surfaces, distances, components."""
