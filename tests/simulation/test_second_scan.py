"""The remnant on a scan of another date, through the registration and by that scan's own segments."""

from datetime import date

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from simulation.organ_model import OrganModel
from simulation.removal import removal_of
from simulation.second_scan import remnant_on
from simulation.simulate import simulate
from tests.simulation.shapes import EXACT, centres, grid_of, twin_of
from twin.anatomy import LayerName
from twin.figure import Figure, FigureStatus
from twin.patient import FactOrigin, PatientFacts
from twin.plan import Plan
from twin.provenance import Provenance
from twin.registration import Registration
from twin.resection import parse_cut
from twin.second_scan import SecondScan

BEFORE, NOW = date(2026, 1, 1), date(2026, 1, 31)
PERSON = {"height_cm": 170, "weight_kg": 70, "pve_date": "2026-01-03"}
RIGHT = Plan("A", (parse_cut("plane:0,0,0:-1,0,0"),))  # what lies to the patient's right goes


def facts_of(**entered):
    facts = PatientFacts()
    for name, value in entered.items():
        facts = facts.with_fact(name, value, FactOrigin.ENTERED, "2026-02-01")
    return facts


def slab(grid, left_mm, right_mm, half_mm=20.0, *, matrix=None):
    """Voxels from ``-right_mm`` to ``left_mm`` along x, seen in the frame that ``matrix`` leads to."""
    points = centres(grid)
    if matrix is not None:
        points = points @ matrix[:3, :3].T + matrix[:3, 3]
    x, y, z = np.moveaxis(points, -1, 0)
    return (x > -right_mm) & (x < left_mm) & (np.abs(y) < half_mm) & (np.abs(z) < half_mm)


def registration(matrix, median_mm=1.0, doubts=()):
    quality = (
        Figure(median_mm, 0.2, 3.0, "mm", FigureStatus.MEASURED)
        if median_mm is not None
        else Figure(None, None, None, "mm", FigureStatus.ASSUMED)
    )
    provenance = Provenance("register.rigid", "1", {"doubts": list(doubts)})
    return Registration("volume-2", "volume-1", matrix, "rigid", quality, provenance)


