"""Every way to touch a ledger behind avaudit's back is found, and named."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from avaudit.errors import LedgerError
from avaudit.ledger import DamagedLedgerError, Entry, Ledger, LedgerIdentity, Problem
from avaudit.ledger._entry import entry_message, head_message
from avaudit.seal import SigningKey, load_or_create_key

COLUMNS = [
    "created", "kind", "report_id", "summary", "digest", "payload", "previous", "key_id",
    "public_key", "entry_hash", "signature",
]  # fmt: skip


@contextmanager
def behind_its_back(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection as an attacker has it: triggers dropped first."""
    database = sqlite3.connect(file)
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        database.execute(f"DROP TRIGGER {trigger}")
    yield database
    database.commit()
    database.close()


def problems_of(file: Path) -> list[Problem]:
    with Ledger.open(f"sqlite:///{file}", read_only=True) as ledger:
        return ledger.check()


def without_witness(home: Path) -> None:
    """The attacker knows about the witness too."""
    shutil.rmtree(home / "witness")


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_untouched(filled):
    assert problems_of(filled) == []


@pytest.mark.parametrize("seq", [1, 4, 6])
@pytest.mark.parametrize("column", COLUMNS)
def test_every_edited_column_is_found_and_named(filled, column, seq):
    with behind_its_back(filled) as database:
        (old,) = database.execute(
            f"SELECT {column} FROM avaudit_entries WHERE seq=?", (seq,)
        ).fetchone()
        middle = len(old) // 2
        new = old[:middle] + ("1" if old[middle] != "1" else "2") + old[middle + 1 :]
        if column == "kind":
            new = "review"
        database.execute(f"UPDATE avaudit_entries SET {column}=? WHERE seq=?", (new, seq))
    found = problems_of(filled)
    assert {problem.seq for problem in found} == {seq}
    named = None if column == "created" else column
    assert found[0].column == named
    assert column in found[0].text
    assert f"entry {seq}" in found[0].text


@pytest.mark.parametrize("value", [None, b"\x00\xff", 5])
@pytest.mark.parametrize("column", ["payload", "entry_hash", "summary"])
def test_columns_of_another_type(filled, column, value):
    with behind_its_back(filled) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute(
            "UPDATE sqlite_master SET sql=replace(sql,'NOT NULL','') WHERE name='avaudit_entries'"
        )
        database.commit()
    with behind_its_back(filled) as database:
        database.execute(f"UPDATE avaudit_entries SET {column}=? WHERE seq=3", (value,))
    found = problems_of(filled)
    assert (found[0].seq, found[0].code, found[0].column) == (3, "edited", column)


def test_text_that_is_no_utf8_any_more(filled):
    with behind_its_back(filled) as database:
        database.execute("UPDATE avaudit_entries SET payload=CAST(x'22ff22' AS TEXT) WHERE seq=2")
    found = problems_of(filled)
    assert [(p.seq, p.column) for p in found] == [(2, "payload")]


@pytest.mark.parametrize(
    ("seq", "text"),
    [(1, "entry 1 was removed"), (3, "entry 3 was removed"), (6, "entry 6 was removed from the")],
)
def test_removed_row(filled, seq, text):
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_entries WHERE seq=?", (seq,))
    found = problems_of(filled)
    assert found[0].code == "removed"
    assert found[0].seq == seq
    assert text in found[0].text


def test_removed_range(filled):
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_entries WHERE seq BETWEEN 2 AND 4")
    assert [p.text for p in problems_of(filled)] == ["entries 2 to 4 were removed"]


def test_removed_and_numbers_closed_up(filled):
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_entries WHERE seq=3")
        database.execute("UPDATE avaudit_entries SET seq=seq-1 WHERE seq>3")
    found = problems_of(filled)
    assert [(p.code, p.seq) for p in found[:3]] == [("out_of_order", n) for n in (3, 4, 5)]
    assert "it was written as entry 4" in found[0].text


