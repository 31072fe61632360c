"""``provenance.metadata``: what a file's own, unauthenticated metadata says of its origin."""

from .detector import MetadataDetector

__all__ = ["MetadataDetector"]
