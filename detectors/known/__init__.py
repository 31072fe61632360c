"""Detectors that hold a file against what was seen before."""
