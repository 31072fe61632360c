"""``face.synthetic``: was a face generated, swapped, re-enacted or lip-synced?"""

from .detector import SyntheticFaceDetector

__all__ = ["SyntheticFaceDetector"]
