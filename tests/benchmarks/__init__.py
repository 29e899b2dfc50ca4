"""Measurements, beside peers where there are any. ``make bench`` prints them; no test asserts a time."""
