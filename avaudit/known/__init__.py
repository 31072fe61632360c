"""Known media: fingerprints of pictures, videos and sound, and the index that remembers them.

The index lies in ``known/`` below the avaudit home. Untrusted files are fingerprinted in the
confined worker only: :mod:`avaudit.known.intake` has the engine do it.
"""

from .fingerprint import Fingerprint
from .index import Item, KnownIndex, appending, known_dir
from .lookup import Match, Query, look_up
from .search import within

__all__ = [
    "Fingerprint",
    "Item",
    "KnownIndex",
    "Match",
    "Query",
    "appending",
    "known_dir",
    "look_up",
    "within",
]
