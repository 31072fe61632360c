"""Nothing that came from a file can act on the page, leave the folder, or hide what it is."""

import hashlib
import os
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from avaudit.renderer import Renderer
from avaudit.reports.html import HtmlRenderer, images
from avaudit.result import Artefact, Report

Read = Callable[[str], Any]

ATTACKS = [
    "<script>alert(1)</script>\"'>\u202e\u2066\x07",
    "\"'` onload=alert(1) onmouseover=alert(1) ><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</style></title></textarea></svg><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}<!--",
    "https://example.org/x.png",
]
# Fixed words and digests have a form of their own; the model lets nothing else in there.
FIXED = {"schema", "sha256", "card_sha256", "weights_sha256", "previous", "digest"}
FIXED |= {"outcome", "weight", "verdict"}
KEPT_KIND = {"scan", "audit", "bench"}


def attacked(value: Any, attack: str, key: str = "", *, names: bool = False) -> Any:
    """Put the attack behind every text, and into keys of facts."""
    if isinstance(value, dict):
        inside = names or key in ("facts", "calibration", "parameters", "packages", "confinement")
        return {
            (f"{name}{attack}" if names and name not in SHAPES else name): attacked(
                item, attack, name, names=inside
            )
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [attacked(item, attack, key, names=names) for item in value]
    if isinstance(value, str) and key not in FIXED and not (key == "kind" and value in KEPT_KIND):
        return attack + value + attack
    return value


# Keys of facts that have drawings of their own stay, so that the attack reaches the drawings.
SHAPES = {"manifests", "ingredients", "actions", "problems", "codes", "failure", "success",
          "informational", "label", "title", "signer", "signed_at", "relationship", "manifest",
          "claim_generator", "active_manifest", "trust_list", "trust_reason", "skipped", "path",
          "why"}  # fmt: skip


def filled(report: dict[str, Any]) -> dict[str, Any]:
    """Add what the sample lacks, so that every field of the model is attacked."""
    sha = "0" * 64
    named = {"probe": "p", "scenario": "s", "metric": "m"}
    report["plan"] = {"path": "p", "sha256": sha}
    report["estimates"] = [{**named, "group": "g", "value": 1.0, "low": 0.5, "high": 2.0,
                            "level": 0.95, "n": 3, "method": "m",
                            "reason": {"code": "c", "text": "t"}}]  # fmt: skip
    report["tests"] = [{**named, "groups": ["g"], "correction": "c", "verdict": "fail"}]
    report["gate"] = {
        "policy": {"name": "n", "sha256": sha},
        "verdict": "fail",
        "rules": [{"id": "i", "verdict": "fail", "observed": "o", "required": ["r"], "why": "w"}],
    }
    report["later"] = {"key": "value"}
    subject = report["subjects"][0]
    subject["sidecar"] = {"path": "p", "media_type": "m", "sha256": sha}
    subject["streams"] = [{"index": 0, "kind": "k", "codec": "c", "pixel_format": "p"}]
    subject["later"] = "value"
    report["findings"][0]["segments"] = [{"start_s": 0.0, "end_s": 1.0, "label": "l"}]
    report["findings"][0]["later"] = "value"
    return report


def assert_harmless(page: str, read: Read) -> None:
    parsed = read(page)
    assert parsed.misnested == []
    assert parsed.open_tags == []
    assert parsed.comments == []
    for element in parsed.elements:
        assert element.tag != "script"
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src", "xlink:href"):
                assert re.fullmatch(
                    r"#[a-z][a-z0-9-]*|data:image/(png|jpeg|gif|webp);base64,\S*"
                    r"|\.{0,2}/[A-Za-z0-9_.%/~-]+\.[a-z0-9]+#t=[0-9.]+,[0-9.]+",
                    value,
                )
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_text_of_a_report_is_harmless(
    attack: str, report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    clean = read(renderer.render(Report.model_validate(filled(report_dict)), tmp_path).decode())
    hostile = Report.model_validate(attacked(report_dict, attack))
    page = renderer.render(hostile, tmp_path).decode()
    assert_harmless(page, read)
    known = {element.tag for element in clean.elements}
    assert {element.tag for element in read(page).elements} <= known


def test_attack_reaches_what_it_should(report_dict: dict[str, Any]) -> None:
    texts = str(attacked(filled(report_dict), "ATTACK"))
    assert texts.count("ATTACK") > 500


@settings(max_examples=25, deadline=None)
@given(
    facts=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["manifests", "codes", "failure", "ingredients", "actions", "claims",
                             "integrity", "trust", "signed_at", "offset_s", "x_bytes"])
            | st.text(max_size=8), inner, max_size=5),
        max_leaves=25,
    )
)  # fmt: skip
def test_any_facts_can_be_shown(facts: Any, tmp_path_factory: Any, read: Read) -> None:
    finding = {
        "subject": "s",
        "detector": {"name": "plug.in", "version": "1"},
        "outcome": "observed",
        "facts": facts if isinstance(facts, dict) else {"manifests": facts},
    }
    report = {
        "schema": "avaudit.report/1", "id": "r", "kind": "scan", "created": "2026-01-01T00:00:00Z",
        "tool": {"version": "0"}, "environment": {"python": "3", "platform": "p", "packages": {}},
        "findings": [finding],
    }  # fmt: skip
    page = HtmlRenderer().render(Report.model_validate(report), tmp_path_factory.getbasetemp())
    assert_harmless(page.decode(), read)


