"""Segmenters made by others, each in a process of its own, with weights from a local folder only.

What is here and what is missing is said by ``twinsight doctor``; the settings and the sidecar of an ONNX model are
described in ``docs/segmentation.md``.
"""

from segmentation.external.back_end import ExternalSegmenter, Licence
from segmentation.external.settings import (
    ExternalSettings,
    configured_segmenters,
    external_segmenters,
    read_external_settings,
)

__all__ = [
    "ExternalSegmenter",
    "ExternalSettings",
    "Licence",
    "configured_segmenters",
    "external_segmenters",
    "read_external_settings",
]
