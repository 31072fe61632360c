"""Verdicts on the public test files of the C2PA, whose names say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from avaudit.detector import Observed
from avaudit.detectors.provenance.c2pa import C2paDetector
from avaudit.testing import examine
from avaudit.trust import update

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "c2pa"
PREFIX = "adobe-20220124-"
FILES = sorted((DATA / "public" / "image" / "jpeg").glob(f"{PREFIX}*.jpg"))
DETECTOR = C2paDetector()

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FILES, reason="the C2PA files are not in ../shared/data/c2pa"),
]

BROKEN = {
    "X": ("mismatch", "assertion.dataHash.mismatch"),
    "E-dat": ("mismatch", "assertion.dataHash.mismatch"),
    "E-sig": ("match", "claimSignature.mismatch"),
    "E-uri": ("match", "assertion.hashedURI.mismatch"),
    "E-clm": ("match", "ingredient.manifest.missing"),
}


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "trust"
    update(DATA / "trust", folder=folder)
    return folder


def look(path: Path, trust: Path) -> Observed:
    outcome = examine(DETECTOR, path, data_dirs={"trust": trust})
    assert isinstance(outcome, Observed), outcome
    return outcome


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem.removeprefix(PREFIX))
def test_named_after_what_is_wrong(path: Path, trust: Path) -> None:
    code = path.stem.removeprefix(PREFIX)
    facts = look(path, trust).facts
    if code in ("A", "I"):
        assert facts["integrity"] == "absent"
        return
    broken = next((name for name in BROKEN if code.startswith(name)), None)
    if broken:
        assert facts["integrity"] == "invalid"
        assert facts["content_binding"] == BROKEN[broken][0]
        assert BROKEN[broken][1] in facts["codes"]["failure"]
    else:
        assert facts["integrity"] == "valid"
    assert facts["trust"] == "untrusted", "signed with test certificates, on no list"
    recorded = [p["code"] for p in facts["ingredient_problems"] if p["known"] != "found_now"]
    assert ("claimSignature.mismatch" in recorded) == ("CIE-sig" in code)
    if "E" not in code:
        assert facts["ingredient_problems"] == []


def test_interim_list_and_ai_editing(trust: Path) -> None:
    path = DATA / "public" / "pdf" / "adobe-20240110-single_manifest_store.pdf"
    facts = look(path, trust).facts
    assert (facts["integrity"], facts["trust"]) == ("valid", "trusted_legacy")
    assert (facts["trust_list"], facts["trust_list_date"][:10]) == ("c2pa-itl", "2026-01-01")
    assert facts["ai_signal"] == "edited_with_ai"
    assert facts["ai_agents"] == ["Adobe Firefly"]
    assert facts["signed_at"] == "2023-11-27T17:46:19+00:00"
    assert facts["time_stamp"] == "trusted"


def test_expired_signer_is_not_called_alteration(trust: Path) -> None:
    outcome = look(DATA / "public" / "image" / "jpeg" / "nikon-20221019-building.jpeg", trust)
    assert outcome.facts["integrity"] == "invalid"
    assert outcome.facts["content_binding"] == "match"
    assert "signingCredential.expired" in outcome.facts["codes"]["failure"]
    assert not outcome.indications


def test_public_test_roots_make_nobody_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    update(DATA / "trust", folder=folder, include_test=True)
    facts = look(DATA / "public" / "image" / "jpeg" / f"{PREFIX}CA.jpg", folder).facts
    assert (facts["trust"], facts["trust_list"]) == ("untrusted", "c2pa-test")
