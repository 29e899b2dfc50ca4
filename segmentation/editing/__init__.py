"""Editing of labels as pure functions: voxels of a box in, voxels of a box out; nothing that is given is changed.

Geometry: :mod:`~segmentation.editing.brush`, :mod:`~segmentation.editing.scissors`. Operations on the mask of one
structure: :mod:`~segmentation.editing.islands`, :mod:`~segmentation.editing.holes`,
:mod:`~segmentation.editing.smoothing`, :mod:`~segmentation.editing.margin`,
:mod:`~segmentation.editing.interpolation`. What a mask may change in a layer:
:mod:`~segmentation.editing.paint_rules`. All of them by name: :mod:`~segmentation.editing.operations`.
"""
