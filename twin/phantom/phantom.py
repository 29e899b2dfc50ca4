"""Build a phantom: draw the individual, lay out the organs, grow the vessels, paint, scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName
from twin.grid import Grid
from twin.job import Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.patient import PatientFacts, PatientIdentity
from twin.phantom.abdomen import Scene, painted_abdomen
from twin.phantom.appearance import drawn_appearance
from twin.phantom.identifiers import phantom_uid
from twin.phantom.individual import SCAN_DATE, Individual, drawn_individual
from twin.phantom.limb import laid_out_limb, paint_limb
from twin.phantom.recipe import BodyPart, PhantomRecipe
from twin.phantom.scanner import Scanner, scanned
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.vessel_graph import VesselGraph
from twin.volume import ContrastPhase, Modality, Quantity, Volume

__all__ = ["VERSION", "Phantom", "build_phantom"]

VERSION = "1"


@dataclass(frozen=True, eq=False)
class Phantom:
    """A scan and everything that is true of it.

    Parameters
    ----------
    recipe
        What it was made from.
    volume
        CT in HU.
    layers
        Truth on the grid of the volume: organs, vessels, lesions, ducts, context, couinaud, portal_branch,
        venous_branch.
    graphs
        ``"portal"``, ``"hepatic"``, ``"arterial"``, ``"mesenteric"``, ``"cava"``, ``"biliary"``, ``"pancreatic"``:
        centrelines oriented from their root, in patient space.
    individual
        Sex, height and weight.
    """

    recipe: PhantomRecipe
    volume: Volume
    layers: Mapping[LayerName, LabelLayer]
    graphs: Mapping[str, VesselGraph]
    individual: Individual

    @property
    def facts(self) -> PatientFacts:
        """Clinical facts, consistent with the size of the body."""
        return self.individual.facts

    @property
    def identity(self) -> PatientIdentity:
        """A pseudonym that cannot be taken for a person."""
        return PatientIdentity(
            patient_id=f"PHANTOM-{self.recipe.seed}",
            name="Phantom^TwinSight",
            birth_date=f"{self.individual.birth_year}0101",
            sex=self.individual.sex.upper(),
        )


def build_phantom(recipe: PhantomRecipe, progress: ProgressListener = no_progress) -> Phantom:
    """Build the phantom of a recipe. A pure function: the same recipe gives the same voxels.

    Parameters
    ----------
    recipe
        Seed and options.
    progress
        Told how far it is.

    Examples
    --------
    >>> phantom = build_phantom(PhantomRecipe.small())  # doctest: +SKIP
    >>> phantom.layers[LayerName.ORGANS].volume_ml("liver")  # doctest: +SKIP
    1492.6
    """
    progress(Progress(0.0, "progress.phantom.anatomy"))
    individual = drawn_individual(recipe.seed, recipe.liver_volume_ml)
    grid = _grid(recipe)
    appearance = drawn_appearance(np.random.default_rng([recipe.seed, 2]), recipe.phase, recipe.contrast_spread)
    if recipe.body_part is BodyPart.ABDOMEN:
        scene = painted_abdomen(recipe, individual, grid, appearance, progress)
    else:
        canvas = paint_limb(laid_out_limb(recipe, grid, individual), grid, appearance)
        scene = Scene(canvas, canvas.labels, {})
    progress(Progress(0.8, "progress.phantom.scan"))
    voxels = scanned(
        scene.canvas.image_hu, scene.canvas.tissue, grid, appearance, Scanner(), recipe.noise_scale, recipe.seed
    )
    provenance = Provenance("phantom", VERSION, {"recipe": recipe.hash})
    layers = {name: _truth_layer(name, grid, labels, provenance) for name, labels in scene.labels.items()}
    progress(Progress(1.0, "progress.phantom.done"))
    return Phantom(recipe, _volume(recipe, grid, voxels, provenance), layers, scene.graphs, individual)


def _truth_layer(
    name: LayerName, grid: Grid, labels: NDArray[np.uint8] | NDArray[np.uint16], provenance: Provenance
) -> LabelLayer:
    """Wrap labels as a layer; the truth of a phantom is known up to the voxel."""
    layer = LabelLayer(name, grid, labels, provenance=provenance)
    if name.is_derived:
        return layer
    exact = BoundaryUncertainty.of_origin(LabelOrigin.TRUTH)
    return layer.with_uncertainties(dict.fromkeys(layer.structure_ids(), exact))


def _grid(recipe: PhantomRecipe) -> Grid:
    """Centre the scan on the body; the abdomen from the third lumbar vertebra to the heart."""
    size, spacing = np.array(recipe.size_ijk), np.array(recipe.spacing_ijk_mm)
    middle = np.array([0.0, 3.0, 25.0]) if recipe.body_part is BodyPart.ABDOMEN else np.zeros(3)
    origin = np.round(middle - 0.5 * (size - 1) * spacing, 3)
    return Grid.from_spacing(
        recipe.size_ijk, spacing, origin_lps_mm=origin, frame_of_reference_uid=phantom_uid(recipe.anatomy_hash, "frame")
    )


def _volume(recipe: PhantomRecipe, grid: Grid, voxels: NDArray[np.int16], provenance: Provenance) -> Volume:
    return Volume(
        id="volume-1",
        grid=grid,
        voxels=voxels,
        quantity=Quantity.HOUNSFIELD,
        modality=Modality.CT,
        phase=recipe.phase if recipe.body_part is BodyPart.ABDOMEN else ContrastPhase.PORTAL,
        description=f"{recipe.body_part.value} phantom",
        scan_date=SCAN_DATE,
        series_uid=phantom_uid(recipe.hash, "series"),
        nominal_thickness_mm=float(recipe.spacing_ijk_mm[2]),
        provenance=provenance,
        facts={"manufacturer": "TwinSight", "kernel": "SOFT", "kvp": "120"},
    )
