"""Files out: label images, surfaces, the offline page and the report."""
