"""Vessels of the upper abdomen on enhanced CT: veins of the liver, tributaries, anterior branches of the aorta."""
