"""Counterfactual flips: decisions that change when only a protected attribute does."""

from .probe import CounterfactualProbe

__all__ = ["CounterfactualProbe"]
