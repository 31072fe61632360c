"""Pictures for the typesetter, as files in its own folder."""

from __future__ import annotations

import base64
from pathlib import Path

from ..html.images import Picture

_SUFFIXES = {"data:image/png": "png", "data:image/jpeg": "jpg"}


class Thumbnails:
    """Keeps pictures as files; those checks that the page asks for were made before.

    Parameters
    ----------
    folder
        Where they are written; None to leave all pictures out.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept = 0

    def keep(self, picture: Picture) -> str:
        """Write one picture and give its name; empty where there is none to print."""
        kind, _, data = picture.uri.partition(";base64,")
        suffix = _SUFFIXES.get(kind)
        if self._folder is None or suffix is None:
            return ""
        self._kept += 1
        name = f"picture-{self._kept}.{suffix}"
        (self._folder / name).write_bytes(base64.b64decode(data))
        return name
