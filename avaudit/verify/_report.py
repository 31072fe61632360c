"""Verifying one report: its bytes, its seal, and every file it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..result import report_text
from ..seal import PublicKey, Trust, digest_of, load_keyring, signature_problem
from ._ledger import ledger_checks
from ._model import Check, Verification

BLOCK_BYTES = 1 << 20


def verify_report(
    path: Path, *, ledger_url: str | None = None, public_key: PublicKey | None = None
) -> Verification:
    """Verify a report and everything it names.

    Parameters
    ----------
    path
        report.json.
    ledger_url
        The ledger; default the one of this machine.
    public_key
        The key the report must be signed with; default: any key, and it is said whose.

    Raises
    ------
    UsageError
        When the file cannot be read at all.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be read: {error.strerror}") from error
    try:
        report = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return Verification((Check("report", "failed", f"{path.name} is no JSON: {error}"),))
    if not isinstance(report, dict) or not isinstance(report.get("seal"), dict):
        return Verification((Check("report", "failed", f"{path.name} is no sealed report"),))
    checks = [_exact_bytes(path, data, report), _digest(report), _signature(report, public_key)]
    checks += _artefacts(path.parent, report)
    checks += _subjects(path.parent, report)
    from_ledger, documents = ledger_checks(report, ledger_url)
    checks += _documents(path, documents)
    return Verification((*checks, *from_ledger))


def _exact_bytes(path: Path, data: bytes, report: dict[str, Any]) -> Check:
    try:
        expected = report_text(report).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return Check("report", "failed", f"{path.name} holds what no report holds: {error}")
    if data == expected:
        return Check("report", "ok", f"{path.name} has the exact form avaudit writes")
    at = next(
        (i for i, (a, b) in enumerate(zip(data, expected, strict=False)) if a != b),
        min(len(data), len(expected)),
    )
    line = data.count(b"\n", 0, at) + 1
    return Check("report", "failed", f"{path.name} was changed: byte {at} (line {line})")


def _digest(report: dict[str, Any]) -> Check:
    try:
        same = digest_of(report) == report["seal"].get("digest")
    except (ValueError, RecursionError):
        same = False
    if same:
        return Check("digest", "ok", "the content fits the digest in the seal")
    return Check(
        "digest", "failed", "the content of the report does not fit the digest in its seal"
    )


def _signature(report: dict[str, Any], public_key: PublicKey | None) -> Check:
    problem = signature_problem(report["seal"])
    if problem is not None:
        return Check("signature", "failed", problem)
    key = PublicKey.from_hex(report["seal"]["public_key"])
    assert key is not None  # signature_problem has checked it
    if public_key is not None and key != public_key:
        text = f"it is signed with key {key.key_id}, not with {public_key.key_id} as demanded"
        return Check("signature", "failed", text)
    keyring = load_keyring()
    if public_key is None and keyring.trust(key) is Trust.UNKNOWN:
        return Check(
            "signature",
            "warning",
            f"the signature holds, but key {key.key_id} is not known here: anybody could have "
            "made it. Compare the key, or give it with --key",
        )
    return Check("signature", "ok", f"signed with {keyring.owner(key)}")


def _artefacts(folder: Path, report: dict[str, Any]) -> Iterator[Check]:
    named = [item for item in _named_files(report) if item.get("role") != "sidecar"]
    wrong = 0
    for item in named:
        problem = _file_problem(folder, item, inside=True)
        if problem is not None:
            wrong += 1
            yield Check("artefact", "failed", problem)
    if named and not wrong:
        yield Check("artefacts", "ok", f"all {len(named)} artefacts are as they were")


def _named_files(value: Any) -> Iterator[dict[str, Any]]:
    """Find every ``{path, media_type, sha256}`` that stands where the model has an artefact."""
    for subject in value.get("subjects") or ():
        for key in ("thumbnail", "sidecar"):
            if subject.get(key):
                yield subject[key]
    for finding in value.get("findings") or ():
        yield from finding.get("artefacts") or ()


def _file_problem(folder: Path, item: dict[str, Any], *, inside: bool) -> str | None:
    name = str(item.get("path"))
    path = folder / name
    if inside and not path.resolve().is_relative_to(folder.resolve()):
        return f"{name} leads out of the report's folder"
    try:
        digest = _sha256(path)
    except FileNotFoundError:
        return f"{name} is missing"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    return None if digest == item.get("sha256") else f"{name} was changed"


def _subjects(folder: Path, report: dict[str, Any]) -> Iterator[Check]:
    there = missing = wrong = 0
    for subject in report.get("subjects") or ():
        for item in (subject, subject.get("sidecar")):
            if not item or not item.get("sha256") or not item.get("path"):
                continue
            if not (folder / str(item["path"])).exists():
                missing += 1
                continue
            there += 1
            problem = _file_problem(folder, item, inside=False)
            if problem is not None:
                wrong += 1
                yield Check("subject", "failed", problem)
    if there and not wrong:
        yield Check("subjects", "ok", f"all {there} examined files still there are unchanged")
    if missing:
        text = f"{missing} examined files are no longer where they were"
        yield Check("subjects", "not_checked", text)


def _documents(path: Path, recorded: dict[str, str] | None) -> Iterator[Check]:
    others = sorted(p.name for p in path.parent.glob("report.*") if p != path and p.is_file())
    if recorded is None:
        if others:
            text = f"{', '.join(others)}: their digests are in no ledger here"
            yield Check("documents", "not_checked", text)
        return
    for name, sha256 in recorded.items():
        if name == path.name:
            continue
        problem = _file_problem(path.parent, {"path": name, "sha256": sha256}, inside=True)
        if problem is None:
            yield Check("document", "ok", f"{name} is as it was written")
        elif "missing" in problem:
            yield Check("document", "not_checked", problem)
        else:
            yield Check("document", "failed", problem)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
