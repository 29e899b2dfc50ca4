"""Learns from simulated errors how far an error reaches from the click that names it."""
