"""The same ledger on PostgreSQL, where its programs and psycopg are installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from avaudit.errors import LedgerError
from avaudit.ledger import Ledger

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'avaudit[postgres]'")


def program(name: str) -> str:
    found = shutil.which(name)
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not installed and not found:
        pytest.skip(f"PostgreSQL is not installed (no {name})")
    return str(installed[-1]) if installed else str(found)


def as_user(*command: str) -> None:
    """Run as a user other than root: PostgreSQL refuses root."""
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd="/", **user
    )
    if done.returncode:
        pytest.skip(f"PostgreSQL cannot be started here: {done.stderr.strip()[-200:]}")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, open_to_all: Callable[[Path], None]
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pg")
    if os.getuid() == 0:
        open_to_all(folder)
        shutil.chown(folder, "nobody")
    data, log = str(folder / "data"), str(folder / "log")
    as_user(program("initdb"), "-D", data, "-U", "examiner", "-A", "trust", "-N", "-E", "UTF8")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=20"
    as_user(program("pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")
    yield f"postgresql://examiner@/postgres?host={folder}"
    as_user(program("pg_ctl"), "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def url(server: str) -> Iterator[str]:
    admin = create_engine(server.replace("postgresql:", "postgresql+psycopg:"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS audit WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE audit"))
    yield server.replace("/postgres?", "/audit?")
    admin.dispose()


def test_append_read_and_check(url, key, make_report):
    with Ledger.open(url) as ledger:
        sealed = ledger.append_report(make_report(1), key)
        ledger.append_documents("report-1", {"report.html": "ab" * 32}, key)
    with Ledger.open(url, read_only=True) as ledger:
        assert ledger.check() == []
        assert ledger.get_report("report-1").to_json() == sealed.to_json()
        assert ledger.documents_of("report-1") == {"report.html": "ab" * 32}
        assert [row.report_id for row in ledger.list_reports()] == ["report-1"]


def test_triggers_refuse_and_the_chain_finds(url, key, make_report):
    with Ledger.open(url) as ledger:
        for number in range(3):
            ledger.append_report(make_report(number), key)
        engine = create_engine(ledger.url)
        for statement in (
            "UPDATE avaudit_entries SET kind='x'",
            "DELETE FROM avaudit_entries",
            "TRUNCATE avaudit_entries",
        ):
            with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
                connection.execute(text(statement))
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE avaudit_entries DISABLE TRIGGER ALL"))
            connection.execute(text("UPDATE avaudit_entries SET payload='{}' WHERE seq=2"))
            connection.execute(text("DELETE FROM avaudit_entries WHERE seq=3"))
        engine.dispose()
        found = ledger.check()
        assert [(p.code, p.seq) for p in found[:2]] == [("edited", 2), ("removed", 3)]


APPENDER = """
import sys
from avaudit.ledger import Ledger
from avaudit.result import Environment, Report, Tool
from avaudit.seal import load_or_create_key
key = load_or_create_key()
with Ledger.open() as ledger:
    for number in range(10):
        ledger.append_report(Report(
            id=f"{sys.argv[1]}-{number}", kind="scan", created="2026-01-01T00:00:00Z",
            tool=Tool(version="1"), environment=Environment(python="3", platform="x", packages={}),
        ), key)
"""


def test_four_processes_make_one_chain(url, key, monkeypatch):
    monkeypatch.setenv("AVAUDIT_LEDGER_URL", url)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, f"p{n}"], stderr=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with Ledger.open(read_only=True) as ledger:
        assert ledger.check() == []
        assert [row.seq for row in ledger.list_reports()] == list(range(40, 0, -1))


def test_locked_for_long(url, key, make_report):
    with Ledger.open(url, lock_timeout_s=0.3) as ledger:
        ledger.append_report(make_report(1), key)
        engine = create_engine(ledger.url)
        with engine.begin() as connection:
            connection.execute(text("SELECT * FROM avaudit_head FOR UPDATE"))
            with pytest.raises(LedgerError, match="kept it locked for too long"):
                ledger.append_report(make_report(2), key)
        engine.dispose()
        ledger.append_report(make_report(2), key)


def test_missing_database_is_said(server):
    with pytest.raises(LedgerError, match="does not exist"):
        Ledger.open(server.replace("/postgres?", "/nowhere?"))
