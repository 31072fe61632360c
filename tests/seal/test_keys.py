"""Keys: made once, kept private, and clear words for anything else."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from avaudit.errors import AvauditError, UsageError
from avaudit.seal import (
    PublicKey,
    Trust,
    load_key,
    load_keyring,
    load_or_create_key,
    parse_public_key,
    public_key_pem,
)

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write_key(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_key_is_made_once_and_private(home):
    key = load_or_create_key()
    file = home / "keys" / "ed25519.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert load_or_create_key().public == key.public
    assert sorted(p.name for p in file.parent.iterdir()) == ["ed25519.pem", "known"]
    assert "PRIVATE" not in repr(key)


def test_processes_that_start_together_get_one_key(home):
    script = "from avaudit.seal import load_or_create_key as k; print(k().public.hex)"
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=60)[0] for process in running}
    assert len(answers) == 1
    assert len(answers.pop().strip()) == 64
    assert len(list((home / "keys" / "known").iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_key_that_others_can_read_is_refused(home, mode):
    load_or_create_key()
    file = home / "keys" / "ed25519.pem"
    file.chmod(mode)
    with pytest.raises(UsageError, match=f"run chmod 600 {file}"):
        load_or_create_key()
    with pytest.raises(UsageError, match="chmod 600"):
        load_keyring()


def test_given_key_file_is_used_and_stays_known(tmp_path, home):
    private = Ed25519PrivateKey.generate()
    given = write_key(tmp_path / "k.pem", private.private_bytes(PEM, PKCS8, PLAIN))
    key = load_or_create_key(given)
    assert key.public.raw == private.public_key().public_bytes_raw()
    assert not (home / "keys" / "ed25519.pem").exists()
    assert load_keyring().trust(key.public) is Trust.KNOWN
    assert public_key_pem(given).startswith("-----BEGIN PUBLIC KEY-----")


def test_key_of_openssl(tmp_path):
    made = tmp_path / "openssl.pem"
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(made)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    made.chmod(0o600)
    assert len(load_key(made).key_id) == 16


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN), "another kind"),
        (
            Ed25519PrivateKey.generate().private_bytes(
                PEM, PKCS8, serialization.BestAvailableEncryption(b"x")
            ),
            "is encrypted",
        ),
        (b"", "is not a private key in PEM form"),
        (b"\x00\xff garbage", "is not a private key in PEM form"),
        (
            Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            "is not a private key in PEM form",
        ),
    ],
    ids=["ecdsa", "encrypted", "empty", "garbage", "public"],
)
def test_other_files_are_refused(tmp_path, data, said):
    with pytest.raises(UsageError, match=said):
        load_or_create_key(write_key(tmp_path / "k.pem", data))


def test_missing_key_folder_and_pipe(tmp_path):
    with pytest.raises(UsageError, match="cannot read the key"):
        load_or_create_key(tmp_path / "none.pem")
    with pytest.raises(UsageError, match="is not a file"):
        load_or_create_key(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(UsageError, match="is not a file"):
        load_or_create_key(tmp_path / "pipe")


def test_home_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(AvauditError, match="cannot make the signing key"):
        load_or_create_key()


def test_keyring(home):
    assert load_keyring().own is None
    own = load_or_create_key()
    ring = load_keyring()
    assert ring.trust(own.public) is Trust.OWN
    assert ring.owner(own.public) == "this machine's key"
    other = PublicKey(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert ring.trust(other) is Trust.UNKNOWN
    (home / "keys" / "known" / "Ada.pem").write_text(other.pem())
    ring = load_keyring()
    assert ring.trust(other) is Trust.KNOWN
    assert ring.owner(other) == "the known key “Ada”"
    (home / "keys" / "known" / "bad.pem").write_text("x")
    with pytest.raises(UsageError, match=r"bad\.pem is not a public key"):
        load_keyring()


def test_old_key_stays_known_when_it_is_replaced(home):
    old = load_or_create_key().public
    (home / "keys" / "ed25519.pem").unlink()
    new = load_or_create_key().public
    ring = load_keyring()
    assert new != old
    assert (ring.trust(old), ring.trust(new)) == (Trust.KNOWN, Trust.OWN)


def test_parse_public_key(tmp_path):
    key = load_or_create_key().public
    (tmp_path / "p.pem").write_text(key.pem())
    assert parse_public_key(tmp_path / "p.pem") == parse_public_key(key.hex) == key
    with pytest.raises(UsageError, match="cannot read the public key"):
        parse_public_key(tmp_path / "none.pem")
    (tmp_path / "x.pem").write_text("x")
    with pytest.raises(UsageError, match="BEGIN PUBLIC KEY"):
        parse_public_key(tmp_path / "x.pem")


def test_signature_must_be_spelt_exactly():
    key = load_or_create_key()
    signature = key.sign(b"message")
    assert key.public.verifies(signature, b"message")
    for wrong in (None, "", signature.upper(), signature[:-2], signature + "\n", "0" * 128):
        assert not key.public.verifies(wrong, b"message")
    assert not key.public.verifies(signature, b"other")
