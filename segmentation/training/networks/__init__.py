"""Training of the networks from labelled scans; needs the extra ``train``, is not used when the program runs."""
