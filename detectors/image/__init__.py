"""Detectors of still images."""
