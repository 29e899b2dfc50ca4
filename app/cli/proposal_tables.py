"""Proposals as tables for a terminal, in the user's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from app.services.propose_plans import worded_cuts, worded_explanation
from twin.wording import NOT_A_DEVICE, Wording

if TYPE_CHECKING:
    from app.services.propose_plans import PlanProposals, SettledProposal

__all__ = ["proposal_parts"]


def proposal_parts(found: PlanProposals, wording: Wording) -> list[str | Table]:
    """Return the front, other ways to cut, a sentence for each, and the notice."""
    front = [one for one in found.settled if one.is_on_front]
    others = [one for one in found.settled if not one.is_on_front]
    parts: list[str | Table] = [
        wording.text("cli.proposals.title", count=len(front), front=len(found.search.front)),
        _table(front, wording),
        *_sentences(front, wording),
    ]
    if others:
        parts += ["", wording.text("cli.proposals.others"), _table(others, wording), *_sentences(others, wording)]
    search = found.search
    parts += ["", wording.text("cli.proposals.searched", planes=search.n_planes, candidates=search.n_candidates)]
    if not search.has_perfusion:
        parts.append(wording.text("proposal.plain_remnant"))
    if found.saved:
        parts.append(wording.text("cli.proposals.saved", names=", ".join(found.saved)))
    else:
        parts.append(wording.text("cli.proposals.not_saved"))
    return [*parts, wording.text(NOT_A_DEVICE)]


def _table(proposals: Sequence[SettledProposal], wording: Wording) -> Table:
    headings = (
        "cli.table.proposal", "cli.table.cuts", "cli.table.margin", "cli.table.functional", "cli.table.flr",
        "cli.table.crossed",
    )  # fmt: skip
    table = Table(*(wording.text(heading) for heading in headings))
    for one in proposals:
        table.add_row(
            one.plan.name,
            worded_cuts(one.plan, wording),
            wording.figure(one.figure("margin_mm")),
            wording.figure(one.figure("functional_remnant_ml")),
            wording.figure(one.figure("flr_percent")),
            str(len(one.outcome.clip_list)),
        )
    return table


def _sentences(proposals: Sequence[SettledProposal], wording: Wording) -> list[str]:
    return [f"{one.plan.name}: {worded_explanation(one.explanation, wording)}" for one in proposals]
