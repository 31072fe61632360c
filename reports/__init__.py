"""Renderers: one result in, one document out."""
