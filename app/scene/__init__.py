"""Everything that VTK draws, and the slices that NumPy cuts; no Qt."""
