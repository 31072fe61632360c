"""``sync.syncnet``: offset and confidence of lips and sound, as Chung & Zisserman define them."""

from .detector import SyncNetDetector

__all__ = ["SyncNetDetector"]
