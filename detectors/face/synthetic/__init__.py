"""``face.synthetic``: whether a face was generated, swapped, re-enacted or lip-synced."""

from .detector import SyntheticFaceDetector

__all__ = ["SyntheticFaceDetector"]
