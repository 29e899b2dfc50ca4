"""What the chain found on the phantom, beside what is true of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from export.figure_rows import figure_name
from simulation.simulate import simulate
from twin.anatomy import structure
from twin.case import Case
from twin.figure import Figure
from twin.outcome import Outcome
from twin.phantom import Phantom
from twin.twin import build_twin
from twin.uncertainty import LabelOrigin
from twin.wording import Wording

__all__ = ["DemoRow", "plan_rows", "structure_rows"]

_LEADING_FIGURES = ("flr_percent", "flr_ml", "resected_ml", "margin_mm")


@dataclass(frozen=True)
class DemoRow:
    """One figure of the chain beside the truth; ``dice`` where two masks are compared.

    Parameters
    ----------
    structure_id
        Of a structure, or empty for a figure of a plan.
    plan, key
        Of a figure of a plan.
    computed, truth
        In ``unit``; None where unknown.
    """

    computed: float | None
    truth: float | None
    unit: str
    structure_id: str = ""
    plan: str = ""
    key: str = ""
    dice: float | None = None

    @property
    def error_percent(self) -> float | None:
        """Difference in per cent of the truth; None for figures that are per cent themselves."""
        if self.computed is None or not self.truth or self.unit == "%":
            return None
        return 100.0 * (self.computed - self.truth) / self.truth

    def name(self, wording: Wording) -> str:
        """What the row is about."""
        if self.structure_id:
            return wording.text("demo.row.volume", structure=structure(self.structure_id).name(wording.language))
        figure = figure_name("liver", self.key, wording)
        return wording.text("demo.row.figure", plan=self.plan, figure=figure)

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        row: dict[str, object] = {
            "name": self.name(wording),
            "computed": self.computed,
            "truth": self.truth,
            "unit": self.unit,
            "error_percent": self.error_percent,
        }
        identity = {"structure": self.structure_id} if self.structure_id else {"plan": self.plan, "figure": self.key}
        return {**identity, **row, **({} if self.dice is None else {"dice": self.dice})}


def structure_rows(case: Case, phantom: Phantom) -> tuple[DemoRow, ...]:
    """Volume and Dice of every structure that was found automatically; what was imported is not scored."""
    rows = []
    for layer in case.layers.values():
        truth = phantom.layers.get(layer.name)
        for structure_id in layer.structure_ids():
            uncertainty = layer.uncertainties.get(structure_id)
            if truth is None or uncertainty is None or uncertainty.origin is not LabelOrigin.AUTOMATIC:
                continue
            if structure_id not in truth.structure_ids():
                continue
            dice = _dice(layer.mask(structure_id), truth.mask(structure_id))
            volumes = (layer.volume_ml(structure_id), truth.volume_ml(structure_id))
            rows.append(DemoRow(*volumes, "ml", structure_id, dice=dice))
    return tuple(rows)


def plan_rows(case: Case, phantom: Phantom) -> tuple[DemoRow, ...]:
    """Leading figures of each plan beside those of the same cuts on the true anatomy."""
    truth = replace(case, layers=dict(phantom.layers), volumes={}, planning_volume_id=None)
    twin = build_twin(truth, structure_ids=())
    rows = []
    for name, plan in case.plans.items():
        outcome, true_outcome = case.outcomes[name], simulate(plan, twin, case.facts)
        for key in _LEADING_FIGURES:
            computed, true = (_figure(one, key) for one in (outcome, true_outcome))
            if computed is not None:
                value = None if true is None else true.value
                rows.append(DemoRow(computed.value, value, computed.unit, plan=name, key=key))
    return tuple(rows)


def _figure(outcome: Outcome, key: str) -> Figure | None:
    figure = (outcome.liver or {}).get(key)
    return figure if isinstance(figure, Figure) else None


def _dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return float(2.0 * np.count_nonzero(a & b) / total) if total else 1.0
