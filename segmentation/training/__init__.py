"""Training of the classical prior from labelled scans; not used when the program runs."""
