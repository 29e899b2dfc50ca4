"""Ducts: the pancreatic duct and the bile ducts, traced between two clicks."""
