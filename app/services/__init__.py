"""Use cases: what the window and the command line both call, so that a number is the same in both."""
