"""Proposals: what could be cut, and what each choice gives up of the remnant for its margin."""
