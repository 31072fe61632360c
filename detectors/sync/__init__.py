"""Detectors of lips and sound: whether they belong together, and by how much they are shifted."""
