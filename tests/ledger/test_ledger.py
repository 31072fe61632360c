"""Appending, reading back, and what is said when the database will not."""

import json
import sqlite3
import stat
import subprocess
import sys

import pytest

from avaudit.errors import LedgerError
from avaudit.ledger import DamagedLedgerError, Ledger, MissingLedgerError
from avaudit.seal import GENESIS, digest_of, load_or_create_key


def test_append_seals_and_gives_the_same_report_back(key, make_report):
    with Ledger.open() as ledger:
        first = ledger.append_report(make_report(1), key)
        second = ledger.append_report(make_report(2), key)
        assert first.seal.previous == ledger.identity.genesis() != GENESIS
        assert second.seal.previous == ledger.report_entry("report-1").entry_hash
        assert first.seal.digest == digest_of(json.loads(first.to_json()))
        assert ledger.get_report("report-1").to_json() == first.to_json()
        assert ledger.check() == []
    with Ledger.open(read_only=True) as again:
        assert again.get_report("report-2").to_json() == second.to_json()


def test_list_reports_newest_first_in_pages(filled):
    with Ledger.open(read_only=True) as ledger:
        rows = ledger.list_reports()
        assert [row.report_id for row in rows] == ["report-2", "report-1", "report-0"]
        assert [row.seq for row in rows] == [5, 3, 1]
        assert rows[1].counts == {"subjects": 1, "findings": 1, "failed": 1}
        assert rows[0].counts["failed"] == 0
        assert rows[0].kind == "scan"
        page = ledger.list_reports(limit=1, before_seq=5)
        assert [row.report_id for row in page] == ["report-1"]


def test_later_documents_replace_earlier_ones(filled, key):
    with Ledger.open() as ledger:
        ledger.append_documents("report-0", {"report.html": "cd" * 32, "report.md": "ef" * 32}, key)
        assert ledger.documents_of("report-0") == {
            "report.html": "cd" * 32,
            "report.md": "ef" * 32,
        }
        assert ledger.documents_of("report-1") == {"report.html": "ab" * 32}


def test_report_id_is_taken_once_and_documents_need_a_report(filled, key, make_report):
    with Ledger.open() as ledger:
        with pytest.raises(LedgerError, match="already has a report report-0"):
            ledger.append_report(make_report(0), key)
        with pytest.raises(LedgerError, match="has no report other"):
            ledger.append_documents("other", {}, key)
        with pytest.raises(LedgerError, match="has no report other"):
            ledger.get_report("other")
        assert ledger.check() == []


def test_files_are_private(filled):
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.parent.stat().st_mode) == 0o700


def test_sqlite_refuses_update_and_delete(filled):
    with sqlite3.connect(filled) as database:
        for statement in (
            "UPDATE avaudit_entries SET kind = 'x'",
            "DELETE FROM avaudit_entries",
            "DELETE FROM avaudit_head",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)
    database.close()


def test_read_only_makes_nothing(home):
    with pytest.raises(MissingLedgerError, match="there is no ledger"):
        Ledger.open(read_only=True)
    assert not home.exists()


def test_database_of_something_else(tmp_path):
    other = tmp_path / "other.sqlite3"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE things (id INTEGER)")
    database.close()
    with pytest.raises(LedgerError, match="not an avaudit ledger"):
        Ledger.open(f"sqlite:///{other}")


def test_file_that_is_no_database(tmp_path):
    other = tmp_path / "photo.jpg"
    other.write_bytes(b"\xff\xd8" + b"no database at all" * 100)
    with pytest.raises(DamagedLedgerError, match="not a database"):
        Ledger.open(f"sqlite:///{other}")
    assert other.read_bytes().startswith(b"\xff\xd8no")


def test_newer_layout(filled):
    with sqlite3.connect(filled) as database:
        database.execute("UPDATE avaudit_ledger SET schema_version = 2")
    database.close()
    with pytest.raises(LedgerError, match=r"layout 2.*update avaudit"):
        Ledger.open()


def test_locked_for_long(filled, key, make_report):
    holder = sqlite3.connect(filled, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerError, match=r"kept it locked for too long"):
            Ledger.open(lock_timeout_s=0.1)
    finally:
        holder.close()


