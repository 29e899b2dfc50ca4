"""Published formulas against their worked examples."""

from datetime import date

import pytest

from simulation.formulas import body, remnant
from simulation.formulas.fistula import (
    RiskBand,
    a_frs,
    d_frs_intraoperative,
    d_frs_preoperative,
    frs,
    frs_band,
    isgps_class,
    ua_frs,
)
from simulation.formulas.flr_threshold import FLR_THRESHOLDS, FlrRatio, positions, thresholds_for
from simulation.formulas.formula_value import FormulaValue
from simulation.formulas.liver_function import albi_grade, albi_score
from simulation.threshold_notes import threshold_notes
from twin.figure import Figure, ThresholdPosition
from twin.patient import FactOrigin, PatientFacts
from twin.wording import Wording


def of_bsa(bsa_m2):
    return FormulaValue(bsa_m2, "m2")


def test_that_body_surface_areas_match_their_worked_examples():
    assert body.bsa_mosteller(170, 70).value == pytest.approx(1.818, abs=5e-4)
    assert body.bsa_dubois(170, 70).value == pytest.approx(1.810, abs=5e-4)
    assert body.slv_urata(170, 70, body.bsa_dubois(170, 70)).value == pytest.approx(1280.4, abs=0.1)


@pytest.mark.parametrize(("bsa", "urata", "vauthey"), [(1.5, 1061.7, 1106.5), (2.2, 1556.0, 1993.6)])
def test_that_standard_liver_volumes_match_their_worked_examples(bsa, urata, vauthey):
    assert body.slv_urata(0, 0, of_bsa(bsa)).value == pytest.approx(urata, abs=0.06)
    assert body.slv_vauthey(0, 0, of_bsa(bsa)).value == pytest.approx(vauthey, abs=0.06)


def test_that_the_worked_patient_of_170_cm_and_70_kg_comes_out():
    urata, vauthey = body.slv_urata(170, 70), body.slv_vauthey(170, 70)
    assert (urata.value, vauthey.value) == (pytest.approx(1286.4, abs=0.05), pytest.approx(1509.7, abs=0.05))
    assert remnant.sflr_percent(400, urata).value == pytest.approx(31.1, abs=0.05)
    assert remnant.sflr_percent(400, vauthey).value == pytest.approx(26.5, abs=0.05)
    assert remnant.flr_body_weight_percent(400, 70).value == pytest.approx(0.571, abs=5e-4)
    assert remnant.flr_percent(400, 1800).value == pytest.approx(22.2, abs=0.05)


def test_that_the_other_standard_volumes_follow_their_formulas():
    mosteller, dubois = body.bsa_mosteller(170, 70).value, body.bsa_dubois(170, 70).value
    assert body.slv_chinese(170, 70).value == pytest.approx(758.259 * mosteller - 124.272)
    assert body.slv_korean(170, 70).value == pytest.approx(893.485 * mosteller - 439.169)
    assert body.slv_korean(170, 70, is_bsa_dubois=True).value == pytest.approx(908.204 * dubois - 464.728)
    assert body.slv_yu(170, 70).value == pytest.approx(21.585 * 70**0.732 * 170**0.225)
    assert (body.slv_chan(70, "m").value, body.slv_chan(70, "f").value) == pytest.approx((1130.0, 1079.0))


def test_that_the_ratios_of_the_remnant_match_their_worked_examples():
    assert remnant.flr_percent(450, 1500).value == pytest.approx(30.0)
    assert remnant.grwr_percent(600, 75).value == pytest.approx(0.80)
    weight = remnant.specimen_weight_g(600)
    assert weight.value == pytest.approx(573, abs=0.5)
    assert remnant.grwr_percent(weight.value, 75).value == pytest.approx(0.76, abs=0.005)