def moved(*angles_deg, shift_mm=(0.0, 0.0, 0.0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


@pytest.mark.parametrize(
    "matrix", [moved(0, 0, 0), moved(0, 0, 0, shift_mm=(7, -5, 9)), moved(10, -8, 12, shift_mm=(5, 4, -6))]
)
def test_that_the_remnant_on_another_scan_is_that_of_the_registered_cut(matrix):
    """The liver was 10 mm shorter on its left before: 20 of then against 30 of now stay."""
    planned = twin_of(grid_of((90, 60, 60)), slab(grid_of((90, 60, 60)), 30, 30))
    other_grid = grid_of((80, 80, 80), (1.2, 1.2, 1.5))
    other = twin_of(other_grid, slab(other_grid, 20, 30, matrix=matrix), uncertainty=EXACT)
    scan = SecondScan("volume-2", BEFORE, other, registration(matrix))
    found = remnant_on(scan, RIGHT, removal_of(RIGHT, OrganModel.of_twin(planned)))
    assert not found.by_own_vessels
    assert found.flr_ml.value == pytest.approx(20 * 40 * 40 / 1000, rel=0.04)
    assert found.total_ml.value == pytest.approx(50 * 40 * 40 / 1000, rel=0.04)
    assert found.flr_ml.low < found.flr_ml.value < found.flr_ml.high


def test_that_a_worse_registration_widens_the_interval_and_one_not_measured_more_still():
    grid = grid_of((90, 60, 60))
    twin = twin_of(grid, slab(grid, 30, 30), uncertainty=EXACT)
    removal = removal_of(RIGHT, OrganModel.of_twin(twin))
    widths = []
    for median_mm in (0.5, 3.0, None):
        scan = SecondScan("volume-2", BEFORE, twin, registration(np.eye(4), median_mm))
        flr_ml = remnant_on(scan, RIGHT, removal).flr_ml
        widths.append(flr_ml.high - flr_ml.low)
    assert widths == sorted(widths)
    area_cm2 = 40 * 40 / 100  # the cut: three millimetres nearer and farther
    assert widths[1] - widths[0] == pytest.approx(2 * 0.25 * area_cm2, abs=0.1 * area_cm2 + 1.7)


def test_that_lesions_on_the_other_scan_are_no_remnant():
    grid = grid_of((90, 60, 60))
    liver = slab(grid, 30, 30)
    lesion = np.linalg.norm(centres(grid) - (15, 0, 0), axis=-1) < 6
    scan = SecondScan("volume-2", BEFORE, twin_of(grid, liver, [lesion]), registration(np.eye(4)))
    whole = SecondScan("volume-2", BEFORE, twin_of(grid, liver), registration(np.eye(4)))
    removal = removal_of(RIGHT, OrganModel.of_twin(twin_of(grid, liver)))
    lost = remnant_on(whole, RIGHT, removal).flr_ml.value - remnant_on(scan, RIGHT, removal).flr_ml.value
    assert lost == pytest.approx(np.count_nonzero(lesion) / 1000)


def test_that_segments_are_those_of_the_other_scan_where_it_has_them():
    """The border between two segments moved with growth: only the vessels of each scan know that."""
    grid = grid_of((90, 60, 60))
    plan = Plan("A", (parse_cut("H5"),))

    def segmented(border_mm):
        liver, x = slab(grid, 30, 30), centres(grid)[..., 0]
        couinaud = np.where(liver, np.where(x > border_mm, 2, 5), 0).astype(np.uint8)
        return twin_of(grid, liver, derived={LayerName.COUINAUD: couinaud})

    now, then = segmented(-6.0), segmented(0.0)
    removal = removal_of(plan, OrganModel.of_twin(now))
    found = remnant_on(SecondScan("volume-2", BEFORE, then, registration(np.eye(4))), plan, removal)
    assert found.by_own_vessels
    assert found.flr_ml.value == pytest.approx(np.count_nonzero(then.layers[LayerName.COUINAUD].voxels == 2) / 1000)
    blind = SecondScan("volume-2", BEFORE, twin_of(grid, slab(grid, 30, 30)), registration(np.eye(4)))
    assert remnant_on(blind, plan, removal).flr_ml.value > found.flr_ml.value + 5


def test_that_growth_between_two_scans_has_its_rate_its_dates_and_its_quality():
    grid = grid_of((90, 60, 60), (2.0, 2.0, 2.0))
    now, then = twin_of(grid, slab(grid, 60, 60, 50)), twin_of(grid, slab(grid, 40, 60, 50))
    scan = SecondScan("volume-2", BEFORE, then, registration(np.eye(4)))
    outcome = simulate(RIGHT, now, facts_of(**PERSON), scan_date=NOW, second=scan)
    second = outcome.liver["second_scan"]
    grown_ml = outcome.liver["flr_ml"].value - second["flr_ml"].value
    assert second["growth_ml"].value == pytest.approx(grown_ml)
    assert second["growth_percent"].value == pytest.approx(50, abs=6)
    down_ml = second["flr_ml"].high - second["flr_ml"].value
    up_ml = outcome.liver["flr_ml"].value - outcome.liver["flr_ml"].low
    assert grown_ml - second["growth_ml"].low == pytest.approx(np.hypot(down_ml, up_ml))
    assert second["growth_percent"].low < second["growth_percent"].value < second["growth_percent"].high
    slv_ml = outcome.liver["flr_ml"].value / outcome.liver["sflr_percent"]["vauthey"].value * 100
    points = outcome.liver["hypertrophy_points"]["vauthey"].value
    assert points == pytest.approx(100 * grown_ml / slv_ml)
    assert outcome.liver["kinetic_growth_rate"]["vauthey"].value == pytest.approx(points / 4)  # 28 days
    said = {warning.message_id: warning.parameters for warning in outcome.warnings}
    assert said["warning.growth.by_registration"] == {
        "first_date": "2026-01-01", "last_date": "2026-01-31", "days": 30, "median_mm": 1.0,
    }  # fmt: skip
    assert said["warning.growth.days"] == {"days": 28}


def test_that_the_other_scan_may_be_the_later_one_and_a_typed_volume_is_set_aside():
    grid = grid_of((90, 60, 60), (2.0, 2.0, 2.0))
    now, later = twin_of(grid, slab(grid, 40, 60, 50)), twin_of(grid, slab(grid, 60, 60, 50))
    scan = SecondScan("volume-2", NOW, later, registration(np.eye(4), doubts=["registration.doubt.overlap"]))
    facts = facts_of(**PERSON, earlier_flr_ml=900.0, earlier_flr_date="2025-12-01")
    outcome = simulate(RIGHT, now, facts, scan_date=BEFORE, second=scan)
    assert outcome.liver["second_scan"]["growth_ml"].value > 0
    assert outcome.liver["kinetic_growth_rate"]["vauthey"].value > 0
    said = {warning.message_id for warning in outcome.warnings}
    assert {"warning.growth.doubtful_registration", "warning.growth.typed_set_aside"} <= said


def test_that_two_scans_on_one_side_of_the_embolisation_give_growth_and_no_rate():
    grid = grid_of((90, 60, 60))
    twin = twin_of(grid, slab(grid, 30, 30))
    scan = SecondScan("volume-2", BEFORE, twin, registration(np.eye(4)))
    outcome = simulate(RIGHT, twin, facts_of(height_cm=170, weight_kg=70), scan_date=NOW, second=scan)
    assert outcome.liver["second_scan"]["growth_ml"].value == pytest.approx(0, abs=0.2)
    assert outcome.liver["kinetic_growth_rate"]["vauthey"].needs == ("pve_date",)
    assert "warning.growth.no_embolisation" in {warning.message_id for warning in outcome.warnings}
    late = facts_of(**{**PERSON, "pve_date": "2025-12-01"})
    outcome = simulate(RIGHT, twin, late, scan_date=NOW, second=scan)
    assert outcome.liver["kinetic_growth_rate"]["vauthey"].value is None
    assert "warning.growth.wrong_order" in {warning.message_id for warning in outcome.warnings}
