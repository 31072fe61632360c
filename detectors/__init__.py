"""Detectors: what can be asked of one media file; one folder per family."""
