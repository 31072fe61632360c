"""Detectors of generated, swapped and re-enacted faces."""
