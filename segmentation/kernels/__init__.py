"""Compiled kernels of the segmentation: arrays and scalars in and out."""
