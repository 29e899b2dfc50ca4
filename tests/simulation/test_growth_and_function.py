"""Growth of the remnant between two scans, blood tests and measured function."""

from datetime import date

import pytest

from simulation.growth_and_function import function_figures, growth_figures, growth_warnings
from simulation.volumetry import known_figures
from twin.figure import Figure
from twin.patient import FactOrigin, PatientFacts


def facts_of(**entered):
    facts = PatientFacts()
    for name, value in entered.items():
        facts = facts.with_fact(name, value, FactOrigin.ENTERED, "2026-03-01")
    return facts


# Standard volume by Vauthey 1509.7 ml: 20 % is 301.9 ml, 30 % is 452.9 ml.
PERSON = {"height_cm": 170, "weight_kg": 70}
BEFORE = {"earlier_flr_ml": 301.93, "earlier_flr_date": "2025-12-20", "pve_date": "2026-01-01"}
NOW = Figure(452.9, 440.0, 466.0, "ml")


def test_that_growth_from_20_to_30_per_cent_in_28_days_is_2_5_points_a_week():
    figures = growth_figures(NOW, facts_of(**PERSON, **BEFORE), date(2026, 1, 29), may_use_slv=True)
    assert figures["hypertrophy_points"]["vauthey"].value == pytest.approx(10.0, abs=0.01)
    rate = figures["kinetic_growth_rate"]["vauthey"]
    assert rate.value == pytest.approx(2.5, abs=0.01)
    assert rate.low < rate.value < rate.high


def test_that_what_growth_needs_is_named():
    figures = growth_figures(NOW, facts_of(**PERSON), None, may_use_slv=True)
    needs = figures["kinetic_growth_rate"]["urata"].needs
    assert needs == ("earlier_flr_ml", "earlier_flr_date", "pve_date", "scan_date")
    young = growth_figures(NOW, facts_of(**PERSON, **BEFORE), date(2026, 1, 29), may_use_slv=False)
    assert young["kinetic_growth_rate"]["urata"].value is None


@pytest.mark.parametrize(
    ("day", "message_id"),
    [
        (date(2026, 1, 29), "warning.growth.days"),
        (date(2026, 1, 10), "warning.growth.days_outside"),
        (date(2026, 4, 1), "warning.growth.days_outside"),
        (date(2025, 12, 25), "warning.growth.wrong_order"),
    ],
)
def test_that_the_days_since_embolisation_are_said_and_cut_offs_only_where_they_hold(day, message_id):
    facts = facts_of(**PERSON, **BEFORE)
    figures = growth_figures(NOW, facts, day, may_use_slv=True)
    figures["sflr_percent"] = {"vauthey": Figure(30.0, 29.0, 31.0, "%")}
    said = [warning.message_id for warning in growth_warnings(figures, facts, day)]
    assert said[0] == message_id
    assert ("warning.threshold.growth_inside" in said) == (message_id == "warning.growth.days")


def test_that_albi_has_its_grade_and_measured_function_stands_beside():
    figures = known_figures(function_figures(facts_of(bilirubin_umol_l=20, albumin_g_l=40, hbs_percent=2.9)))
    assert figures["albi.score"].value == pytest.approx(-2.541, abs=1e-3)
    assert figures["albi.grade"].value == 2
    assert figures["measured_function.hbs_percent"].value == 2.9
    assert known_figures(function_figures(facts_of()))["albi.score"].needs == ("bilirubin_umol_l", "albumin_g_l")
