"""The statistical prior shipped with TwinSight, and its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from resources import resource_path
from segmentation.classical.boosted_trees import BoostedTrees
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

__all__ = ["ClassicalPrior", "classical_prior", "is_prior_shipped"]

_FILE = "models/classical.json"


@dataclass(frozen=True, eq=False)
class ClassicalPrior:
    """Boosted trees of the two looks and what their cross-validation measured.

    Parameters
    ----------
    coarse
        Names organs over the body.
    fine
        Organ to the trees that redraw its border; an organ without an entry keeps its coarse border.
    version
        Version of the prior.
    uncertainties
        Structure id to the measured boundary uncertainty.
    dice
        Structure id to cross-validated Dice, the mean over the scans.
    """

    coarse: BoostedTrees
    fine: Mapping[str, BoostedTrees]
    version: str
    uncertainties: Mapping[str, BoundaryUncertainty]
    dice: Mapping[str, float] = field(default_factory=dict)

    def uncertainty(self, structure_id: str) -> BoundaryUncertainty:
        """Return the measured boundary uncertainty of a structure, else the assumed one of automatic labels."""
        assumed = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
        return self.uncertainties.get(structure_id, assumed)


def is_prior_shipped() -> bool:
    """Tell whether the file of the prior is there."""
    try:
        resource_path(_FILE)
    except FileNotFoundError:
        return False
    return True


@cache
def classical_prior() -> ClassicalPrior:
    """Read the shipped prior once."""
    data = json.loads(resource_path(_FILE).read_text(encoding="utf-8"))
    fine = {organ: BoostedTrees.from_json(trees) for organ, trees in data["fine"].items()}
    measured = {
        structure_id: BoundaryUncertainty.from_json(row) for structure_id, row in data["card"]["boundary"].items()
    }
    dice = {
        structure_id: sum(by_scan.values()) / len(by_scan)
        for structure_id, by_scan in data["card"].get("figures", {}).get("dice", {}).items()
    }
    return ClassicalPrior(BoostedTrees.from_json(data["coarse"]), fine, str(data["card"]["version"]), measured, dice)
