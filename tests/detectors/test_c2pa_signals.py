"""What the manifests say: AI signals, ingredients, permissions, soft bindings, thumbnails."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avaudit.detector import Observed
from avaudit.detectors.provenance.c2pa import C2paDetector
from avaudit.detectors.provenance.c2pa.actions import source_type
from avaudit.detectors.provenance.c2pa.chain import ordered_labels
from avaudit.detectors.provenance.c2pa.codes import codes_of
from avaudit.detectors.provenance.c2pa.signals import signal_of
from avaudit.detectors.provenance.c2pa.thumbnails import MAX_THUMBNAILS
from avaudit.detectors.provenance.c2pa.verdict import identity_of, integrity_of
from avaudit.samples.credentials import (
    Ingredient,
    TestAuthority as Authority,
    action,
    flip_image_byte_jpeg,
    make_test_authority,
    sign_bytes,
)
from avaudit.testing import examine
from avaudit.trust import add_anchor

DETECTOR = C2paDetector()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_test_authority()


@pytest.fixture(scope="module")
def trust(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "trust"
    add_anchor("my-studio", authority.root_pem.encode(), folder=folder)
    return folder


def jpeg(seed: int = 1, size: tuple[int, int] = (160, 120)) -> bytes:
    rng = np.random.default_rng(seed)
    out = io.BytesIO()
    small = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    small.resize(size).save(out, "JPEG")
    return out.getvalue()


def look(data: bytes, trust: Path, tmp_path: Path) -> Observed:
    path = tmp_path / "subject.jpg"
    path.write_bytes(data)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    outcome = examine(DETECTOR, path, data_dirs={"trust": trust}, scratch=scratch)
    assert isinstance(outcome, Observed), outcome
    return outcome


def test_fully_generated(authority: Authority, trust: Path, tmp_path: Path) -> None:
    made = [action("c2pa.created", source_type="trainedAlgorithmicMedia", software_agent="Gen 1")]
    outcome = look(
        sign_bytes(jpeg(), "image/jpeg", authority, title="x", actions=made), trust, tmp_path
    )
    assert outcome.facts["ai_signal"] == "fully_generated"
    assert outcome.facts["ai_agents"] == ["Gen 1"]
    assert [(i.points_to, i.weight) for i in outcome.indications] == [("generated", "strong")]
    assert "Gen 1" in outcome.indications[0].text
    unknown = look((tmp_path / "subject.jpg").read_bytes(), tmp_path / "no-store", tmp_path)
    assert [(i.points_to, i.weight) for i in unknown.indications] == [("generated", "moderate")]
    broken = look(flip_image_byte_jpeg((tmp_path / "subject.jpg").read_bytes()), trust, tmp_path)
    assert ("generated", "weak") in {(i.points_to, i.weight) for i in broken.indications}


@pytest.mark.parametrize(
    ("source", "signal", "indicated"),
    [
        ("compositeWithTrainedAlgorithmicMedia", "partly_generated", ["edited"]),
        ("compositeSynthetic", "partly_generated", ["edited"]),
        ("composite", "unknown", []),
        ("digitalCreation", "none", []),
        ("digitalCapture", "none", ["captured"]),
        ("computationalCapture", "none", ["captured"]),
        (
            "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "fully_generated",
            ["generated"],
        ),
    ],
)
def test_inception(
    source: str,
    signal: str,
    indicated: list[str],
    authority: Authority,
    trust: Path,
    tmp_path: Path,
) -> None:
    signed = sign_bytes(jpeg(), "image/jpeg", authority, title="x", digital_source_type=source)
    outcome = look(signed, trust, tmp_path)
    assert outcome.facts["ai_signal"] == signal
    assert [i.points_to for i in outcome.indications] == indicated


def test_edited_with_ai(authority: Authority, trust: Path, tmp_path: Path) -> None:
    done = [
        action("c2pa.created", source_type="digitalCapture"),
        action(
            "c2pa.edited",
            source_type="compositeWithTrainedAlgorithmicMedia",
            software_agent="Fill",
        ),
    ]
    outcome = look(
        sign_bytes(jpeg(), "image/jpeg", authority, title="x", actions=done), trust, tmp_path
    )
    assert outcome.facts["ai_signal"] == "edited_with_ai"
    assert outcome.facts["ai_agents"] == ["Fill"]
    assert [(i.points_to, i.weight) for i in outcome.indications] == [("edited", "strong")]
    assert [a["action"] for a in outcome.facts["actions"]] == ["c2pa.created", "c2pa.edited"]


def test_signal_of_the_parent_is_inherited(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    parent = sign_bytes(
        jpeg(),
        "image/jpeg",
        authority,
        title="born.jpg",
        digital_source_type="trainedAlgorithmicMedia",
    )
    child = sign_bytes(
        jpeg(2),
        "image/jpeg",
        authority,
        title="child.jpg",
        ingredients=[Ingredient(data=parent, media_type="image/jpeg", title="born.jpg")],
    )
    outcome = look(child, trust, tmp_path)
    facts = outcome.facts
    assert facts["ai_signal"] == "fully_generated"
    assert facts["ai_signal_manifest"] != facts["active_manifest"]
    assert "born.jpg" in facts["ai_signal_reason"]
    assert [(i.points_to, i.weight) for i in outcome.indications] == [("generated", "moderate")]
    first, second = facts["manifests"]
    assert first["ingredients"][0]["manifest"] == second["label"]
    assert first["ingredients"][0]["relationship"] == "parentOf"
    assert (first["trusted"], second["trusted"]) == (True, True)


def test_component_made_with_ai(authority: Authority, trust: Path, tmp_path: Path) -> None:
    part = sign_bytes(
        jpeg(),
        "image/jpeg",
        authority,
        title="sky.jpg",
        digital_source_type="trainedAlgorithmicMedia",
    )
    whole = sign_bytes(
        jpeg(2),
        "image/jpeg",
        authority,
        title="whole.jpg",
        actions=[
            action("c2pa.created", source_type="digitalCapture"),
            action("c2pa.placed"),
        ],
        ingredients=[
            Ingredient(
                data=part, media_type="image/jpeg", title="sky.jpg", relationship="componentOf"
            )
        ],
    )
    assert look(whole, trust, tmp_path).facts["ai_signal"] == "partly_generated"


def test_broken_ingredient_recorded_by_a_good_signer(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    broken = flip_image_byte_jpeg(sign_bytes(jpeg(), "image/jpeg", authority, title="b.jpg"))
    child = sign_bytes(
        jpeg(2),
        "image/jpeg",
        authority,
        title="c.jpg",
        ingredients=[Ingredient(data=broken, media_type="image/jpeg", title="b.jpg")],
    )
    outcome = look(child, trust, tmp_path)
    assert (outcome.facts["integrity"], outcome.facts["trust"]) == ("valid", "trusted")
    (problem,) = outcome.facts["ingredient_problems"]
    assert problem["code"] == "assertion.dataHash.mismatch"
    assert (problem["ingredient"], problem["known"]) == ("b.jpg", "recorded_by_signer")
    assert not [i for i in outcome.indications if i.points_to == "altered_after_signing"]


def test_other_statements(authority: Authority, trust: Path, tmp_path: Path) -> None:
    statements: list[dict[str, Any]] = [
        {
            "label": "cawg.training-mining",
            "data": {"entries": {"cawg.ai_training": {"use": "notAllowed"}}},
        },
        {
            "label": "c2pa.soft-binding",
            "data": {"alg": "org.example.mark", "blocks": [{"scope": {}, "value": "2*0101"}]},
        },
    ]
    signed = sign_bytes(jpeg(), "image/jpeg", authority, title="x", assertions=statements)
    facts = look(signed, trust, tmp_path).facts
    assert facts["training_mining"] == [{"entry": "cawg.ai_training", "use": "notAllowed"}]
    assert facts["soft_bindings"] == [{"algorithm": "org.example.mark", "values": ["2*0101"]}]


def test_thumbnails_are_small_clean_and_bounded(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    parts = [
        Ingredient(
            data=jpeg(seed, (900, 500)),
            media_type="image/jpeg",
            title=f"part {seed}",
            relationship="componentOf",
        )
        for seed in range(MAX_THUMBNAILS + 3)
    ]
    whole = sign_bytes(
        jpeg(99),
        "image/jpeg",
        authority,
        title="whole",
        actions=[action("c2pa.created", source_type="composite"), action("c2pa.placed")],
        ingredients=parts,
    )
    path = tmp_path / "a.jpg"
    path.write_bytes(whole)
    kept = tmp_path / "kept"
    kept.mkdir()
    outcome = examine(DETECTOR, path, data_dirs={"trust": trust}, scratch=kept)
    assert isinstance(outcome, Observed)
    assert len(outcome.artefacts) == MAX_THUMBNAILS
    assert outcome.facts["notes"] == ["3 more thumbnails were left out"]
    names = {artefact.name for artefact in outcome.artefacts}
    drawn = [i.get("thumbnail") for i in outcome.facts["manifests"][0]["ingredients"]]
    assert names == {name for name in drawn if name}
    for file in kept.rglob("*.jpg"):
        with Image.open(file) as shown:
            assert shown.format == "JPEG"
            assert max(shown.size) <= 320


def test_thumbnail_of_what_was_signed_is_kept_when_bytes_differ(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    signed = sign_bytes(jpeg(), "image/jpeg", authority, title="x")
    assert not look(signed, trust, tmp_path).artefacts
    (shown,) = look(flip_image_byte_jpeg(signed), trust, tmp_path).artefacts
    assert (shown.role, shown.title) == ("c2pa_thumbnail", "As signed: x")


def test_source_types_as_they_occur() -> None:
    prefix = "cv.iptc.org/newscodes/digitalsourcetype/"
    assert source_type(f" http://{prefix}trainedAlgorithmicMedia") == "trainedAlgorithmicMedia"
    assert source_type("http://c2pa.org/digitalsourcetype/empty") == "empty"
    assert source_type("http://evil.example/digitalsourcetype/digitalCapture") == ""


def _store(actions: list[dict[str, Any]], label: str = "c2pa.actions") -> dict[str, Any]:
    return {"m": {"assertions": [{"label": label, "data": {"actions": actions}}]}}


@pytest.mark.parametrize("label", ["c2pa.actions", "c2pa.actions.v2", "c2pa.actions__1"])
def test_both_versions_of_actions_count(label: str) -> None:
    uri = " http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    store = _store([{"action": "c2pa.created", "digitalSourceType": uri}], label)
    assert signal_of(store, "m").ai == "fully_generated"


def test_hostile_stores_do_not_loop_or_crash() -> None:
    knot = {
        "a": {"ingredients": [{"relationship": "parentOf", "active_manifest": "b"}]},
        "b": {"ingredients": [{"relationship": "parentOf", "active_manifest": "a"}, 7, None]},
    }
    assert signal_of(knot, "a").ai == "none"
    assert ordered_labels({"manifests": knot, "active_manifest": "a"}) == ["a", "b"]
    for junk in ({}, {"validation_results": []}, {"validation_results": {"activeManifest": 3}}):
        assert codes_of(junk).failures() == ()
    assert signal_of({"m": {"assertions": [3, {"label": 4}]}}, "m").ai == "none"


def _codes(*failures: str) -> Any:
    rows = [{"code": code, "url": "", "explanation": ""} for code in failures]
    return codes_of({"validation_results": {"activeManifest": {"failure": rows}}})


def test_identity_is_an_axis_of_its_own() -> None:
    codes = _codes("cawg.ica.did_unavailable")
    assert integrity_of(codes, "Invalid").verdict == "valid"
    assert identity_of(codes, {})["state"] == "not_verified"
    assert identity_of(_codes("cawg.identity.cbor.invalid"), {})["state"] == "invalid"
    both = _codes("cawg.ica.did_unavailable", "assertion.dataHash.mismatch")
    assert integrity_of(both, "Invalid").verdict == "invalid"
    assert identity_of(_codes(), {}) == {"state": "absent"}


def test_codes_without_a_name_still_count_and_renamed_ones_are_normalised() -> None:
    assert integrity_of(_codes(), "Invalid").verdict == "invalid"
    assert integrity_of(_codes("signingCredential.untrusted"), "Valid").verdict == "valid"
    assert integrity_of(_codes("claim.missing"), "Invalid").failures == (
        "ingredient.manifest.missing",
    )


def test_exclusion_mismatch_is_not_called_alteration() -> None:
    row = {
        "code": "assertion.dataHash.mismatch",
        "url": "",
        "explanation": "data hash exclusion does not match the manifest location",
    }
    codes = codes_of({"validation_results": {"activeManifest": {"failure": [row]}}})
    integrity = integrity_of(codes, "Invalid")
    assert (integrity.verdict, integrity.binding) == ("invalid", "exclusion_mismatch")
