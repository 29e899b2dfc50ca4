"""Compiled kernels of the resection engine: arrays and scalars in and out."""
