"""Compiled loops of the search for proposals."""
