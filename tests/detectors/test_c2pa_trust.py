"""Who is trusted, by which list, and that no trust verdict comes from the wrong list."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from avaudit.detector import Observed
from avaudit.detectors.provenance.c2pa import C2paDetector
from avaudit.errors import ExaminationError
from avaudit.samples.credentials import (
    Ingredient,
    TestAuthority as Authority,
    make_test_authority,
    sign_bytes,
)
from avaudit.testing import examine
from avaudit.trust import Role, add_anchor, update

DETECTOR = C2paDetector()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_test_authority()


@pytest.fixture(scope="module")
def other() -> Authority:
    return make_test_authority(organisation="another house")


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def signed(authority: Authority, tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(sign_bytes(jpeg(), "image/jpeg", authority, title="x"))
    return path


def facts(path: Path, folder: Path) -> dict[str, Any]:
    outcome = examine(DETECTOR, path, data_dirs={"trust": folder})
    assert isinstance(outcome, Observed), outcome
    return dict(outcome.facts)


def test_no_list_means_unknown(signed: Path, tmp_path: Path) -> None:
    found = facts(signed, tmp_path / "nothing")
    assert (found["integrity"], found["trust"]) == ("valid", "unknown")
    assert "avaudit trust update" in found["trust_reason"]
    assert "trust_list" not in found


@pytest.mark.parametrize(
    ("role", "trust", "named"),
    [
        ("private", "trusted", True),
        ("trusted", "trusted", True),
        ("trusted_legacy", "trusted_legacy", True),
        ("test", "untrusted", True),
        ("tsa", "untrusted", False),
    ],
)
def test_role_of_the_list_decides(
    role: Role,
    trust: str,
    named: bool,
    signed: Path,
    authority: Authority,
    other: Authority,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "trust"
    add_anchor("the-list", authority.root_pem.encode(), role=role, folder=folder)
    add_anchor("unrelated", other.root_pem.encode(), folder=folder)
    found = facts(signed, folder)
    assert found["integrity"] == "valid", "an unknown signer is no integrity failure"
    assert found["trust"] == trust
    assert found.get("trust_list") == ("the-list" if named else None)
    assert {row["name"] for row in found["trust_lists"]} == {"the-list", "unrelated"}
    assert found["trust_reason"]


@pytest.mark.parametrize("role", ["tsa", "test"])
def test_lists_that_cannot_judge_signers_leave_trust_unknown(
    role: Role, signed: Path, authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "trust"
    add_anchor("the-list", authority.root_pem.encode(), role=role, folder=folder)
    assert facts(signed, folder)["trust"] == "unknown"


@pytest.mark.parametrize("attempt", range(6))
def test_root_in_several_lists_is_reported_under_the_strongest(
    attempt: int, signed: Path, authority: Authority, tmp_path: Path
) -> None:
    """The library picks one of them at random for each context."""
    folder = tmp_path / "trust"
    issuing = "-----BEGIN" + authority.chain_pem.split("-----BEGIN")[2]
    pem = (issuing if attempt % 2 else authority.root_pem).encode()
    add_anchor("strong", pem, role="trusted", folder=folder)
    roles: tuple[Role, ...] = ("trusted_legacy", "tsa", "private", "test")
    for role in roles:
        pem = authority.root_pem.encode()
        add_anchor(f"weak-{role.replace('_', '-')}", pem, role=role, folder=folder)
    found = facts(signed, folder)
    assert (found["trust"], found["trust_list"]) == ("trusted", "strong")
    assert found["manifests"][0]["trust_list"] == "strong"


def test_trusted_ingredient_does_not_make_the_signer_trusted(
    authority: Authority, other: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "trust"
    add_anchor("the-list", authority.root_pem.encode(), folder=folder)
    parent = sign_bytes(jpeg(), "image/jpeg", authority, title="parent")
    path = tmp_path / "child.jpg"
    ingredient = Ingredient(data=parent, media_type="image/jpeg", title="parent")
    path.write_bytes(
        sign_bytes(jpeg(), "image/jpeg", other, title="child", ingredients=[ingredient])
    )
    found = facts(path, folder)
    assert (found["integrity"], found["trust"]) == ("valid", "untrusted")
    assert "trust_list" not in found
    assert [part["trusted"] for part in found["manifests"]] == [False, True]
    assert found["ingredient_problems"] == []


def test_certificate_accepted_by_itself(
    signed: Path, authority: Authority, other: Authority, tmp_path: Path
) -> None:
    """An allowed list names leaves; the library then reports no list name."""
    folder = tmp_path / "trust"
    source = tmp_path / "lists"
    source.mkdir()
    (source / "itl_anchors.pem").write_text(other.root_pem)
    leaf = authority.chain_pem.partition("-----END CERTIFICATE-----")
    (source / "itl_allowed.pem").write_text("# a leaf\n" + leaf[0] + leaf[1] + "\n")

    update(source, folder=folder)
    found = facts(signed, folder)
    assert (found["trust"], found["trust_list"]) == ("trusted_legacy", "c2pa-itl")
    assert found["trust_list_date"] == "2026-01-01T00:00:00Z"


def test_expired_certificate_without_time_stamp(tmp_path: Path) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    until = datetime.now(UTC) + timedelta(seconds=2.2)
    dying = make_test_authority(valid_from=start, valid_for=until - start)
    folder = tmp_path / "trust"
    add_anchor("the-list", dying.root_pem.encode(), folder=folder)
    path = tmp_path / "a.jpg"
    path.write_bytes(sign_bytes(jpeg(), "image/jpeg", dying, title="x"))
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1.0)
    outcome = examine(DETECTOR, path, data_dirs={"trust": folder})
    assert isinstance(outcome, Observed)
    found = outcome.facts
    assert (found["integrity"], found["trust"]) == ("invalid", "untrusted")
    assert "signingCredential.expired" in found["codes"]["failure"]
    assert found["content_binding"] == "match"
    assert not [i for i in outcome.indications if i.points_to == "altered_after_signing"]


def test_expired_list_is_said(signed: Path, authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    add_anchor("the-list", authority.root_pem.encode(), folder=folder)
    assert facts(signed, folder)["trust_list_expired"] is False
    index = json.loads((folder / "index.json").read_text())
    index["lists"][0]["next_update"] = "2020-01-01T00:00:00Z"
    (folder / "index.json").write_text(json.dumps(index))
    found = facts(signed, folder)
    assert found["trust_list_expired"] is True
    assert "a newer list was due on 2020-01-01" in found["trust_reason"]


def test_changed_list_file_stops_the_examination(
    signed: Path, authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "trust"
    entry = add_anchor("the-list", authority.root_pem.encode(), folder=folder)
    assert facts(signed, folder)["trust"] == "trusted"
    path = folder / entry.files[0].name
    path.write_bytes(path.read_bytes() + b"\n")
    outcome = examine(DETECTOR, signed, data_dirs={"trust": folder})
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "trust_store_unusable"
    assert "was changed after it was installed" in outcome.text


def test_new_list_is_noticed_without_a_restart(
    signed: Path, authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "trust"
    assert facts(signed, folder)["trust"] == "unknown"
    add_anchor("the-list", authority.root_pem.encode(), folder=folder)
    assert facts(signed, folder)["trust"] == "trusted"
