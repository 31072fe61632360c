"""A home of its own for every test, and small reports."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from avaudit.ledger import Ledger
from avaudit.result import Environment, Finding, Report, Subject, Tool
from avaudit.result.model import DetectorRef
from avaudit.seal import SigningKey, load_or_create_key

MakeReport = Callable[[int], Report]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def key(home: Path) -> SigningKey:
    return load_or_create_key()


@pytest.fixture
def make_report() -> MakeReport:
    def make(number: int) -> Report:
        return Report(
            id=f"report-{number}",
            kind="scan",
            created="2026-01-02T03:04:05Z",
            tool=Tool(version="0.1.0"),
            environment=Environment(python="3.11", platform="linux", packages={}),
            subjects=[Subject(id="s1", name="sträße 图.jpg", duration_s=1.5)],
            findings=[
                Finding(
                    subject="s1",
                    detector=DetectorRef(name="watermark.dwtdct", version="1"),
                    outcome="failed" if number % 2 else "observed",
                    facts={"z": 1, "a": [0.1, None, "\u2028"]},
                )
            ],
        )

    return make


@pytest.fixture
def filled(home: Path, key: SigningKey, make_report: MakeReport) -> Path:
    """A ledger of six entries: report, documents, and so on; gives its file."""
    with Ledger.open() as ledger:
        for number in range(3):
            ledger.append_report(make_report(number), key)
            ledger.append_documents(f"report-{number}", {"report.html": "ab" * 32}, key)
    return home / "ledger.sqlite3"


@pytest.fixture(scope="session")
def open_to_all() -> Callable[[Path], None]:
    """Give a function that lets other users into a folder of this test run, and to it."""

    def open_folder(folder: Path) -> None:
        shared = Path(tempfile.gettempdir()).resolve()
        for place in (folder, *folder.parents):
            if place.is_relative_to(shared) and place != shared and os.getuid() == 0:
                place.chmod(0o755)

    return open_folder