def test_addresses_are_text(page: str, read: Read) -> None:
    assert "http://cv.iptc.org" in read(page).text
    assert 'href="http' not in page


def test_hidden_characters_are_shown(page: str) -> None:
    assert "\u202e" not in page
    assert "evidence⟨U+202E⟩gpj.&lt;b&gt;photo&lt;/b&gt;.jpg" in page


def test_templates_never_switch_escaping_off() -> None:
    for template in resources.files("avaudit.reports.html.templates").iterdir():
        if template.name.endswith(".html"):
            assert not re.search(r"\|\s*safe|autoescape|\|\s*tojson|style=", template.read_text())


def with_artefact(report: dict[str, Any], path: str, data: bytes) -> Report:
    artefact = {
        "path": path,
        "media_type": "image/png",
        "sha256": hashlib.sha256(data).hexdigest(),
        "title": "The one in question",
    }
    report["findings"][1]["artefacts"] = [artefact]
    return Report.model_validate(report)


PNG = b"\x89PNG\r\n\x1a\n" + b"secret" * 10
INSIDE = "data:image/png;base64,"


def test_picture_inside_the_folder_is_embedded(
    report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    assert INSIDE in renderer.render(with_artefact(report_dict, "a.png", PNG), tmp_path).decode()


@pytest.mark.parametrize("path", ["../out.png", "artefacts/../../out.png", "ABSOLUTE", "link.png"])
def test_picture_outside_the_folder_is_not_read(
    path: str, report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path
) -> None:
    folder, outside = tmp_path / "report", tmp_path / "out.png"
    (folder / "artefacts").mkdir(parents=True)
    outside.write_bytes(PNG)
    (folder / "link.png").symlink_to(outside)
    path = str(outside) if path == "ABSOLUTE" else path
    page = renderer.render(with_artefact(report_dict, path, PNG), folder).decode()
    assert INSIDE not in page
    assert page.count("its path leads out of the report&#39;s folder") == 2  # one in the sample


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda place: None, "no such file in the report"),
        (lambda place: place.mkdir(), "no such file in the report"),
        (lambda place: place.write_bytes(PNG + b"!"), "SHA-256 is not the one stated"),
        (os.mkfifo, "no such file in the report"),
        (lambda place: place.symlink_to(place), "no such file in the report|cannot be read"),
    ],
    ids=["missing", "folder", "changed", "pipe", "loop"],
)
def test_picture_that_is_not_what_it_should_be(
    make: Callable[[Path], None],
    why: str,
    report_dict: dict[str, Any],
    renderer: Renderer,
    tmp_path: Path,
) -> None:
    make(tmp_path / "a.png")
    page = renderer.render(with_artefact(report_dict, "a.png", PNG), tmp_path).decode()
    assert INSIDE not in page
    assert re.search(why, page)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a PNG, JPEG"),
        (PNG + bytes(2_000_000), "larger than 2,000,000 bytes"),
    ],
    ids=["svg", "large"],
)
def test_picture_that_is_not_embedded(
    data: bytes, why: str, report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(data)
    page = renderer.render(with_artefact(report_dict, "a.png", data), tmp_path).decode()
    assert INSIDE not in page
    assert why in page


@pytest.mark.parametrize("path", ["a\x00b.png", "a" * 5000 + ".png", "\ud800.png"])
def test_path_that_no_file_system_takes(path: str, tmp_path: Path) -> None:

    artefact = Artefact.model_construct(path=path, media_type="image/png", sha256="0" * 64)
    assert images.Pictures(tmp_path).of(artefact).why_not


def test_pictures_stop_at_the_limit_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(images, "MAX_PAGE_BYTES", len(PNG) + 1)
    (tmp_path / "a.png").write_bytes(PNG)
    sha = hashlib.sha256(PNG).hexdigest()
    artefact = Artefact(path="a.png", media_type="image/png", sha256=sha)
    pictures = images.Pictures(tmp_path)
    assert pictures.of(artefact).uri
    assert "limit of pictures" in pictures.of(artefact).why_not
