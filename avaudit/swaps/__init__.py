"""Counterfactual copies of clips: voices with another pitch or other formants, and placebos."""

from .make import Made, make_swaps
from .voices import KINDS, Shift, shift_of, shift_voice

__all__ = ["KINDS", "Made", "Shift", "make_swaps", "shift_of", "shift_voice"]
