"""A cut in a surgeon's words, short enough for a list."""

from __future__ import annotations

from typing import assert_never

from app.services.describe_point import branch_in_words
from twin.anatomy import structure
from twin.resection import (
    AblationZone,
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    PancreasCut,
    Partition,
    PlaneCut,
    ReconstructedVessel,
    Resection,
    SheetCut,
    TerritorySet,
    WedgeCut,
)
from twin.wording import Wording

__all__ = ["cut_in_words", "cuts_in_words", "kind_of_cut"]


def kind_of_cut(cut: Resection) -> str:
    """Return the kind of a cut, as its messages call it."""
    kinds: dict[type, str] = {
        PlaneCut: "plane",
        SheetCut: "sheet",
        TerritorySet: "territory",
        WedgeCut: "wedge",
        AblationZone: "ablation",
        DonorSplit: "donor",
        PancreasCut: "pancreas",
        EmbolisedTerritory: "embolised",
        AbsentTerritory: "absent",
        ReconstructedVessel: "reconstructed",
        Partition: "partition",
    }
    return kinds[type(cut)]


def cut_in_words(cut: Resection, wording: Wording) -> str:
    """Return what a cut is, in one line."""
    if isinstance(cut, PancreasCut):
        return _pancreas(cut, wording)
    kind = wording.text(f"ui.cut.{kind_of_cut(cut)}")
    detail = _detail(cut, wording)
    return wording.text("ui.cut.with_detail", kind=kind, detail=detail) if detail else kind


def cuts_in_words(cuts: tuple[Resection, ...], wording: Wording) -> str:
    """Return all cuts of a plan."""
    return " + ".join(cut_in_words(cut, wording) for cut in cuts)


def _detail(cut: Resection, wording: Wording) -> str:
    match cut:
        case PlaneCut() | SheetCut():
            return ""
        case TerritorySet(branches, code) | AbsentTerritory(branches, code):
            return code or _branches(branches, wording)
        case EmbolisedTerritory(branches) | ReconstructedVessel(branches) | Partition(branches):
            return _branches(branches, wording)
        case WedgeCut(lesion, margin) | AblationZone(lesion, margin):
            return f"{_lesion(lesion, wording)}, {wording.quantity(margin, 'mm')}"
        case DonorSplit(graft):
            return wording.text(f"ui.cut.graft.{graft}")
        case PancreasCut():
            return _pancreas(cut, wording)
        case _:
            assert_never(cut)


def _pancreas(cut: PancreasCut, wording: Wording) -> str:
    words = [wording.text(f"ui.cut.operation.{cut.operation}")]
    if cut.lesion_id:
        words.append(_lesion(cut.lesion_id, wording))
    words += [wording.quantity(100.0 * fraction, "%", decimals=0) for fraction in cut.fractions]
    if cut.keeps_spleen:
        words.append(wording.text("ui.cut.keeps_spleen"))
    return ", ".join(words)


def _branches(branches: tuple[str, ...], wording: Wording) -> str:
    return " + ".join(branch_in_words(branch, wording) for branch in branches)


def _lesion(lesion_id: str, wording: Wording) -> str:
    return structure(lesion_id).name(wording.language)
