"""Detectors that read what a file says of its own origin."""
