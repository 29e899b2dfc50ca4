"""Automatic segmentation by classical means: thresholds, morphology and boosted trees, no network."""
