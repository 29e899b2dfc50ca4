"""Every change of a case is an edit with an inverse: applied, journalled, undone and redone alike.

``edit.apply(case)`` returns the changed case or raises a typed error and changes nothing;
``edit.inverted(case_before)`` returns the edit that undoes it; ``edit.label`` is the message id of its words and
``edit.n_bytes`` what undo counts.
"""

from twin.edit.basis import Basis
from twin.edit.edit import Edit
from twin.edit.group_edit import GroupEdit
from twin.edit.layers_edit import LayersEdit, PackedLayer
from twin.edit.packed_array import PackedArray, Packing
from twin.edit.patient_edits import (
    BranchNamesEdit,
    ChecklistEdit,
    ConfirmationEdit,
    FactsEdit,
    IdentityEdit,
    SegmentBarriersEdit,
)
from twin.edit.plan_edits import ApprovalEdit, OutcomeEdit, PlanEdit
from twin.edit.results_edit import ResultsEdit
from twin.edit.volume_edits import PlanningVolumeEdit, RegistrationsEdit, ScanLayersEdit, VolumesEdit
from twin.edit.voxel_edit import BoxState, VoxelEdit

__all__ = [
    "ApprovalEdit",
    "Basis",
    "BoxState",
    "BranchNamesEdit",
    "ChecklistEdit",
    "ConfirmationEdit",
    "Edit",
    "FactsEdit",
    "GroupEdit",
    "IdentityEdit",
    "LayersEdit",
    "OutcomeEdit",
    "PackedArray",
    "PackedLayer",
    "Packing",
    "PlanEdit",
    "PlanningVolumeEdit",
    "RegistrationsEdit",
    "ResultsEdit",
    "ScanLayersEdit",
    "SegmentBarriersEdit",
    "VolumesEdit",
    "VoxelEdit",
]
