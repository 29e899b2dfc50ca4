"""The case on the disk: crash-safe, hash-verified, readable by other tools (volumes and labels as NRRD)."""

from twin.store.case_folder import CaseFolder
from twin.store.case_reader import Recovery, has_unsaved_steps
from twin.store.removal import purge
from twin.store.working_buffer import LabelCrop, WorkingBuffer

__all__ = ["CaseFolder", "LabelCrop", "Recovery", "WorkingBuffer", "has_unsaved_steps", "purge"]
