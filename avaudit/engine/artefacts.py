"""Keeping files a confined worker left in its scratch folder.

The worker is not trusted: only plain files with plain names below its scratch folder are
taken, links are refused, and the parent itself computes the digest.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

from ..atomic import write_atomic
from ..errors import AvauditError
from ..result import Artefact

FOLDER = "artefacts"
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "audio/wav": ".wav",
    "application/json": ".json",
    "text/plain": ".txt",
}


class UnsafeArtefactError(AvauditError):
    """A file left by the worker is not one that can be kept."""


class ArtefactStore:
    """The ``artefacts`` folder beside a report; files are named by their content.

    Parameters
    ----------
    out
        The report's folder.
    max_bytes
        Largest file that is kept.
    """

    def __init__(self, out: Path, max_bytes: int) -> None:
        self._out = out
        self.max_bytes = max_bytes
        self._lock = threading.Lock()

    def keep(self, path: Path, media_type: str, role: str, title: str) -> Artefact:
        """Copy one file into the store.

        Raises
        ------
        UnsafeArtefactError
            When it is missing, a link, no plain file or too large.
        AvauditError
            When the output folder cannot be written.
        """
        data = self._read(path)
        digest = hashlib.sha256(data).hexdigest()
        return Artefact(
            path=self._write(data, digest, media_type),
            media_type=media_type,
            sha256=digest,
            name=path.name,
            role=role,
            title=title or None,
        )

    def receive(self, artefact: Artefact, data: bytes) -> None:
        """Write the bytes of an artefact that was kept on another machine.

        Raises
        ------
        AvauditError
            When they are not the bytes the artefact names, or the folder cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        if digest != artefact.sha256 or self._write(data, digest, artefact.media_type) != (
            artefact.path
        ):
            raise AvauditError(f"artefact {artefact.path} was changed on its way from its node")

    def _write(self, data: bytes, digest: str, media_type: str) -> str:
        name = digest[:32] + EXTENSIONS.get(media_type, ".bin")
        target = self._out / FOLDER / name
        with self._lock:
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(target, data)
        return f"{FOLDER}/{name}"

    def _read(self, path: Path) -> bytes:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise UnsafeArtefactError(
                f"artefact {path.name} cannot be taken: {error.strerror}"
            ) from error
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > self.max_bytes:
                raise UnsafeArtefactError(f"artefact {path.name} is no plain file of a sane size")
            return file.read(self.max_bytes + 1)
