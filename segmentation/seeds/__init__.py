"""Labels that grow from scribbles, and labels corrected by clicks."""
