"""The member of an ensemble that did not learn from a scan."""

from __future__ import annotations

import json
from dataclasses import replace

from segmentation.networks.model import NetworkModel

__all__ = ["held_out_member"]


def held_out_member(model: NetworkModel, case: str) -> NetworkModel | None:
    """Return an ensemble reduced to the member that did not learn from a case, by its card.

    None where every member learned from it, or it was never among the cases.
    """
    sidecar = model.members[0].with_name(f"{model.name}.json")
    member = json.loads(sidecar.read_text(encoding="utf-8"))["held_out"].get(case)
    members = tuple(file for file in model.members if file.name == member)
    return replace(model, members=members) if members else None
