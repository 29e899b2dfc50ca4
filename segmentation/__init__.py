"""Volume in, label layers out: automatic segmentation and its quality control."""
