"""Compiled kernels of the shared geometry: arrays and scalars in and out."""
