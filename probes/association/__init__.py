"""Associations in a model's vectors: stereotypes between faces and voices."""

from .probe import AssociationProbe

__all__ = ["AssociationProbe"]
