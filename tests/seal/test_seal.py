"""The seal: what it covers, and that a stranger can check it with a few lines of their own."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, strategies as st

from avaudit.errors import AvauditError
from avaudit.result import Environment, Report, Tool
from avaudit.seal import (
    GENESIS,
    digest_of,
    load_or_create_key,
    seal_report,
    signature_problem,
)


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    return load_or_create_key()


def report(**parameters: object) -> Report:
    return Report(
        id="r",
        kind="scan",
        created="2026-01-01T00:00:00Z",
        tool=Tool(version="1"),
        environment=Environment(python="3", platform="x", packages={}),
        parameters=parameters,
    )


def test_anybody_can_check_the_seal_without_avaudit(key):
    text = seal_report(report(a=1.5, b="ä"), GENESIS, key).to_json()
    found = json.loads(text)
    seal = found["seal"]
    found["seal"] = {"previous": seal["previous"]}
    plain = json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(plain)
    assert digest.hexdigest() == seal["digest"]
    public = bytes.fromhex(seal["public_key"])
    assert hashlib.sha256(public).hexdigest()[:16] == seal["key_id"]
    Ed25519PublicKey.from_public_bytes(public).verify(
        bytes.fromhex(seal["signature"]), b"avaudit.report/1\0" + digest.digest()
    )


def test_sealing_again_replaces_the_seal(key):
    once = seal_report(report(), GENESIS, key)
    assert seal_report(once, GENESIS, key) == once
    assert seal_report(once, "1" * 64, key).seal.digest != once.seal.digest


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\n\x00é"), inner),
    max_leaves=8,
)


@given(value=json_values)
def test_digest_survives_the_file(value):
    body = {"x": value, "seal": {"previous": GENESIS}}
    assert digest_of(json.loads(json.dumps(body))) == digest_of(body)


def test_digest_covers_everything_but_its_own_parts():
    body = {"a": 1, "b": [1, 2], "seal": {"previous": GENESIS}}
    digest = digest_of(body)
    sealed = {"digest": "x", "signature": "y", "key_id": "z", "public_key": "p"}
    assert digest_of({**body, "seal": {**body["seal"], **sealed}}) == digest
    for changed in (
        {**body, "a": 2},
        {**body, "a": 1.0},
        {**body, "c": None},
        {"b": [1, 2], "a": 1, "seal": body["seal"]},
        {**body, "seal": {"previous": "1" * 64}},
        {**body, "seal": {**body["seal"], "note": ""}},
    ):
        assert digest_of(changed) != digest


@pytest.mark.parametrize(
    "value", ["\ud800", 10**5000, {"\udfff"}], ids=["half a pair", "huge", "in a set"]
)
def test_what_json_cannot_hold_is_not_sealed(key, value):
    with pytest.raises((AvauditError, ValueError)) as caught:
        seal_report(report(value=value), GENESIS, key)
    assert "r" in str(caught.value)


def test_signature_problems(key):
    seal = seal_report(report(), GENESIS, key).to_dict()["seal"]
    assert signature_problem(seal) is None
    for name in ("digest", "signature", "key_id", "public_key"):
        without = {k: v for k, v in seal.items() if k != name}
        assert name in str(signature_problem(without))
        for wrong in (seal[name].upper() + " ", "0" * len(seal[name]), "", 5, None):
            assert signature_problem({**seal, name: wrong}) is not None
    assert "order" in str(signature_problem(dict(reversed(seal.items()))))
