"""One resolver for every way to name a model under audit."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ..errors import UsageError
from ..registry import ADAPTERS, DETECTORS, load, names, unknown_name
from .backend import Backend
from .cache import DEFAULT_BYTES, AnswerCache
from .loading import load_name, names_in_file
from .model import Model
from .python import python_backend

NO_PARAMS: Mapping[str, str] = MappingProxyType({})
DETECTOR_PREFIX = "detector/"
TABLE_SUFFIXES = (".csv", ".jsonl", ".parquet", ".npz")
CACHE_BYTES_VARIABLE = "AVAUDIT_CACHE_BYTES"


def resolve_model(
    reference: str, *, params: Mapping[str, str] = NO_PARAMS, cache: bool = True
) -> Model:
    """Give the model that a reference names.

    Parameters
    ----------
    reference
        ``package.module:factory`` or ``file.py:factory`` (Python), the name of an installed
        adapter, ``detector/NAME`` (one of avaudit's own), ``scores:FILE``,
        ``cmd:PROGRAM ARGUMENTS``, or ``http://…`` and ``https://…``. Code that is named is
        trusted and runs in this process.
    params
        Parameters as text (``-M key=value``); a Python factory gets them as keyword arguments,
        parsed by their annotations.
    cache
        Whether answers are kept in the state folder, by content.

    Raises
    ------
    UsageError
        When the reference names nothing, with what was probably meant.
    AuditError
        When the model exists but could not be started.

    Examples
    --------
    >>> model = resolve_model("scores:answers.csv")  # doctest: +SKIP
    >>> model.score_clips([Path("a.wav")])  # doctest: +SKIP
    array([0.7])
    """
    backend = _backend(reference, params)
    return Model(reference, backend, cache=_open_cache() if cache else None)


def adapter_names() -> list[str]:
    """Give the names a model can have without a colon: installed adapters, own detectors."""
    return names(ADAPTERS) + [f"{DETECTOR_PREFIX}{name}" for name in names(DETECTORS)]


def _backend(reference: str, params: Mapping[str, str]) -> Backend:
    kind, _, rest = reference.partition(":")
    if kind == "scores":
        from .scores import scores_backend

        return scores_backend(Path(rest), params)
    if kind == "cmd":
        from .command import command_backend

        return command_backend(rest, params)
    if kind in ("http", "https"):
        from .http import http_backend

        return http_backend(reference, params)
    if reference.startswith(DETECTOR_PREFIX):
        from .detector import DetectorModel

        name = reference.removeprefix(DETECTOR_PREFIX)
        if name not in names(DETECTORS):
            raise UsageError(unknown_name("detector", name, names(DETECTORS)))
        return python_backend(DetectorModel(name), params, reference)
    if ":" in reference:
        return python_backend(load_name(reference), params, reference)
    if reference in names(ADAPTERS):
        return python_backend(load(ADAPTERS, reference), params, reference)
    raise UsageError(_unresolved(reference))


def _unresolved(reference: str) -> str:
    path = Path(reference)
    if path.suffix == ".py" and path.is_file():
        there = names_in_file(path)
        return f"{reference}: say which model of the file: {reference}:NAME; it has: " + (
            ", ".join(there) or "none"
        )
    if path.suffix.lower() in TABLE_SUFFIXES:
        return f"{reference}: for a table of scores write scores:{reference}"
    return unknown_name("model", reference, adapter_names()) + (
        " (other forms: FILE.py:NAME, package.module:NAME, scores:FILE, cmd:PROGRAM, http://…)"
    )


def _open_cache() -> AnswerCache | None:
    try:
        size = int(os.environ.get(CACHE_BYTES_VARIABLE, DEFAULT_BYTES))
    except ValueError as error:
        raise UsageError(f"{CACHE_BYTES_VARIABLE}: a number of bytes is expected") from error
    try:
        return AnswerCache(max_bytes=size)
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"the cache of answers cannot be opened: {error}; remove the folder 'cache' from "
            "the state folder, or use --no-cache"
        ) from error
