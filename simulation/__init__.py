"""The resection engine: what a plan would do to the organ, while dragging and settled."""
