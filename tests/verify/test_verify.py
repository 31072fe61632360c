"""Whatever is touched is found, and said by name."""

import dataclasses
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings, strategies as st

from avaudit.errors import LedgerError, UsageError
from avaudit.ledger import Ledger, MissingLedgerError
from avaudit.result import Report, report_text
from avaudit.seal import (
    PublicKey,
    SigningKey,
    digest_of,
    load_or_create_key,
    seal_report,
)
from avaudit.verify import Check, Verification, verification_lines, verify_ledger, verify_report


def statuses(verification: Verification) -> dict[str, str]:
    return {check.name: check.status for check in verification.checks}


def by_name(verification: Verification, name: str) -> Check:
    return next(check for check in verification.checks if check.name == name)


def test_untouched(case):
    found = case.verify()
    assert found.ok
    assert found.verdict == "untouched"
    assert statuses(found) == dict.fromkeys(
        ("report", "digest", "signature", "artefacts", "subjects", "documents", "ledger",
         "ledger entry"), "ok",
    )  # fmt: skip
    assert by_name(found, "artefacts").text.startswith("2 artefacts are")
    assert by_name(found, "subjects").text.startswith("3 examined files are")
    assert verify_report(case.report.parent) == found


# --- the file ---------------------------------------------------------------------------------


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_changed_byte_is_found(case, data):
    original = case.report.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[at]))
    try:
        case.report.write_bytes(original[:at] + bytes([byte]) + original[at + 1 :])
        assert not case.verify().ok
    finally:
        case.report.write_bytes(original)


def test_any_changed_byte_is_found_without_the_ledger_too(case, home):
    """Every byte of the file, one bit each: an examiner elsewhere has only the file."""
    shutil.rmtree(home)
    original = case.report.read_bytes()
    public = PublicKey.from_hex(json.loads(original)["seal"]["public_key"])
    assert case.verify(public_key=public).ok
    for at in range(len(original)):
        changed = bytearray(original)
        changed[at] ^= 1 << at % 8
        case.report.write_bytes(changed)
        assert not case.verify(public_key=public).ok, at


def test_swapped_lines_are_found_without_the_ledger_too(case, home):
    shutil.rmtree(home)
    lines = case.report.read_text().splitlines(keepends=True)
    found = 0
    for at in range(len(lines) - 1):
        swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
        if swapped != lines:
            case.report.write_text("".join(swapped))
            assert not case.verify().ok, lines[at : at + 2]
            found += 1
    assert found > 50


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b"\xef\xbb\xbf" + b, "a byte order mark was put in front"),
        (lambda b: b.replace(b"\n", b"\r\n"), "at byte 1 (line 1, column 2)"),
        (lambda b: b + b"\n", "something was added at the end"),
        (lambda b: b[:-1], "it ends too early"),
        (
            lambda b: b.replace(b'  "kind": "scan",', b'  "kind": "scan",\n  "kind": "scan",'),
            "twice",
        ),
        (lambda b: b.replace(b"1.25", b"1.250"), "(line 26, column 25)"),
        (lambda b: b.replace(b"1.25", b"1.2_"), "it is no JSON at line"),
        (lambda b: b.replace(b"1.25", b"NaN"), "it holds NaN"),
        (lambda b: b.replace(b"1.25", b"1e999"), "not JSON compliant"),
        (lambda b: b.replace(b"1.25", b"9" * 5000), "digits"),
        (lambda b: b.replace("ü".encode(), b"\xfc"), "is not valid UTF-8"),
        (lambda b: b.replace("ü".encode(), b"\\u00fc"), "was changed at byte"),
        (lambda b: b.replace("ü".encode(), b"\\ud800"), "half of a character pair"),
        (lambda b: b[: len(b) // 2], "it is no JSON at line"),
        (lambda b: b"", "it is no JSON at line 1"),
        (lambda b: b"[" * 100_000, "recursion"),
        (lambda b: b"[]\n", "not a JSON object"),
        (lambda b: b.replace(b"report/1", b"report/2"), "its schema is not avaudit.report/1"),
        (lambda b: b.decode().encode("utf-16"), "byte 0 is not valid UTF-8"),
    ],
)
def test_the_first_touched_place_is_named(case, change, said):
    case.report.write_bytes(change(case.report.read_bytes()))
    found = case.verify()
    assert not found.ok
    assert found.checks[0].name == "report"
    assert said in found.checks[0].text


def resealed(case, change) -> dict:
    report = json.loads(case.report.read_text())
    change(report)
    case.report.write_text(report_text(report))
    return report