@pytest.mark.parametrize(("one", "other"), [(2, 3), (1, 6), (2, 5)])
def test_swapped_rows(filled, one, other):
    with behind_its_back(filled) as database:
        for old, new in ((one, 99), (other, one), (99, other)):
            database.execute("UPDATE avaudit_entries SET seq=? WHERE seq=?", (new, old))
    found = problems_of(filled)
    assert [(p.code, p.seq) for p in found[:2]] == [("out_of_order", one), ("out_of_order", other)]
    assert f"written as entry {other}" in found[0].text


def read_entry(database: sqlite3.Connection, seq: int) -> Entry:
    names = list(Entry.__dataclass_fields__)
    row = database.execute(
        f"SELECT {','.join(names)} FROM avaudit_entries WHERE seq=?", (seq,)
    ).fetchone()
    return Entry(**dict(zip(names, row, strict=True)))


def write_entry(database: sqlite3.Connection, entry: Entry) -> None:
    values = asdict(entry)
    names = ",".join(f"{name}=:{name}" for name in values)
    database.execute(f"UPDATE avaudit_entries SET {names} WHERE seq=:seq", values)


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_row_hashed_again_without_the_key(filled, seq):
    with behind_its_back(filled) as database:
        entry = replace(read_entry(database, seq), created="2020-01-01T00:00:00Z")
        write_entry(database, replace(entry, entry_hash=entry.computed_hash()))
    found = problems_of(filled)
    assert (found[0].code, found[0].seq) == ("signature", seq)
    assert "does not have the key" in found[0].text


def stranger() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def forge(database: sqlite3.Connection, first: int, key: SigningKey) -> None:
    """Re-write the chain from ``first`` on with another key, head included."""
    link = read_entry(database, first).previous
    for (seq,) in database.execute(
        "SELECT seq FROM avaudit_entries WHERE seq>=? ORDER BY seq", (first,)
    ).fetchall():
        entry = replace(
            read_entry(database, seq), created="2020-01-01T00:00:00Z", previous=link,
            key_id=key.key_id, public_key=key.public.hex,
        )  # fmt: skip
        link = entry.computed_hash()
        signature = key.sign(entry_message(link))
        write_entry(database, replace(entry, entry_hash=link, signature=signature))
        last = seq
    sign_head(database, last, link, key)


def sign_head(database: sqlite3.Connection, seq: int, entry_hash: str, key: SigningKey) -> None:
    database.execute(
        "UPDATE avaudit_head SET seq=?, entry_hash=?, public_key=?, signature=?",
        (seq, entry_hash, key.public.hex, key.sign(head_message(seq, entry_hash))),
    )


@pytest.mark.parametrize("first", [1, 4])
def test_chain_written_again_with_another_key(filled, home, first):
    without_witness(home)
    with behind_its_back(filled) as database:
        forge(database, first, stranger())
    found = problems_of(filled)
    assert set(codes(found)) == {"unknown_key"}
    assert {p.seq for p in found} == set(range(first, 7))


def test_last_rows_removed_and_head_signed_with_another_key(filled, home):
    without_witness(home)
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_entries WHERE seq>4")
        sign_head(database, 4, read_entry(database, 4).entry_hash, stranger())
    assert codes(problems_of(filled)) == ["unknown_key"]
    with pytest.raises(LedgerError, match="changed outside avaudit"), Ledger.open() as ledger:
        ledger.append_documents("report-0", {}, load_or_create_key())


@pytest.mark.parametrize(
    ("column", "value"),
    [("seq", 5), ("entry_hash", "0" * 64), ("signature", ""), ("public_key", ""), ("seq", "x")],
)
def test_edited_head(filled, column, value):
    with behind_its_back(filled) as database:
        database.execute(f"UPDATE avaudit_head SET {column}=?", (value,))
    assert codes(problems_of(filled)) == ["head"]


def test_removed_head(filled):
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_head")
    assert codes(problems_of(filled)) == ["head"]


def test_entry_added_without_the_head(filled, key):
    with behind_its_back(filled) as database:
        names = ",".join(f.name for f in Entry.__dataclass_fields__.values() if f.name != "seq")
        database.execute(
            f"INSERT INTO avaudit_entries (seq,payload,{names}) "
            f"SELECT 7,payload,{names} FROM avaudit_entries WHERE seq=6"
        )
    found = problems_of(filled)
    assert codes(found) == ["out_of_order", "head"]
    assert "up to 7" in found[1].text