def test_that_the_kinetic_growth_rate_counts_weeks_since_the_embolisation():
    start = date(2026, 1, 1)
    at_28 = remnant.kinetic_growth_rate(20, 30, start, date(2026, 1, 29))
    assert at_28.value == pytest.approx(2.5)
    assert at_28.inputs["days_since_pve"] == 28
    assert at_28.valid_for == "formula.valid.kgr"
    for day in (date(2026, 1, 10), date(2026, 3, 10)):
        assert remnant.kinetic_growth_rate(20, 30, start, day).valid_for == "formula.valid.kgr_outside"
    with pytest.raises(ValueError, match="after"):
        remnant.kinetic_growth_rate(20, 30, start, start)


def test_that_albi_matches_its_worked_example():
    assert albi_score(20, 40).value == pytest.approx(-2.541, abs=5e-4)
    assert [albi_grade(score) for score in (-2.60, -2.541, -1.39, -1.38)] == [1, 2, 2, 3]


def test_that_fistula_models_match_their_worked_examples():
    assert [round(a_frs(is_soft=s, bmi=25, duct_mm=3).value, 1) for s in (True, False)] == [16.2, 7.0]
    ua = [round(ua_frs(is_soft=s, bmi=25, duct_mm=3, is_male=m).value, 1) for m in (True, False) for s in (True, False)]
    assert ua == [45.3, 24.2, 30.4, 14.4]
    assert d_frs_preoperative(duct_mm=2, thickness_mm=15).value == pytest.approx(18.7, abs=0.05)
    theatre = d_frs_intraoperative(is_soft=True, bmi=25, duct_mm=2, thickness_mm=15, minutes=200)
    assert theatre.value == pytest.approx(10.9, abs=0.05)


def test_that_ducts_over_5_mm_and_extreme_bmi_are_held_as_the_models_were_fitted():
    assert a_frs(is_soft=True, bmi=25, duct_mm=9).value == a_frs(is_soft=True, bmi=25, duct_mm=5).value
    at = {"is_soft": True, "duct_mm": 3, "is_male": True}
    assert ua_frs(bmi=70, **at).value == ua_frs(bmi=50, **at).value


@pytest.mark.parametrize(
    ("duct_mm", "points"), [(6, 0), (5, 0), (4.9, 1), (4, 1), (3, 2), (2.5, 3), (2, 3), (1, 4), (0.5, 4)]
)
def test_that_the_duct_scores_its_points(duct_mm, points):
    assert frs(is_soft=False, is_pdac_or_pancreatitis=True, duct_mm=duct_mm, blood_loss_ml=0).value == points


def test_that_the_fistula_risk_score_has_its_bands():
    worst = frs(is_soft=True, is_pdac_or_pancreatitis=False, duct_mm=1, blood_loss_ml=1001)
    assert worst.value == 10
    assert [frs_band(p) for p in (0, 1, 2, 3, 6, 7, 10)] == [
        RiskBand.NEGLIGIBLE, RiskBand.LOW, RiskBand.LOW, RiskBand.MODERATE, RiskBand.MODERATE, RiskBand.HIGH,
        RiskBand.HIGH,
    ]  # fmt: skip
    losses = (400, 401, 700, 701, 1000, 1001)
    points = [frs(is_soft=False, is_pdac_or_pancreatitis=True, duct_mm=9, blood_loss_ml=loss).value for loss in losses]
    assert points == [0, 1, 1, 2, 2, 3]


def test_that_the_four_classes_carry_their_rates():
    found = [isgps_class(is_soft=soft, duct_mm=duct) for soft in (False, True) for duct in (3.1, 3.0)]
    assert [(name, rate.value) for name, rate in found] == [("A", 3.5), ("B", 6.2), ("C", 16.6), ("D", 23.2)]


