"""Runs 3D Slicer's grow from seeds in its own environment; a line on the standard input is a request.

Started with the path of an ``.npz`` file (image, spacing, seeds, more_seeds). ``first`` grows anew, ``update``
grows the next of those grown before after more scribbles, ``dice`` tells the overlap of the last answer with ``truth``.
Each request is answered by one line.
"""

import sys

import numpy as np
from slicer_core.vtkSlicerSegmentationsModuleLogic import vtkImageGrowCutSegment
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData


def image_of(voxels, spacing_ijk_mm):
    """Return an array ``[k, j, i]`` as VTK holds it."""
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.SetSpacing(*spacing_ijk_mm)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(voxels).ravel(), deep=True))
    return image


def main():
    """Answer requests until the input ends."""
    with np.load(sys.argv[1]) as data:
        images = {name: image_of(data[name], data["spacing"]) for name in ("image", "seeds", "more_seeds")}
        truth = data["truth"]
    waiting, last = [], None
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "first":
            last = vtkImageGrowCutSegment()
            last.SetIntensityVolume(images["image"])
            last.SetSeedLabelVolume(images["seeds"])
            last.Update()
            waiting.append(last)
            print("done", flush=True)
        elif line.strip() == "update":
            last = waiting.pop(0)
            last.SetSeedLabelVolume(images["more_seeds"])
            last.Update()
            print("done", flush=True)
        elif line.strip() == "dice":
            drawn = vtk_to_numpy(last.GetOutput().GetPointData().GetScalars()).reshape(truth.shape) == 1
            print(2.0 * np.count_nonzero(drawn & truth) / (drawn.sum() + truth.sum()), flush=True)


main()
