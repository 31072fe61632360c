"""TOML files people write by hand: reading them, and saying where in them something is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UsageError

_TABLE = re.compile(r"^\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_\-."' ]+?)\s*=""")


def read_toml(path: Path, data: bytes | None = None) -> dict[str, Any]:
    """Read a TOML file, or the bytes already taken from it.

    Raises
    ------
    UsageError
        When the file is missing, is not UTF-8, or is not TOML (with the line).
    """
    try:
        return tomllib.loads((path.read_bytes() if data is None else data).decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: the file is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the file cannot be read: {error}") from error


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    r"""Find the line on which a value of a TOML text stands, or the nearest table around it.

    Parameters
    ----------
    text
        The file.
    location
        Keys from the root, and the index of an array's element: ``("scenario", 1, "metric")``.

    Returns
    -------
    int or None
        Line number from 1; None when not even the first key is there.

    Examples
    --------
    >>> line_of('[[scenario]]\nid = "a"\n[[scenario]]\nid = "b"\n', ("scenario", 1, "id"))
    4
    """
    wanted = [str(part) for part in location]
    counts: dict[str, int] = {}
    table: list[str] = []
    best, best_depth = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                name = ".".join(table)
                counts[name] = counts.get(name, -1) + 1
            here = table = _indexed(table, counts)
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        depth = _shared(here, wanted)
        # a place that leads elsewhere is no place of this value
        if depth == min(len(here), len(wanted)) and depth > best_depth:
            best, best_depth = number, depth
    return best


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _indexed(table: list[str], counts: dict[str, int]) -> list[str]:
    """Put the index behind the name of every array of tables: ``scenario`` → ``scenario, 1``."""
    path: list[str] = []
    for depth, name in enumerate(table, 1):
        path.append(name)
        if (index := counts.get(".".join(table[:depth]))) is not None:
            path.append(str(index))
    return path


def _shared(here: list[str], wanted: list[str]) -> int:
    depth = 0
    for mine, theirs in zip(here, wanted, strict=False):
        if mine != theirs:
            break
        depth += 1
    return depth