def test_that_each_formula_says_what_it_is_valid_for_in_both_languages():
    values = [
        body.bsa_mosteller(170, 70), body.bsa_dubois(170, 70), body.slv_urata(170, 70), body.slv_vauthey(170, 70),
        body.slv_chinese(170, 70), body.slv_korean(170, 70), body.slv_yu(170, 70), body.slv_chan(70, "f"),
        remnant.flr_percent(1, 2), remnant.flr_body_weight_percent(1, 2), remnant.grwr_percent(1, 2),
        remnant.specimen_weight_g(1), remnant.degree_of_hypertrophy(1, 2), albi_score(20, 40),
        a_frs(is_soft=True, bmi=25, duct_mm=3), ua_frs(is_soft=True, bmi=25, duct_mm=3, is_male=True),
        d_frs_preoperative(duct_mm=2, thickness_mm=15), isgps_class(is_soft=True, duct_mm=2)[1],
        frs(is_soft=True, is_pdac_or_pancreatitis=True, duct_mm=2, blood_loss_ml=1),
    ]  # fmt: skip
    for language in ("fr", "en"):
        wording = Wording(language)
        assert [v.valid_for for v in values if wording.text(v.valid_for) == v.valid_for] == []
    assert all(value.inputs for value in values)


def test_that_a_cut_off_is_compared_with_the_ratio_it_was_derived_from_only():
    """The same 400 ml remnant reads 31.1, 26.5 and 22.2 per cent: each row looks at its own."""
    figures = {
        "sflr_percent.urata": Figure(31.1, 29.0, 33.0, "%"),
        "sflr_percent.vauthey": Figure(26.5, 24.6, 28.2, "%"),
        "flr_percent": Figure(22.2, 20.6, 24.0, "%"),
    }
    found = {(row.percent, row.ratio): position for row, position in positions(figures, "normal")}
    assert found == {
        (20.0, FlrRatio.SFLR_VAUTHEY): ThresholdPosition.BELOW,
        (25.0, FlrRatio.SFLR_URATA): ThresholdPosition.BELOW,
        (25.0, FlrRatio.MEASURED): ThresholdPosition.ABOVE,
        (26.6, FlrRatio.MEASURED): ThresholdPosition.ABOVE,
    }


def test_that_a_threshold_inside_the_interval_is_a_state_of_its_own_and_said():
    figures = {"sflr_percent.vauthey": Figure(29.0, 27.0, 31.0, "%")}
    treated = PatientFacts().with_fact("parenchyma", "chemotherapy", FactOrigin.ENTERED, "2026-01-01")
    (note,) = threshold_notes(figures, treated)
    assert note.message_id == "warning.threshold.inside_interval"
    assert note.parameters["percent"] == 30.0
    assert threshold_notes(figures, PatientFacts()) == ()


def test_that_steatosis_has_no_row_and_that_is_said():
    assert thresholds_for("steatosis") == ()
    fatty = PatientFacts().with_fact("parenchyma", "steatosis", FactOrigin.ENTERED, "2026-01-01")
    assert [note.message_id for note in threshold_notes({}, fatty)] == ["warning.threshold.no_published_row"]


def test_that_a_missing_ratio_decides_nothing():
    assert {position for _, position in positions({}, "normal")} == {ThresholdPosition.UNDECIDABLE}
    assert {row.parenchyma for row in FLR_THRESHOLDS} == {"normal", "chemotherapy", "fibrosis", "cirrhosis", "donor"}


def test_that_the_odds_ratios_of_the_fistula_model_are_the_published_ones():
    def odds(**changed):
        at = {"is_soft": False, "bmi": 25, "duct_mm": 3} | changed
        share = a_frs(**at).value / 100
        return share / (1 - share)

    published = {2.58: {"is_soft": True}, 1.07: {"bmi": 26}, 0.68: {"duct_mm": 4}}
    for ratio, changed in published.items():
        assert odds(**changed) / odds() == pytest.approx(ratio, abs=0.005)
    assert ua_frs(is_soft=True, bmi=5, duct_mm=3, is_male=True).value == pytest.approx(
        ua_frs(is_soft=True, bmi=10, duct_mm=3, is_male=True).value
    )


def test_that_the_weight_of_a_specimen_has_its_density_and_its_blood():
    assert remnant.specimen_weight_g(1000, is_blood_free=False).value == pytest.approx(1054)
    assert remnant.specimen_weight_g(1000).value == pytest.approx(1054 * 0.906)


def test_that_hypertrophy_is_the_difference_of_two_standardised_remnants():
    assert remnant.degree_of_hypertrophy(20, 30).value == pytest.approx(10)
