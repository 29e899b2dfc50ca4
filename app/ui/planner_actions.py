"""What is done to the cuts of a plan: add one of each kind, to the plan or as a new one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.services.choose_territory import branch_names, segment_at, segment_digits, territory_of_digits
from app.services.propose_plans import PlanConstraints, PlanProposals, propose_plans_of_session
from app.ui.cut_options_pancreas import FIRST_FRACTIONS
from app.ui.steps import Step
from twin.job import CancelToken, ProgressListener
from twin.plan import Plan
from twin.resection import (
    AblationZone,
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    PancreasCut,
    PancreasOperation,
    Partition,
    ReconstructedVessel,
    Resection,
    TerritorySet,
    WedgeCut,
)

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl

__all__ = ["PlannerActions"]

_USUAL_MARGIN_MM = 10.0  # historic aim for metastases, set by the user (JCTH-2022-00383)
_N_PROPOSALS = 6
_USUAL_ABLATION_MM = 5.0  # a safety margin of 5 mm or more round the tumour (CIRSE standards, PMC7064698)


class PlannerActions:
    """Answers of the actions that add cuts.

    Parameters
    ----------
    control
        Knows what is open.
    """

    def __init__(self, control: DeskControl) -> None:
        self._window = control.window
        self._control = control
        self._free_name = control.case_actions.free_name

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        makers: dict[str, Callable[[], Resection | None]] = {
            "plane": self._window.desk.first_plane,
            "territory": self._first_territory,
            "wedge": partial(self._round_lesion, WedgeCut, _USUAL_MARGIN_MM),
            "ablation": partial(self._round_lesion, AblationZone, _USUAL_ABLATION_MM),
            "donor": lambda: DonorSplit("right"),
            "pancreas": lambda: PancreasCut(PancreasOperation.DISTAL, FIRST_FRACTIONS[PancreasOperation.DISTAL]),
            "embolised": partial(self._first_branch, EmbolisedTerritory, "portal"),
            "reconstructed": partial(self._first_branch, ReconstructedVessel, "hepatic"),
            "partition": partial(self._first_branch, Partition, "portal"),
            "absent": self._first_absent,
        }
        answers: dict[str, Callable[[], None]] = {
            f"plan.add_{kind}": partial(self._add_made, make) for kind, make in makers.items()
        }
        return {**answers, "plan.add_sheet": self._add_sheet}

    def propose(self, constraints: PlanConstraints) -> None:
        """Search for proposals beside the window."""
        control, work = self._control, self._control.work
        if work is None or work.built is None:
            return
        session, twin = work.session, work.built.twin
        name = self._window.wording.text("ui.plan.state.proposal")

        def search(progress: ProgressListener, cancel: CancelToken) -> PlanProposals:
            return propose_plans_of_session(
                session,
                constraints,
                n_proposals=_N_PROPOSALS,
                name=name,
                twin=twin,
                progress=progress,
                cancel=cancel,
            )

        def found(result: object) -> None:
            if isinstance(result, PlanProposals) and control.work is work:
                self._window.proposals_page.show_found(result)

        control.begin("ui.task.proposals", search, found)

    def keep_proposal(self, plan: Plan) -> None:
        """Make a proposal a plan of the case."""
        self._window.desk.add_plan(self._free_name(), plan.resections, plan.stages)

    def _add_made(self, make: Callable[[], Resection | None]) -> None:
        cut = make()
        if cut is not None:
            self._add(cut)

    def _add(self, cut: Resection) -> None:
        desk = self._window.desk
        self._window.show_step(Step.PLAN)
        if desk.plan is None:
            desk.add_plan(self._free_name(), (cut,))
        else:
            desk.add_cut(cut)

    def _add_sheet(self) -> None:
        plane = self._window.desk.first_plane()
        if plane is not None:
            self._window.desk.make_cut(lambda rehearsal: rehearsal.bent_plane(plane), self._add)

    def _first_territory(self) -> TerritorySet | None:
        """The segment at the crosshair, else the first; branches where there are no segments."""
        twin = self._window.desk.twin
        if twin is None:
            return None
        digits = segment_digits(twin)
        if digits:
            return territory_of_digits(segment_at(twin, self._window.state.crosshair_lps_mm) or digits[-1])
        names = branch_names(twin)
        return TerritorySet(branches=names[:1]) if names else None

    def _first_absent(self) -> AbsentTerritory | None:
        first = self._first_territory()
        return None if first is None else AbsentTerritory(first.branches, first.new_world_code)

    def _first_branch(
        self, kind: type[EmbolisedTerritory] | type[ReconstructedVessel] | type[Partition], tree: str
    ) -> EmbolisedTerritory | ReconstructedVessel | Partition | None:
        twin = self._window.desk.twin
        names = () if twin is None else branch_names(twin, tree)
        wanted = f"{tree}.right"
        return kind((wanted if wanted in names else names[0],)) if names else None

    def _round_lesion(self, kind: type[WedgeCut] | type[AblationZone], margin_mm: float) -> Resection | None:
        desk = self._window.desk
        used = {getattr(cut, "lesion_id", "") for cut in (desk.plan.resections if desk.plan else ())}
        lesions = desk.lesion_ids()
        free = next((lesion_id for lesion_id in lesions if lesion_id not in used), next(iter(lesions), None))
        return None if free is None else kind(free, margin_mm)
