"""Writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from .errors import AvauditError

_ADVICE = {
    errno.ENOSPC: "no space is left on the disk: free some and run the command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the command again",
    errno.EFBIG: "the file is larger than this process may write (ulimit -f)",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.EACCES: "permission denied: choose a folder you may write to",
    errno.EPERM: "the operation is not permitted there: choose another folder",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "a folder of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
}


def write_atomic(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    The bytes go to a temporary file in the same folder, are forced to disk, and take the name
    in one step; then the folder is forced to disk too. A process killed at any point leaves at
    most a hidden ``.avaudit-*.part`` file beside the untouched old one.

    Parameters
    ----------
    path
        Where the file shall lie; its folder must exist. A symbolic link there is replaced.
    data
        The whole content.
    mode
        Permission bits of the new file, before the umask.

    Raises
    ------
    AvauditError
        When it cannot be written: disk full, permission, missing folder. The temporary file is
        removed and the old file is as it was.
    """
    path = Path(path)
    temporary = path.parent / f".avaudit-{secrets.token_hex(8)}.part"
    try:
        try:
            _write_synced(temporary, data, mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_dir(path.parent)
    except (OSError, ValueError) as error:
        raise AvauditError(f"cannot write {path}: {_explain(error)}") from error


def sync_dir(folder: Path) -> None:
    """Force a folder's entries (new names, renames) to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _explain(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno in _ADVICE:
        return _ADVICE[error.errno]
    return str(error)
