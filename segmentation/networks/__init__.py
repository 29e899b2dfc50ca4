"""Automatic segmentation by the project's own networks, run by onnxruntime on the processor."""