@pytest.mark.parametrize("column", ["ledger_id", "created"])
def test_edited_identity(filled, home, column):
    without_witness(home)
    with behind_its_back(filled) as database:
        database.execute(f"UPDATE avaudit_ledger SET {column}='x'")
    assert codes(problems_of(filled)) == ["identity"]


@pytest.mark.parametrize("table", ["avaudit_head", "avaudit_entries"])
def test_dropped_table(filled, table):
    with behind_its_back(filled) as database:
        database.execute(f"DROP TABLE {table}")
    with pytest.raises(DamagedLedgerError, match=f"lacks {table}"):
        problems_of(filled)


def test_older_copy_put_back(filled, key):
    copy = filled.with_name("copy")
    shutil.copy(filled, copy)
    with Ledger.open() as ledger:
        ledger.append_documents("report-0", {}, key)
    shutil.copy(copy, filled)
    found = problems_of(filled)
    assert [(p.code, p.seq) for p in found] == [("rolled_back", 7)]


def test_replaced_by_a_new_ledger(filled, key, make_report):
    filled.unlink()
    with Ledger.open() as ledger:
        ledger.append_report(make_report(9), key)
        found = ledger.check()
    assert codes(found) == ["rolled_back"]
    assert "is not the ledger this machine wrote to before" in found[0].text


def test_all_removed_and_reset_to_new(filled, home):
    with behind_its_back(filled) as database:
        database.execute("DELETE FROM avaudit_entries")
        named = database.execute("SELECT ledger_id, created, schema_version FROM avaudit_ledger")
        ledger_id, created, version = named.fetchone()
        identity = LedgerIdentity(ledger_id=ledger_id, created=created, schema_version=version)
        database.execute(
            "UPDATE avaudit_head SET seq=0, entry_hash=?, public_key='', signature=''",
            (identity.genesis(),),
        )
    assert codes(problems_of(filled)) == ["rolled_back"]


def test_witness_edited(filled, home):
    (witness,) = (home / "witness").iterdir()
    witness.write_text("{}")
    assert codes(problems_of(filled)) == ["rolled_back"]


def test_index_that_hides_an_entry(filled):
    with behind_its_back(filled) as database:
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name='avaudit_entries_report'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    data = bytearray(filled.read_bytes())
    start = (page - 1) * size
    at = data.index(b"report-1", start, start + size)
    data[at : at + 8] = b"report-7"
    filled.write_bytes(data)
    assert "damaged" in codes(problems_of(filled))


def test_damaged_file(filled):
    data = bytearray(filled.read_bytes())
    data[len(data) // 3 :] = b"\xa5" * (len(data) - len(data) // 3)
    filled.write_bytes(data)
    try:
        assert "damaged" in codes(problems_of(filled))
    except DamagedLedgerError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either way it is said


TOUCH_THE_END: list[Callable[[sqlite3.Connection], object]] = [
    lambda db: db.execute("DELETE FROM avaudit_entries WHERE seq=6"),
    lambda db: db.execute("DELETE FROM avaudit_head"),
    lambda db: db.execute("UPDATE avaudit_head SET seq=4"),
    lambda db: db.execute("UPDATE avaudit_head SET signature='0'"),
    lambda db: db.execute("UPDATE avaudit_entries SET entry_hash='0' WHERE seq=6"),
]


@pytest.mark.parametrize("touch", TOUCH_THE_END)
def test_nothing_is_appended_over_the_traces(filled, key, make_report, touch):
    with behind_its_back(filled) as database:
        touch(database)
    with Ledger.open() as ledger:
        before = ledger.check()
        with pytest.raises(LedgerError, match=r"changed outside avaudit.*Run avaudit verify"):
            ledger.append_report(make_report(7), key)
        assert ledger.check() == before != []


def test_many_edited_rows_are_found_in_reasonable_time(filled, key):
    with Ledger.open() as ledger:
        for _ in range(150):
            ledger.append_documents("report-0", {}, key)
    with behind_its_back(filled) as database:
        database.execute("UPDATE avaudit_entries SET created='2020'")
    assert len(problems_of(filled)) == 156
