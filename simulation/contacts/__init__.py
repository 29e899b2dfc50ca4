"""Contact of lesions with vessels, in degrees of the circumference and millimetres of length."""

from simulation.contacts.distances import LesionDistance, lesion_distances
from simulation.contacts.measure import contacts_of
from simulation.contacts.rows import ScanState, suggested_rows, with_contacts

__all__ = ["LesionDistance", "ScanState", "contacts_of", "lesion_distances", "suggested_rows", "with_contacts"]
