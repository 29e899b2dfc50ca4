"""Contact of lesions with vessels, in degrees of the circumference and millimetres of length."""

from simulation.contacts.measure import contacts_of
from simulation.contacts.rows import ScanState, suggested_rows, with_contacts

__all__ = ["ScanState", "contacts_of", "suggested_rows", "with_contacts"]
