"""Detectors of what picture and sound say together about who speaks."""
