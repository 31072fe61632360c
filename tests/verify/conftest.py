"""A sealed report in its folder, with artefacts, documents and examined files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from avaudit.ledger import Ledger
from avaudit.result import Artefact, Environment, Finding, Report, Subject, Tool
from avaudit.result.model import DetectorRef
from avaudit.seal import load_or_create_key
from avaudit.verify import Verification, verify_report


@dataclass(frozen=True)
class Case:
    """The folder ``out`` beside the folder ``media``."""

    root: Path
    report: Path

    def verify(self, **options: object) -> Verification:
        return verify_report(self.report, **options)

    def failures(self) -> list[tuple[str, str]]:
        return [(check.name, check.text) for check in self.verify().failures]


def put(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def artefact(out: Path, name: str, data: bytes) -> Artefact:
    return Artefact(path=name, media_type="image/png", sha256=put(out / name, data))


def build(root: Path) -> Report:
    out, media = root / "out", root / "media"
    subjects = [
        Subject(
            id="s1",
            name="a.jpg",
            path="../media/a.jpg",
            sha256=put(media / "a.jpg", b"picture"),
            bytes=7,
            duration_s=1.25,
            thumbnail=artefact(out, "artefacts/s1/thumb.png", b"small"),
            sidecar=Artefact(
                path="../media/a.c2pa",
                media_type="application/c2pa",
                sha256=put(media / "a.c2pa", b"manifest"),
            ),
        ),
        Subject(id="s2", name="ü.wav", path="../media/ü.wav", sha256=put(media / "ü.wav", b"snd")),
        Subject(id="s3", name="unread.bin"),
    ]
    finding = Finding(
        subject="s1",
        detector=DetectorRef(name="image.edited", version="1"),
        outcome="scored",
        score=0.5,
        facts={"zeta": 1, "alpha": ["x", None, True]},
        artefacts=[artefact(out, "artefacts/s1/heat.png", b"heat")],
    )
    return Report(
        id="0193-report",
        kind="scan",
        created="2026-01-02T03:04:05Z",
        tool=Tool(version="0.1.0"),
        environment=Environment(python="3.11", platform="linux", packages={"av": "15"}),
        subjects=subjects,
        findings=[finding],
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def case(tmp_path: Path, home: Path) -> Case:
    key = load_or_create_key()
    out = tmp_path / "out"
    with Ledger.open() as ledger:
        sealed = ledger.append_report(build(tmp_path), key)
        files = {
            "report.json": put(out / "report.json", sealed.to_json().encode()),
            "report.html": put(out / "report.html", b"<!doctype html>"),
        }
        ledger.append_documents(sealed.id, files, key)
    return Case(tmp_path, out / "report.json")
