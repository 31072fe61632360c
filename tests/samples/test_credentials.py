"""The test authority, signing, stripping and tampering."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from avaudit.samples.credentials import (
    Ingredient,
    TestAuthority as Authority,
    action,
    flip_byte,
    flip_image_byte_jpeg,
    make_sidecar,
    make_test_authority,
    provenance_pointer_jpeg,
    sign_bytes,
    sign_media,
    strip_manifest_jpeg,
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_test_authority(organisation="House", signer="Hand")


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").rotate(30).save(out, "JPEG")
    return out.getvalue()


def read(data: bytes, authority: Authority, sidecar: bytes | None = None) -> dict[str, Any]:
    anchor = {"trust_uri": "x", "trust_kind": "manifest", "trust_anchors": authority.root_pem}
    settings = {
        "verify": {"remote_manifest_fetch": False},
        "core": {"allowed_network_hosts": []},
        "trust": {"trust_config": "1.3.6.1.5.5.7.3.4\n", "anchors": [anchor]},
    }
    context = c2pa.Context.from_dict(settings)
    with c2pa.Reader("image/jpeg", io.BytesIO(data), sidecar, context=context) as reader:
        store: dict[str, Any] = json.loads(reader.json())
        return store


def test_authority_follows_the_profile(authority: Authority) -> None:
    leaf, issuing = x509.load_pem_x509_certificates(authority.chain_pem.encode())
    (root,) = x509.load_pem_x509_certificates(authority.root_pem.encode())
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {oid.dotted_string for oid in usage} == {
        "1.3.6.1.5.5.7.3.4",
        "1.3.6.1.4.1.62558.2.1",
    }
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days >= 3650
    other = make_test_authority()
    assert other.root_pem != authority.root_pem, "every authority has keys of its own"


def test_signed_media_read_back_as_trusted(authority: Authority, tmp_path: Path) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(jpeg())
    done = [action("c2pa.created", source_type="digitalCapture", software_agent="Cam")]
    made = sign_media(
        source, target, "image/jpeg", authority, title="T", actions=done, claim_generator="Gen"
    )
    assert made == target
    store = read(target.read_bytes(), authority)
    manifest = store["manifests"][store["active_manifest"]]
    assert store["validation_state"] == "Trusted"
    assert manifest["title"] == "T"
    assert manifest["claim_generator_info"][0]["name"] == "Gen"
    assert manifest["signature_info"]["common_name"] == "Hand"
    stated = manifest["assertions"][0]["data"]["actions"][0]
    assert stated["digitalSourceType"].endswith("/digitalCapture")
    assert stated["softwareAgent"] == {"name": "Cam"}


def test_ingredients_are_linked(authority: Authority) -> None:
    parent = sign_bytes(jpeg(), "image/jpeg", authority, title="parent")
    child = sign_bytes(
        jpeg(),
        "image/jpeg",
        authority,
        title="child",
        ingredients=[
            Ingredient(data=parent, media_type="image/jpeg", title="parent"),
            Ingredient(
                data=jpeg(), media_type="image/jpeg", title="part", relationship="componentOf"
            ),
        ],
        actions=[action("c2pa.opened"), action("c2pa.placed")],
    )
    store = read(child, authority)
    assert store["validation_state"] == "Trusted"
    assert len(store["manifests"]) == 2


def test_sidecar_leaves_the_media_alone(authority: Authority, tmp_path: Path) -> None:
    data = jpeg()
    sidecar = make_sidecar(data, "image/jpeg", authority, title="T")
    assert read(data, authority, sidecar)["validation_state"] == "Trusted"
    assert read(flip_byte(data, -100), authority, sidecar)["validation_state"] == "Invalid"


def test_strip_and_flip(authority: Authority) -> None:
    plain = jpeg()
    signed = sign_bytes(plain, "image/jpeg", authority, title="T")
    stripped = strip_manifest_jpeg(signed)
    assert b"c2pa" not in stripped
    assert Image.open(io.BytesIO(stripped)).tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    changed = flip_image_byte_jpeg(signed)
    assert sum(a != b for a, b in zip(signed, changed, strict=True)) == 1
    shown = Image.open(io.BytesIO(changed)).tobytes()
    assert shown != Image.open(io.BytesIO(plain)).tobytes()
    assert read(changed, authority)["validation_state"] == "Invalid"


def test_stripping_leaves_the_pointer(authority: Authority) -> None:
    pointing = provenance_pointer_jpeg(jpeg(), "self#jumbf=/c2pa/urn:uuid:1")
    signed = sign_bytes(pointing, "image/jpeg", authority, title="T")
    assert b"self#jumbf=/c2pa/urn:uuid:1" in strip_manifest_jpeg(signed)


def test_pointer_is_escaped_and_bounded() -> None:
    with Image.open(io.BytesIO(provenance_pointer_jpeg(jpeg(), 'https://x/?a=1&b="2"'))) as opened:
        found = json.dumps(opened.getxmp())
    assert 'https://x/?a=1&b=\\"2' in found
    with pytest.raises(ValueError, match="too long"):
        provenance_pointer_jpeg(jpeg(), "x" * 70_000)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8", b"\xff\xd8\x00\x00\x00\x00"])
def test_only_jpegs(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a JPEG"):
        strip_manifest_jpeg(data)
