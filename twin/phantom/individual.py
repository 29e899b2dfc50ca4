"""The individual that a seed draws: sex, height, weight, and the body map and fat that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.patient import FactOrigin, PatientFacts
from twin.phantom.lattice import BodyMap

__all__ = ["Individual", "drawn_individual"]

# Day on which every phantom was "scanned": a phantom has no calendar of its own.
SCAN_DATE = "20260102"


@dataclass(frozen=True)
class Individual:
    """Who the phantom is: consistent facts and the geometry that follows."""

    sex: str
    height_cm: int
    weight_kg: int
    birth_year: int
    liver_volume_ml: float
    fat_factor: float
    body_map: BodyMap

    @property
    def facts(self) -> PatientFacts:
        """The facts as a person would have entered them."""
        day = f"{SCAN_DATE[:4]}-{SCAN_DATE[4:6]}-{SCAN_DATE[6:]}"
        facts = PatientFacts()
        for name, value in (
            ("height_cm", self.height_cm),
            ("weight_kg", self.weight_kg),
            ("sex", self.sex),
            ("birth_year", self.birth_year),
            ("parenchyma", "normal"),
        ):
            facts = facts.with_fact(name, value, FactOrigin.ENTERED, day)
        return facts


def drawn_individual(seed: int, wanted_liver_ml: float | None) -> Individual:
    """Draw sex, height and weight of an adult, and a liver that fits them.

    Without a wanted volume the liver follows the body surface: 706.2 BSA + 2.4 ml (Urata et al., Hepatology
    1995;21:1317, in Japanese adults) lies low for Europeans, whose mean is 1267.28 BSA - 794.41 ml (Vauthey et
    al., Liver Transpl 2002;8:233); we draw around the latter with its own spread, near 12 %.
    """
    rng = np.random.default_rng([seed, 1])
    sex = "m" if rng.random() < 0.5 else "f"
    height_cm = float(np.clip(rng.normal(176.0 if sex == "m" else 164.0, 6.0), 152.0, 192.0))
    bmi = float(np.clip(rng.normal(24.5, 2.6), 19.5, 31.0))
    weight_kg = bmi * (height_cm / 100.0) ** 2
    bsa_m2 = float(np.sqrt(height_cm * weight_kg / 3600.0))  # Mosteller, N Engl J Med 1987;317:1098
    drawn_ml = (1267.28 * bsa_m2 - 794.41) * (1.0 + 0.10 * float(np.clip(rng.standard_normal(), -2, 2)))
    liver_ml = wanted_liver_ml if wanted_liver_ml is not None else float(np.clip(drawn_ml, 1050.0, 2050.0))
    size = float(np.cbrt(liver_ml / 1500.0))
    stature = (height_cm - 171.0) / 171.0
    width = 1.0 + 0.35 * stature + 0.004 * (bmi - 24.5)
    scale = (
        width * rng.normal(1.0, 0.012),
        (1.0 + 0.25 * stature + 0.006 * (bmi - 24.5)) * rng.normal(1.0, 0.015),
        1.0 + 0.5 * stature + 0.15 * (size - 1.0),
    )
    return Individual(
        sex,
        round(height_cm),
        round(weight_kg),
        2026 - int(rng.integers(38, 76)),
        liver_ml,
        float(np.clip(1.0 + 0.11 * (bmi - 24.5) + (0.15 if sex == "f" else 0.0), 0.45, 1.9)),
        BodyMap.drawn(rng, np.clip(scale, 0.9, 1.08), amplitude_mm=1.2),
    )
