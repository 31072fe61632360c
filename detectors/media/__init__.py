"""Detectors about the file as a recording: its timeline."""