def test_changed_value_is_named_from_the_ledger(case):
    def change(report):
        report["findings"][0]["score"] = -0.5
        report["subjects"][1]["name"] = "other.wav"
        del report["tool"]["version"]
        report["subjects"].append({"id": "s4", "name": "new"})

    resealed(case, change)
    found = case.verify()
    assert [c.name for c in found.failures] == ["digest", "ledger entry"]
    assert by_name(found, "ledger entry").detail == (
        'tool.version: absent here, "0.1.0" in the ledger',
        'subjects[1].name: "other.wav" here, "ü.wav" in the ledger',
        'subjects[3]: {"id": "s4", "name": "new"} here, absent in the ledger',
        "findings[0].score: -0.5 here, 0.5 in the ledger",
    )


def test_changed_order_is_named_from_the_ledger(case):
    def change(report):
        facts = report["findings"][0]["facts"]
        report["findings"][0]["facts"] = dict(reversed(facts.items()))

    resealed(case, change)
    assert "another order" in " ".join(by_name(case.verify(), "ledger entry").detail)


# --- the seal ---------------------------------------------------------------------------------


def stranger() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def signed_again(case, key: SigningKey) -> None:
    report = Report.model_validate_json(case.report.read_text())
    report.parameters["forged"] = True
    case.report.write_text(seal_report(report, report.seal.previous, key).to_json())


def test_changed_and_signed_again_by_a_stranger(case, home):
    signed_again(case, stranger())
    found = case.verify()
    assert [c.name for c in found.failures] == ["ledger entry"]
    assert by_name(found, "signature").status == "warning"
    shutil.rmtree(home)
    alone = case.verify()
    assert alone.ok
    assert "anybody could have made" in by_name(alone, "signature").text
    assert alone.verdict != "untouched"


def test_changed_and_signed_again_with_the_own_key(case):
    signed_again(case, load_or_create_key())
    assert [name for name, _ in case.failures()] == ["ledger entry"]


def test_the_given_key_must_match(case):
    own = load_or_create_key().public
    assert "given key" in by_name(case.verify(public_key=own), "signature").text
    found = case.verify(public_key=stranger().public)
    assert [c.name for c in found.failures] == ["signature"]
    assert "not with the given key" in found.failures[0].text


@pytest.mark.parametrize("name", ["signature", "key_id", "public_key"])
def test_removed_part_of_the_seal(case, name):
    resealed(case, lambda report: report["seal"].pop(name))
    assert ("signature", name) in [(check, name) for check, text in case.failures() if name in text]


def test_removed_seal(case):
    resealed(case, lambda report: report.pop("seal"))
    assert case.failures()[0] == ("digest", "the report has no seal: it was taken out")


def test_seal_of_another_report(case):
    with Ledger.open() as ledger:
        other = Report.model_validate_json(case.report.read_text())
        other = ledger.append_report(
            other.model_copy(update={"id": "other", "seal": None}), load_or_create_key()
        )
    resealed(case, lambda report: report.update(seal=other.to_dict()["seal"]))
    assert [name for name, _ in case.failures()] == ["digest", "ledger entry"]


# --- the files it names -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "check"),
    [
        ("out/artefacts/s1/thumb.png", "artefact"),
        ("out/artefacts/s1/heat.png", "artefact"),
        ("out/report.html", "document"),
        ("media/a.jpg", "subject"),
        ("media/ü.wav", "subject"),
        ("media/a.c2pa", "subject"),
    ],
)
def test_touched_file_is_named(case, file, check):
    path = case.root / file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    ((name, text),) = case.failures()
    assert name == check
    assert Path(file).name in text
    assert "was changed" in text


@pytest.mark.parametrize("file", ["thumb.png", "heat.png"])
def test_missing_artefact_fails(case, file):
    (case.report.parent / "artefacts" / "s1" / file).unlink()
    assert case.failures() == [("artefact", f"artefacts/s1/{file} is missing")]


def test_missing_subjects_and_documents_are_not_checked(case):
    shutil.rmtree(case.root / "media")
    (case.report.parent / "report.html").unlink()
    found = case.verify()
    assert found.ok
    gone = [check for check in found.checks if check.status == "not_checked"]
    assert [check.name for check in gone] == ["subjects", "document"]
    assert gone[0].detail == ("../media/a.jpg", "../media/a.c2pa", "../media/ü.wav")


def test_document_nobody_recorded(case):
    (case.report.parent / "report.pdf").write_bytes(b"%PDF")
    found = case.verify()
    assert found.ok
    assert [c.detail for c in found.checks if c.status == "not_checked"] == [("report.pdf",)]


