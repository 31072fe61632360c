"""What the pages cost over a ledger of 100,000 findings: their part of ``make bench``."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from avaudit.benchmarks.rows import Row
from avaudit.catalogue.benchmark import DETECTORS, measure_catalogue
from avaudit.ledger import Ledger

_SCRIPT = """
import importlib
from avaudit.dashboard.store import open_store
page = importlib.import_module("avaudit.dashboard.pages.{page}")
with open_store() as store:
    page.show(store)
"""
REPEATS = 3
GOAL = "≤ 2 s"


def measure_pages(folder: Path) -> list[Row]:
    """Time the catalogue's questions, then every page as Streamlit draws it, without a browser.

    The best of three runs counts. The catalogue is made before the first.
    """
    rows = measure_catalogue(folder)
    with _home(folder):
        _seconds("overview", {})  # makes the catalogue of this home
        for title, page, query in _pages(folder):
            spent_s = min(_seconds(page, query) for _ in range(REPEATS))
            rows.append(Row(f"dashboard, page {title}, 100,000 findings", spent_s, "s", goal=GOAL))
    return rows


def _pages(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    with Ledger.open(_url(folder), read_only=True) as ledger:
        newest = ledger.list_reports(limit=1)[0].report_id
    asked = {"report": newest, "subject": "s00250", "detector": DETECTORS[2]}
    yield "Overview", "overview", {}
    yield "Scan", "scan", {}
    yield "Findings", "findings", {}
    yield "Findings, one of them", "findings", asked
    yield "Review", "review", {}
    yield "Audits", "audits", {}
    yield "Detectors", "detectors", {}
    yield "Integrity", "integrity", {}


def _seconds(page: str, query: Mapping[str, str]) -> float:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_string(_SCRIPT.format(page=page), default_timeout=600)
    for key, value in query.items():
        app.query_params[key] = value
    start_s = time.perf_counter()
    app.run()
    spent_s = time.perf_counter() - start_s
    for error in app.exception:
        raise RuntimeError(f"the page {page} could not be drawn: {error.message}")
    return spent_s


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Let everything find its state in ``folder``, for as long as it is measured."""
    changed = {"AVAUDIT_HOME": str(folder), "AVAUDIT_LEDGER_URL": _url(folder)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite3'}"
