"""Writing the machine's parts of a card: tables, each between two marker lines.

Everything else in the file is kept byte for byte. Nobody types what stands between the marks.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .atomic import write_atomic
from .errors import AvauditError, UsageError

BEGIN = b"# --- written by avaudit bench --write-card: do not edit from here ---\n"
END = b"# --- end of what avaudit bench wrote ---\n"
CALIBRATION = (BEGIN, END)
UNTOLD = ("date",)
"""Keys that alone do not make a card anew."""


def write_calibration(path: Path, table: Mapping[str, Any]) -> bool:
    r"""Put the table ``[calibration]`` into a card.

    Parameters
    ----------
    path
        The card, TOML.
    table
        Plain values; nested mappings become sub-tables.

    Returns
    -------
    bool
        Whether the file was written: not when it says all this already (apart from the date).

    Raises
    ------
    UsageError
        When the file cannot be read, or its hand-written part has a table ``[calibration]``.
    AvauditError
        When the result would be no valid card, or it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> card = Path(tempfile.mkdtemp()) / "card.toml"
    >>> _ = card.write_text('name = "speech.toy"  # mine\n')
    >>> write_calibration(card, {"n": 3, "clean": {"cllr": 0.5}})
    True
    >>> write_calibration(card, {"n": 3, "clean": {"cllr": 0.5}})
    False
    >>> card.read_text().startswith('name = "speech.toy"  # mine\n')
    True
    """
    return write_table(path, "calibration", table, CALIBRATION)


def write_table(
    path: Path, name: str, table: Mapping[str, Any], marks: tuple[bytes, bytes]
) -> bool:
    """Put any table of the machine's into a card, between marker lines of its own.

    Parameters
    ----------
    path, table
        As for :func:`write_calibration`.
    name
        Name of the table, a bare key.
    marks
        First and last line of the written part, comments with their line ends.

    Returns
    -------
    bool
        Whether the file was written.

    Raises
    ------
    UsageError, AvauditError
        As :func:`write_calibration` does.
    """
    try:
        old = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the card cannot be read: {error.strerror}") from error
    before, after = _hand_written(path, old, marks)
    try:
        kept = tomllib.loads((before + after).decode("utf-8"))
        told = tomllib.loads(old.decode("utf-8")).get(name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the card is not valid TOML: {error}") from error
    if name in kept:
        raise UsageError(f"{path}: [{name}] stands outside the marks; remove it by hand")
    if told is not None and _without(told) == _without(table):
        return False
    if before and not before.endswith(b"\n"):
        before += b"\n"
    begin, end = marks
    block = begin + "\n".join(_lines(name, table)).encode("utf-8") + b"\n" + end
    new = before + block + after
    if tomllib.loads(new.decode("utf-8")) != {**kept, name: dict(table)}:
        raise AvauditError(f"{path}: the tables cannot be put into this card as they are")
    write_atomic(path, new)
    return True


def _hand_written(path: Path, data: bytes, marks: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Give what stands before and after the machine's part."""
    begin, end = marks
    if begin not in data:
        return data, b""
    before, _, rest = data.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise UsageError(f"{path}: the mark that ends the written part is gone; restore it")
    return before, after


def _without(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in UNTOLD}


def _lines(name: str, table: Mapping[str, Any]) -> list[str]:
    lines = [f"[{name}]"]
    lines += [f"{_key(k)} = {_value(v)}" for k, v in table.items() if not isinstance(v, Mapping)]
    for key, part in table.items():
        if isinstance(part, Mapping):
            lines += ["", *_lines(f"{name}.{_key(key)}", part)]
    return lines


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped as well
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise AvauditError("a card holds finite numbers only")
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    raise AvauditError(f"a card cannot hold a {type(value).__name__}")