@pytest.mark.parametrize("path", ["../media/a.jpg", "/etc/hostname", "a/../../x", "link", "\x00"])
def test_artefact_paths_that_lead_out_are_refused(case, path):
    (case.report.parent / "link").symlink_to(case.root / "media" / "a.jpg")

    def change(report):
        report["findings"][0]["artefacts"][0]["path"] = path
        report["seal"]["digest"] = digest_of(report)

    resealed(case, change)
    text = dict(case.failures())["artefact"]
    assert "leads out of the report's folder" in text or "no usable path" in text


def test_hostile_shapes_do_not_break_it(case):
    shapes = [None, 5, "x", [], {}, [None], [[]], {"path": []}, [{"artefacts": 5}], {"a": "\x00"}]
    for name in ("subjects", "findings", "seal", "id", "schema"):
        for shape in shapes:
            resealed(case, lambda report, n=name, s=shape: report.update({n: s}))
            assert not case.verify().ok


def test_pipes_and_devices_are_not_read(case):
    for file in ("media/a.jpg", "out/artefacts/s1/heat.png"):
        (case.root / file).unlink()
        os.mkfifo(case.root / file)
    found = case.verify()
    assert [(c.name, "is not a file any more" in c.text) for c in found.failures] == [
        ("artefact", True),
        ("subject", True),
    ]


# --- the ledger -------------------------------------------------------------------------------


def test_report_another_ledger_made(case, tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/other.sqlite3"):
        pass
    found = case.verify(ledger_url=f"sqlite:///{tmp_path}/other.sqlite3")
    assert found.ok
    assert by_name(found, "ledger entry").status == "warning"
    assert by_name(found, "documents").status == "not_checked"


def test_no_ledger_at_all(case, home):
    shutil.rmtree(home)
    found = case.verify()
    assert found.ok
    assert by_name(found, "ledger").status == "not_checked"
    assert not home.exists()
    with pytest.raises(MissingLedgerError):
        verify_ledger()


def test_removed_ledger_is_noticed(case, home):
    (home / "ledger.sqlite3").unlink()
    assert "the ledger was removed" in dict(case.failures())["ledger"]
    assert not verify_ledger().ok


def touched(home: Path, statement: str) -> None:
    database = sqlite3.connect(home / "ledger.sqlite3")
    database.execute("DROP TRIGGER avaudit_no_update")
    database.execute("DROP TRIGGER avaudit_no_delete")
    database.execute(statement)
    database.commit()
    database.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE avaudit_entries SET payload='{}' WHERE seq=1", "its column payload was changed"),
        ("UPDATE avaudit_entries SET payload='{}' WHERE seq=2", "its column payload was changed"),
        ("DELETE FROM avaudit_entries WHERE seq=1", "entry 1 was removed"),
        ("DELETE FROM avaudit_entries WHERE seq=2", "entry 2 was removed from the end"),
        ("UPDATE avaudit_entries SET report_id='x' WHERE seq=1", "column report_id was changed"),
    ],
)
def test_touched_ledger_is_named(case, home, statement, said):
    touched(home, statement)
    assert said in dict(reversed(case.failures()))["ledger"]
    alone = verify_ledger()
    assert not alone.ok
    assert said in alone.failures[0].text


def test_damaged_ledger_fails(case, home):
    (home / "ledger.sqlite3").write_bytes(b"no database " * 1000)
    assert "not a database" in dict(case.failures())["ledger"]
    assert not verify_ledger().ok


def test_ledger_that_cannot_be_asked(case):
    url = "postgresql+psycopg://nobody@localhost:1/none"
    with pytest.raises(LedgerError):
        case.verify(ledger_url=url)
    (case.root / "media" / "a.jpg").write_bytes(b"other")
    found = case.verify(ledger_url=url)
    assert not found.ok
    assert by_name(found, "ledger").status == "not_checked"


def test_unreadable_report(tmp_path):
    with pytest.raises(UsageError, match=r"none\.json cannot be read"):
        verify_report(tmp_path / "none.json")


# --- what is shown ----------------------------------------------------------------------------


def test_lines_and_json(case):
    (case.root / "media" / "a.jpg").write_bytes(b"other")
    found = case.verify()
    lines = verification_lines(found)
    assert lines[-1] == "NOT untouched: 1 check failed"
    assert any(line.startswith("FAILED       subject") and "a.jpg" in line for line in lines)
    shown = json.loads(json.dumps(found.to_dict()))
    assert shown["ok"] is False
    assert shown["of"] == str(case.report)
    assert len(shown["checks"]) == len(found.checks)
    assert set(shown["checks"][0]) == {f.name for f in dataclasses.fields(Check)}


def test_half_a_character_pair_can_be_printed():
    check = Check("subject", "failed", "name \ud800", ("\udfff",))
    assert check.text == "name \\ud800"
    assert check.detail == ("\\udfff",)
