"""Manifests: data sets as tables of clips or trials, with groups and identities."""

from .table import Manifest, Shape

__all__ = ["Manifest", "Shape"]
