"""The pancreas as a course: its axis from head to tail, and its parts."""
