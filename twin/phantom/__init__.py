"""A parametric abdomen, drawn by a seed, with its full ground truth: what demo, tests and training stand on."""

from twin.phantom.phantom import Phantom, build_phantom
from twin.phantom.recipe import BodyPart, LesionKind, LesionRecipe, PhantomRecipe
from twin.phantom.study_dicom import write_dicom

__all__ = [
    "BodyPart",
    "LesionKind",
    "LesionRecipe",
    "Phantom",
    "PhantomRecipe",
    "build_phantom",
    "write_dicom",
]
