"""From what the user named to the list of files to examine."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import UsageError

MEDIA_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".apng",
        ".webp",
        ".gif",
        ".tif",
        ".tiff",
        ".dng",
        ".bmp",
        ".avif",
        ".heic",
        ".heif",
        ".jxl",
        ".jp2",
        ".svg",
        ".wav",
        ".flac",
        ".mp3",
        ".m4a",
        ".aac",
        ".ogg",
        ".oga",
        ".opus",
        ".aif",
        ".aiff",
        ".caf",
        ".amr",
        ".wma",
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".flv",
        ".wmv",
        ".3gp",
        ".ogv",
        ".pdf",
    ]
)
MANIFEST_SUFFIXES = (".csv", ".jsonl", ".parquet")
PATH_COLUMNS = ("path", "audio_path", "video_path", "image_path")
SIDECAR_SUFFIX = ".c2pa"
HEAD_BYTES = 4096


@dataclass
class Inputs:
    """Files to examine, in a fixed order, and what was left out of a folder and why."""

    files: list[Path] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)


def resolve(named: Sequence[str | os.PathLike[str]]) -> Inputs:
    """Find the files behind files, folders (recursively) and manifests.

    A file that is named is always examined. In a folder, plain text without a media file's
    suffix, hidden files, symbolic links and C2PA sidecars are left out, and listed as such.

    Raises
    ------
    UsageError
        When a path does not exist, a manifest cannot be read, or there is nothing to examine.
    """
    inputs = Inputs()
    for name in named:
        path = Path(name)
        if path.is_dir():
            _walk(path, inputs)
        elif not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or folder")
        elif path.suffix.lower() in MANIFEST_SUFFIXES:
            inputs.files += _manifest_paths(path)
        else:
            inputs.files.append(path)
    inputs.files = list(dict.fromkeys(inputs.files))
    if not inputs.files:
        where = ", ".join(str(name) for name in named)
        raise UsageError(f"{where}: there are no media files in it")
    return inputs


def sidecar_of(path: Path) -> Path | None:
    """Give the C2PA sidecar of a file: the same name with the suffix ``.c2pa``."""
    for candidate in (path.with_suffix(SIDECAR_SUFFIX), path.with_name(path.name + SIDECAR_SUFFIX)):
        if candidate != path and candidate.is_file() and not candidate.is_symlink():
            return candidate
    return None


def display_name(path: Path) -> str:
    """Give a path as text that can be stored; bytes that are no UTF-8 are shown escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _walk(folder: Path, inputs: Inputs) -> None:
    def unreadable(error: OSError) -> None:
        place = display_name(Path(error.filename)) if error.filename else str(folder)
        inputs.skipped.append({"path": place, "why": f"cannot be listed: {error.strerror}"})

    for place, folders, names in os.walk(folder, onerror=unreadable):
        for hidden in [name for name in folders if name.startswith(".")]:
            folders.remove(hidden)
            inputs.skipped.append(
                {"path": display_name(Path(place) / hidden), "why": "hidden folder"}
            )
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            why = _left_out(path)
            if why is None:
                inputs.files.append(path)
            else:
                inputs.skipped.append({"path": display_name(path), "why": why})


def _left_out(path: Path) -> str | None:
    if path.name.startswith("."):
        return "hidden file"
    if path.is_symlink():
        return "symbolic link"
    suffix = path.suffix.lower()
    if suffix == SIDECAR_SUFFIX:
        return "C2PA sidecar, read with the file it belongs to"
    if suffix in MEDIA_SUFFIXES or not path.is_file():
        return None
    from .media.sniff import is_text, sniff

    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None  # examined, and its failure told as a finding
    if head and is_text(head) and sniff(head) is None:
        return "plain text, no media file"
    return None


def _manifest_paths(manifest: Path) -> list[Path]:
    try:
        rows = list(_rows(manifest))
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"{manifest}: the manifest cannot be read: {error}") from error
    if rows and not any(column in rows[0] for column in PATH_COLUMNS):
        raise UsageError(
            f"{manifest}: the manifest has no column {', '.join(PATH_COLUMNS[:-1])} "
            f"or {PATH_COLUMNS[-1]}"
        )
    return list(_paths(manifest.parent, rows))


def _paths(folder: Path, rows: Iterable[dict[str, object]]) -> Iterator[Path]:
    for row in rows:
        for column in PATH_COLUMNS:
            if value := row.get(column):
                yield folder / str(value)


def _rows(manifest: Path) -> Iterator[dict[str, object]]:
    suffix = manifest.suffix.lower()
    if suffix == ".csv":
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    elif suffix == ".jsonl":
        with manifest.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError(f"line {number} is no JSON object")  # noqa: TRY004 - a bad manifest
                yield row
    else:
        import pandas as pd

        yield from pd.read_parquet(manifest).to_dict("records")
