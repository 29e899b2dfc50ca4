"""Contact of lesions with vessels, in degrees of the circumference and millimetres of length."""

from simulation.contacts.measure import contacts_of

__all__ = ["contacts_of"]
