"""The trust store: which certificate lists decide whether a C2PA signer is trusted.

Lists are files with a date and a digest below ``trust/`` in the avaudit home. They are
installed by the user (:func:`update`, :func:`add_anchor`), never silently, and every report
names the list and date its trust verdict rests on.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> load_trust(Path(tempfile.gettempdir()) / "no-such-store").can_judge_signers
False
"""

from .certificates import certificates_in, key_usages_in
from .model import (
    CLAIM_ROLES,
    LoadedList,
    Role,
    TrustError,
    TrustFile,
    TrustList,
    TrustStore,
)
from .store import add_anchor, list_trust, load_trust, trust_folder, trust_state, update

__all__ = [
    "CLAIM_ROLES",
    "LoadedList",
    "Role",
    "TrustError",
    "TrustFile",
    "TrustList",
    "TrustStore",
    "add_anchor",
    "certificates_in",
    "key_usages_in",
    "list_trust",
    "load_trust",
    "trust_folder",
    "trust_state",
    "update",
]
