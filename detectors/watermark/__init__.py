"""Detectors of invisible watermarks."""
