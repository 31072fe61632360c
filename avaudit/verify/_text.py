"""The bytes of report.json: exactly what avaudit writes, or where they are not."""

from __future__ import annotations

import codecs
import json
from typing import Any, NoReturn

from ..result import SCHEMA, report_text
from ._model import Check


class _DuplicateKeyError(ValueError):
    """A JSON object has the same key twice, so that two readers may see two reports."""


def read_exactly(name: str, data: bytes) -> tuple[dict[str, Any] | None, Check]:
    """Parse a report strictly, and compare its bytes with those avaudit writes for that content.

    Returns
    -------
    tuple
        The report (``None`` when it cannot be read as a JSON object), and the check ``report``.
    """
    try:
        text = data.decode("utf-8")
        report = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        expected = report_text(report).encode("utf-8")
    except UnicodeDecodeError as error:
        return None, _failed(name, f"byte {error.start} is not valid UTF-8")
    except UnicodeEncodeError:
        return None, _failed(name, "it holds half of a character pair, which avaudit never writes")
    except json.JSONDecodeError as error:
        return None, _failed(name, _json_fault(data, error))
    except (ValueError, RecursionError) as error:
        return None, _failed(name, str(error))
    if not isinstance(report, dict):
        return None, _failed(name, "it is no report: not a JSON object")
    if data != expected:
        return report, _failed(name, _first_difference(data, expected))
    if report.get("schema") != SCHEMA:
        return report, _failed(name, f"its schema is not {SCHEMA}")
    return report, Check("report", "ok", f"{name} has the exact form avaudit writes")


def _failed(name: str, what: str) -> Check:
    return Check("report", "failed", f"{name}: {what}")


def _json_fault(data: bytes, error: json.JSONDecodeError) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "a byte order mark was put in front"
    return f"it is no JSON at line {error.lineno}, column {error.colno}: {error.msg}"


def _first_difference(data: bytes, expected: bytes) -> str:
    """Name the first byte that differs from what avaudit would have written."""
    at = _common_prefix(data, expected)
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    where = f"it was changed at byte {at} (line {line}, column {column})"
    if at == len(data):
        return f"{where}: it ends too early"
    if at == len(expected):
        return f"{where}: something was added at the end"
    found, wanted = data[at : at + 20], expected[at : at + 20]
    return f"{where}: it has {found!r} where avaudit writes {wanted!r}"


def _common_prefix(first: bytes, second: bytes) -> int:
    """Give the length of the common beginning, by halving: reports can be large."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateKeyError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"it holds {word}, which is not JSON")
