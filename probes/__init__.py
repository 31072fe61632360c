"""Probes: what can be asked of a model over a data set."""
