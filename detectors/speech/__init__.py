"""Detectors of synthetic speech, and the path from sound to windows of speech they share."""
