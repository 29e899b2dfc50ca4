"""A small made-up case with two organs, a lesion, vessels, a plan and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.model import ModelPart, model_parts
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.figure import Figure, FigureStatus
from twin.geometry.surface_vtk import surface_of_mask
from twin.grid import Grid
from twin.label_layer import LabelLayer, lesion_layer
from twin.outcome import CrossedVessel, Outcome, OutcomeWarning
from twin.patient import FactOrigin, PatientFacts, PatientIdentity
from twin.plan import Approval, Plan
from twin.provenance import Provenance
from twin.resection import PlaneCut
from twin.surface import Surface
from twin.twin import Twin, build_twin
from twin.vessel_graph import VesselGraph
from twin.volume import ContrastPhase, Modality, Quantity, Volume

# Right-handed, tilted about the body axis and anisotropic, so that a swapped axis or sign shows.
_ANGLE = np.deg2rad(10.0)
_DIRECTION = np.array([[np.cos(_ANGLE), -np.sin(_ANGLE), 0.0], [np.sin(_ANGLE), np.cos(_ANGLE), 0.0], [0.0, 0.0, 1.0]])
IDENTITY = PatientIdentity("PID-77120", "ZACHARIE^Élodie", "19610423", "F")
IDENTITY_WORDS = ("77120", "ZACHARIE", "Zacharie", "lodie", "19610423", "1961-04-23", "23/04/1961")


@dataclass(frozen=True, eq=False)
class Example:
    """A case with everything an export may need."""

    case: Case
    twin: Twin
    plan: Plan
    outcome: Outcome
    split: tuple[Surface, Surface]

    @property
    def parts(self) -> tuple[ModelPart, ...]:
        return model_parts(self.twin, self.split)


@pytest.fixture(scope="session")
def grid() -> Grid:
    return Grid.from_spacing((80, 64, 48), (2.5, 2.6, 3.0), origin_lps_mm=(-110.0, -90.0, 40.0), direction=_DIRECTION)


@pytest.fixture(scope="session")
def example(grid: Grid) -> Example:
    """A draft plan on labels that nobody has confirmed."""
    case = _labelled_case(grid)
    twin = build_twin(case, graphs={name: _trunk(name) for name in ("portal", "hepatic")})
    liver = twin.mask("liver")
    lps_mm = _centres_lps_mm(grid)
    centre = lps_mm[liver].mean(axis=0) + np.array([12.0, 0.0, 0.0])
    normal = np.array([-1.0, 0.15, 0.1])
    removed = liver & ((lps_mm - centre) @ normal > 0)
    plan = Plan("Plan A", (PlaneCut(tuple(centre), tuple(normal)),))
    split = (
        surface_of_mask(liver & ~removed, grid, "remnant", target_triangles=20_000),
        surface_of_mask(removed, grid, "specimen", target_triangles=20_000),
    )
    case = case.with_plan(plan)
    outcome = _outcome(case, plan, tuple(centre))
    return Example(case.with_outcome(outcome), twin, plan, outcome, split)


@pytest.fixture(scope="session")
def approved(example: Example) -> Example:
    """The same plan, confirmed and approved."""
    case = example.case
    for name in case.structure_ids():
        case = case.with_confirmation(name, "Dr Surgeon")
    approval = Approval(
        "Dr Surgeon",
        "account",
        "2026-03-02T09:30:00+00:00",
        example.plan.hash,
        case.labels_hash,
        example.outcome.figures_hash,
    )
    plan = example.plan.with_approval(approval)
    return replace(example, case=case.with_plan(plan), plan=plan)


def _centres_lps_mm(grid: Grid) -> NDArray[np.float64]:
    """Centres of all voxels, ``[k, j, i, xyz]``."""
    ijk = np.moveaxis(np.indices(grid.size_ijk), 0, -1).transpose(2, 1, 0, 3)
    return np.asarray(grid.lps_from_ijk(ijk.reshape(-1, 3)).reshape(*grid.shape_kji, 3))


def _trunk(tree: str) -> VesselGraph:
    """A tree of two nodes: enough to say that it was traced."""
    nodes_lps_mm = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 10.0]])
    return VesselGraph(tree, nodes_lps_mm, np.ones(2), np.array([-1, 0], np.int32), np.ones(2, np.int32))


def _labelled_case(grid: Grid) -> Case:
    lps_mm = _centres_lps_mm(grid)
    centre = lps_mm.reshape(-1, 3).mean(axis=0)

    def ball(offset_mm: tuple[float, float, float], radii_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
        return np.asarray((((lps_mm - centre - offset_mm) / radii_mm) ** 2).sum(-1) <= 1.0)

    def tube(start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> NDArray[np.bool_]:
        a, b = centre + start, centre + end
        along = np.clip(((lps_mm - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        return np.asarray(np.linalg.norm(lps_mm - a - along[..., None] * (b - a), axis=-1) <= radius)

    organs = np.zeros(grid.shape_kji, np.uint8)
    organs[ball((-25, -5, 10), (55, 45, 45))] = structure("liver").value
    organs[ball((45, 10, -25), (35, 12, 12))] = structure("pancreas").value
    organs[ball((70, 30, 30), (18, 18, 25))] = structure("spleen").value
    vessels = np.zeros(grid.shape_kji, np.uint8)
    vessels[tube((10, 25, -60), (-20, 0, 5), 6.0)] = structure("portal_vein").value
    vessels[tube((-20, 0, 5), (-60, -5, 15), 4.0)] = structure("portal_vein").value
    vessels[tube((0, 30, -65), (0, 30, 60), 10.0)] = structure("inferior_vena_cava").value
    vessels[tube((-10, 10, 50), (-45, -15, 20), 5.0)] = structure("hepatic_vein").value
    vessels[tube((25, 45, -65), (25, 45, 60), 9.0)] = structure("aorta").value
    vessels[tube((25, 36, -25), (30, 10, -35), 4.0)] = structure("superior_mesenteric_artery").value
    couinaud = np.zeros(grid.shape_kji, np.uint8)
    couinaud[(organs == 1) & (lps_mm[..., 0] < centre[0] - 40)] = structure("couinaud_6").value
    couinaud[(organs == 1) & (lps_mm[..., 0] >= centre[0] - 40)] = structure("couinaud_4b").value
    made = Provenance("reader.labels", "1", time_utc="2026-03-01T08:00:00+00:00")
    volume = Volume(
        "volume-1",
        grid,
        np.zeros(grid.shape_kji, np.int16),
        Quantity.HOUNSFIELD,
        Modality.CT,
        ContrastPhase.PORTAL,
        scan_date="20260215",
        series_uid="1.2.826.0.1.3680043.8.498.1",
    )
    case = Case("3f2a9c71d0e84b6f", IDENTITY).with_volume(volume)
    case = case.with_layer(LabelLayer(LayerName.ORGANS, grid, organs, provenance=made))
    case = case.with_layer(LabelLayer(LayerName.VESSELS, grid, vessels, provenance=made))
    lesions = [ball((-55, -5, 10), (13, 12, 12)), ball((-10, -15, 25), (7, 7, 7))]
    case = case.with_layer(lesion_layer(grid, lesions, made))
    case = case.with_layer(LabelLayer(LayerName.COUINAUD, grid, couinaud))
    facts = PatientFacts().with_fact("height_cm", 165, FactOrigin.ENTERED, "2026-03-01")
    return case.with_facts(facts.with_fact("parenchyma", "normal", FactOrigin.ENTERED, "2026-03-01"))


def _outcome(case: Case, plan: Plan, point_lps_mm: tuple[float, float, float]) -> Outcome:
    def computed(value: float, spread: float, unit: str, source: str = "label volume") -> Figure:
        return Figure(value, value - spread, value + spread, unit, FigureStatus.COMPUTED, source)

    needs_weight = Figure.unknown("%", needs=("weight_kg",))
    liver = {
        "total_ml": computed(1482.4, 61.0, "ml"),
        "lesion_ml": computed(9.3, 2.1, "ml"),
        "net_ml": computed(1473.1, 60.0, "ml"),
        "resected_ml": computed(1001.7, 40.0, "ml"),
        "remnant_ml": computed(480.7, 22.0, "ml"),
        "flr_ml": computed(478.9, 22.0, "ml"),
        "flr_percent": computed(32.5, 1.6, "%"),
        "sflr_percent": {"vauthey": needs_weight, "urata": needs_weight},
        "flr_body_weight_percent": needs_weight,
        "functional_remnant_ml": Figure.unknown("ml"),
        "ischaemic_ml": Figure.unknown("ml"),
        "congested_ml": Figure.unknown("ml"),
        "margin_mm": computed(11.4, 3.0, "mm"),
        "lesion_margin_mm": {"lesion-1": computed(11.4, 3.0, "mm"), "lesion-2": computed(28.3, 3.0, "mm")},
    }
    crossed = (
        CrossedVessel(1, "portal", "portal.right.anterior.8", 7.8, point_lps_mm),
        CrossedVessel(2, "hepatic", "hepatic.right", 5.1, point_lps_mm),
    )
    return Outcome(
        plan.name,
        plan.hash,
        case.labels_hash,
        case.facts_hash,
        liver,
        clip_list=crossed,
        warnings=(
            OutcomeWarning("warning.margin.thick_slices", {"slice_mm": 3.5}),
            OutcomeWarning(
                "warning.threshold.inside_interval",
                {"percent": 33.0, "ratio": "flr_percent", "source": "Shoup, PMC6422720"},
            ),
        ),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"
