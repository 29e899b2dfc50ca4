"""What can be done at this moment: the needs of actions that are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.action_table import Need
from twin.anatomy import LayerName
from twin.resection import PlaneCut
from twin.volume import Quantity

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl
    from app.ui.main_window import MainWindow

__all__ = ["needs_met"]


def needs_met(control: DeskControl) -> set[Need]:
    """Return which needs of actions are met by what is open."""
    window, work = control.window, control.work
    case = None if work is None else work.case
    plan, twin = window.desk.plan, window.desk.twin
    outcome = case.outcomes.get(plan.name) if case is not None and plan is not None else None
    quantity = None if control.volume is None else control.volume.quantity
    met = {
        Need.OPEN: control.study is not None or case is not None,
        Need.CT: quantity is Quantity.HOUNSFIELD,
        Need.MR: quantity is not None and quantity is not Quantity.HOUNSFIELD,
        Need.CLIPPED: window.state.clip_normal_lps is not None,
        Need.REGISTERED: window.fusion_choice.has_scans,
        Need.SLAB: window.state.slab is not None,
        Need.MEASURED: bool(window.measures.measures),
        Need.STUDY: control.study is not None,
        Need.VOLUME: control.volume is not None and control.volume.id != "preview",
        Need.CASE: case is not None,
        Need.NO_CASE: case is None,
        Need.WRITABLE: work is not None and not work.session.is_read_only,
        Need.LABELS: case is not None and bool(case.structure_ids()),
        Need.STRUCTURE: window.structure_panel.selected is not None,
        Need.ORGAN: window.desk.can_plan,
        Need.LIVER: twin is not None and twin.has("liver"),
        Need.LESION: bool(window.desk.lesion_ids()),
        Need.PLAN: plan is not None,
        Need.PLANE: plan is not None and isinstance(window.desk.cut, PlaneCut),
        Need.SEGMENTS: twin is not None and LayerName.COUINAUD in twin.layers,
        Need.BRANCHES: twin is not None and bool(twin.graphs),
        Need.TERRITORIES: twin is not None and (bool(twin.graphs) or LayerName.COUINAUD in twin.layers),
        Need.PANCREAS: twin is not None and twin.has("pancreas"),
        Need.DRAFT: plan is None or not plan.is_approved,
        Need.APPROVED: plan is not None and plan.is_approved,
        Need.FIGURES: outcome is not None and not outcome.is_stale,
        Need.IDLE: not window.task_strip.is_busy,
        Need.UNLOCKED: not window.editor.is_locked,
        Need.PENDING: window.editor.pending is not None,
        Need.CLICKED: _has_clicks(window),
        Need.UNDO: work is not None and (work.session.can_undo or _has_clicks(window)),
        Need.REDO: work is not None and work.session.can_redo,
    }
    return {need for need, is_met in met.items() if is_met}


def _has_clicks(window: MainWindow) -> bool:
    """Tell whether a tool has clicks that are not accepted yet: undo takes them back first."""
    tool = window.editor_tools.active
    return tool is not None and tool.can_take_back()
