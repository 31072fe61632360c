"""Differentials: false matches and false non-matches by group at one threshold for everybody."""

from .probe import DifferentialsProbe

__all__ = ["DifferentialsProbe"]