def test_passwords_never_show(monkeypatch):
    url = "postgresql+psycopg://someone:s3cret@localhost:1/db?passfile=s3cret"
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, lock_timeout_s=0.1)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(LedgerError) as caught:
        Ledger.open("nonsense:s3cret@")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(LedgerError) as caught:
        Ledger.open("strangedb://u:s3cret@h/d")
    assert "no database of the kind" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///x.db?mode=memory"])
def test_a_ledger_must_last(url):
    with pytest.raises(LedgerError, match="give a"):
        Ledger.open(url)


def test_missing_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"):
        Ledger.open(f"sqlite:///{tmp_path}/file/ledger.sqlite3")


LIMIT = "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"
FULL_DISK = """
import resource, sys
from avaudit.errors import LedgerError
from avaudit.ledger import Ledger
from avaudit.result import Environment, Report, Tool
from avaudit.seal import load_or_create_key

key = load_or_create_key()
with Ledger.open() as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for number in range(200):
        report = Report(
            id=f"r{number}", kind="scan", created="2026-01-01T00:00:00Z", tool=Tool(version="1"),
            environment=Environment(python="3", platform="x", packages={"p": "x" * 20_000}),
        )
        try:
            ledger.append_report(report, key)
        except LedgerError as error:
            print(number, error)
            sys.exit(0)
"""


def test_file_size_limit_while_appending(home):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    number, _, text = done.stdout.partition(" ")
    assert "the disk is full or failing. Free some space" in text
    with Ledger.open() as ledger:
        assert ledger.check() == []
        assert len(ledger.list_reports()) == int(number) > 5


def test_full_disk(tmp_path, monkeypatch):
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(mounted)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mount.returncode:
        pytest.skip("no permission to mount a small file system")
    try:
        monkeypatch.setenv("AVAUDIT_HOME", str(mounted / "home"))
        script = FULL_DISK.replace(LIMIT, "")
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        number, _, text = done.stdout.partition(" ")
        assert "the disk is full or failing. Free some space" in text
        with Ledger.open(read_only=True) as ledger:
            assert ledger.check() == []
            assert len(ledger.list_reports()) == int(number) > 0
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


READ_ONLY = """
import os, sys
from avaudit.errors import AvauditError
from avaudit.ledger import Ledger
import avaudit.ledger._ledger, sqlalchemy.dialects.sqlite.pysqlite, avaudit.seal, avaudit.result
key = avaudit.seal.load_or_create_key()
if os.getuid() == 0:
    os.setgroups([]); os.setuid(65534)
with Ledger.open(read_only=True) as ledger:
    print(len(ledger.list_reports()))
try:
    Ledger.open().__enter__().append_documents("report-0", {}, key)
except AvauditError as error:
    print(error)
"""


def test_read_only_medium_can_be_verified_and_not_written(filled, open_to_all):
    open_to_all(filled.parent)
    filled.chmod(0o444)
    filled.parent.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY], capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
    finally:
        filled.parent.chmod(0o700)
    assert done.returncode == 0, done.stderr
    count, text = done.stdout.splitlines()
    assert count == "3"
    assert "ledger.sqlite3" in text
    assert "writable" in text or "permission denied" in text


def test_memory_of_a_check_does_not_grow_with_the_entries(home, key, make_report):
    import tracemalloc

    def peak_of_check(ledger: Ledger) -> int:
        tracemalloc.start()
        assert ledger.check() == []
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    with Ledger.open() as ledger:
        for number in range(5):
            ledger.append_report(_large(make_report(number)), key)
        ledger.check()  # caches of compiled statements
        few = peak_of_check(ledger)
        for number in range(5, 40):
            ledger.append_report(_large(make_report(number)), key)
        many = peak_of_check(ledger)
    assert many < few * 1.2


def _large(report):
    return report.model_copy(update={"parameters": {"text": "x" * 100_000}})


def test_key_of_another_machine_is_named_until_it_is_known(filled, tmp_path, monkeypatch):
    url = f"sqlite:///{filled}"
    own = load_or_create_key().public
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "elsewhere"))
    load_or_create_key()
    with Ledger.open(url) as ledger:
        problems = ledger.check()
        assert {problem.code for problem in problems} == {"unknown_key"}
        known = tmp_path / "elsewhere" / "keys" / "known" / "colleague.pem"
        known.write_text(own.pem())
        assert ledger.check() == []
