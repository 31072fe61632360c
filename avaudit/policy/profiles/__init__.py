"""The shipped policies: first ones to begin with, each a TOML file with comments."""

from __future__ import annotations

from importlib.resources import files

from ...errors import UsageError
from ...registry import unknown_name

PROFILES: dict[str, str] = {
    "upload-scan": "files from strangers: nothing tampered, nothing known, nothing unexamined",
    "release-audit": "a model before release: groups, error rates, drift",
    "generated-assets": "one's own generated files: signed, trusted, labelled as made by AI",
}
"""Their names, and what each is for."""


def profile_text(name: str) -> str:
    """Give the text of a shipped policy.

    Raises
    ------
    UsageError
        When there is none of this name, with the nearest.
    """
    if name not in PROFILES:
        raise UsageError(unknown_name("profile", name, list(PROFILES)))
    return (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
