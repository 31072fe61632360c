"""Installing, listing and loading trust lists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..home import home_dir
from .certificates import MAX_FILE_BYTES, certificates_in, dates_in
from .fetch import fetch
from .index import read_checked, read_index, store_file, write_index, writing
from .model import LoadedList, Role, TrustError, TrustList, TrustStore
from .sources import RESERVED_NAMES, SOURCES, TEST_SOURCE, Source

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def trust_folder() -> Path:
    """Give the folder of the store below the avaudit home."""
    return home_dir() / "trust"


def update(
    from_dir: Path | None = None,
    *,
    include_test: bool = False,
    base_url: str | None = None,
    folder: Path | None = None,
) -> tuple[TrustList, ...]:
    """Install the published trust lists, replacing older versions of them.

    Parameters
    ----------
    from_dir
        Folder that holds the list files (``C2PA-TRUST-LIST.pem`` ...). None fetches them from
        their publishers: that is the only function of this package that uses the network.
    include_test
        Also install the test roots. They never make a signer trusted.
    base_url
        Address of a mirror that holds the files under the names they have in a folder.
    folder
        The store; default the one below the avaudit home.

    Returns
    -------
    tuple of TrustList
        What was installed. Lists not found in ``from_dir`` stay as they are.

    Raises
    ------
    TrustError
        When nothing is found, or a file is damaged; then nothing is changed.
    """
    wanted = (*SOURCES, TEST_SOURCE) if include_test else SOURCES
    origin = str(from_dir) if from_dir else (base_url or "publisher")
    offered = [
        (source, files)
        for source in wanted
        if (files := _collect(source, from_dir, base_url)) is not None
    ]
    if not offered:
        names = ", ".join(f.filename for source in wanted for f in source.files if f.required)
        raise TrustError(f"{origin}: none of the trust lists is there (looked for {names})")
    if include_test and TEST_SOURCE not in [source for source, _ in offered]:
        raise TrustError(f"{origin}: the test roots ({TEST_SOURCE.files[0].filename}) are missing")
    checked = [(source, files, _describe(source, files)) for source, files in offered]
    target = folder or trust_folder()
    with writing(target):
        installed = tuple(
            _install(target, source, files, facts, origin) for source, files, facts in checked
        )
        _replace(target, installed)
    return installed


def add_anchor(
    name: str, pem: bytes, *, role: Role = "private", folder: Path | None = None
) -> TrustList:
    """Install one's own CA certificate (or several) as a list of its own.

    Parameters
    ----------
    name
        Name by which reports call the list: lower-case letters, digits, ``.``, ``_``, ``-``.
    pem
        The certificates.
    role
        What a hit means; ``private`` makes signers trusted, by this list's name.
    folder
        The store; default the one below the avaudit home.

    Raises
    ------
    TrustError
        When the name is taken by a published list or malformed, or the PEM is.
    """
    if not _NAME.fullmatch(name):
        raise TrustError(
            f"{name!r} cannot be the name of a trust list: use up to 64 lower-case letters, "
            "digits, dots, dashes and underscores, starting with a letter or digit"
        )
    if name in RESERVED_NAMES:
        raise TrustError(f"{name} is the name of a published list: choose another")
    if len(pem) > MAX_FILE_BYTES:
        raise TrustError(f"the certificates for {name} are larger than {MAX_FILE_BYTES} bytes")
    count = len(certificates_in(pem, f"the certificates for {name}"))
    target = folder or trust_folder()
    with writing(target):
        file = store_file(target, "anchors", f"{name}.pem", pem)
        entry = TrustList(
            name=name,
            title=f"Own anchor {name}",
            role=role,
            files=(file,),
            sha256=file.sha256,
            certificates=count,
            installed_at=_now(),
            source="added by the user",
        )
        _replace(target, (entry,))
    return entry


def list_trust(folder: Path | None = None) -> tuple[TrustList, ...]:
    """Give the installed lists, after checking every file against its digest.

    Raises
    ------
    TrustError
        When a file was changed or is missing.
    """
    return tuple(loaded.entry for loaded in load_trust(folder).lists)


def load_trust(folder: Path | None = None) -> TrustStore:
    """Load all installed lists; every file is hashed again.

    Parameters
    ----------
    folder
        The store; default the one below the avaudit home. One that does not exist is empty.

    Raises
    ------
    TrustError
        When a file was changed or is missing.
    """
    source = folder or trust_folder()
    return TrustStore(
        folder=source, lists=tuple(_load(source, entry) for entry in read_index(source))
    )


def trust_state(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Give a value that changes when a file of the store does (names, times, sizes).

    Cheap enough to ask before every file: it tells when lists must be loaded again.
    """
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in stats))


def _collect(
    source: Source, from_dir: Path | None, base_url: str | None
) -> dict[str, bytes] | None:
    """Give the files of one list by name; None when its required file is not offered."""
    if from_dir is not None and not from_dir.is_dir():
        raise TrustError(f"{from_dir}: there is no such folder")
    files: dict[str, bytes] = {}
    for file in source.files:
        if from_dir is not None:
            data = _read(from_dir / file.filename)
        else:
            url = f"{base_url.rstrip('/')}/{file.filename}" if base_url else file.url
            data = fetch(url, optional=base_url is not None or not file.required)
        if data is not None:
            files[file.filename] = data
        elif file.required:
            return None
    return files


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrustError(f"{path}: it cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise TrustError(f"{path}: it is larger than {MAX_FILE_BYTES} bytes, no trust list is")
    return data


class _Described:
    """What checking a list's files told."""

    def __init__(self, certificates: int, issued: str | None, next_update: str | None) -> None:
        self.certificates = certificates
        self.issued = issued
        self.next_update = next_update


def _describe(source: Source, files: Mapping[str, bytes]) -> _Described:
    issued, next_update = source.frozen, None
    certificates: dict[str, tuple[bytes, ...]] = {}
    for file in source.files:
        data = files.get(file.filename)
        if data is None:
            continue
        if file.part in ("anchors", "allowed"):
            certificates[file.part] = certificates_in(data, file.filename)
        elif file.part == "details":
            dates = dates_in(data, certificates["anchors"], file.filename)
            issued, next_update = dates.issued, dates.next_update
    return _Described(sum(map(len, certificates.values())), issued, next_update)


def _install(
    folder: Path, source: Source, files: Mapping[str, bytes], facts: _Described, origin: str
) -> TrustList:
    stored = tuple(
        store_file(folder, file.part, file.filename, files[file.filename])
        for file in source.files
        if file.filename in files
    )
    where = source.files[0].url if origin == "publisher" else origin
    return TrustList(
        name=source.name,
        title=source.title,
        role=source.role,
        files=stored,
        sha256=next(file.sha256 for file in stored if file.part == "anchors"),
        certificates=facts.certificates,
        installed_at=_now(),
        source=where,
        issued=facts.issued,
        next_update=facts.next_update,
    )


def _replace(folder: Path, entries: tuple[TrustList, ...]) -> None:
    names = {entry.name for entry in entries}
    kept = tuple(entry for entry in read_index(folder) if entry.name not in names)
    write_index(folder, (*kept, *entries))


def _load(folder: Path, entry: TrustList) -> LoadedList:
    read_checked(folder, entry, "details")
    anchors, allowed, config = (
        read_checked(folder, entry, part) for part in ("anchors", "allowed", "config")
    )
    if anchors is None:
        raise TrustError(f"{folder}: the trust list {entry.name} has no anchor file")
    return LoadedList(
        entry=entry,
        anchors=_text(anchors),
        allowed=None if allowed is None else _text(allowed),
        config=None if config is None else _text(config),
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
