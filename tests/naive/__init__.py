"""Slow plain references of the numba kernels."""
