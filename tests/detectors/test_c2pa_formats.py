"""Each format that can carry a manifest, signed, changed, stripped; and those that cannot."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, features

from avaudit.detector import Observed
from avaudit.detectors.provenance.c2pa import C2paDetector
from avaudit.samples.credentials import (
    TestAuthority as Authority,
    flip_byte,
    flip_image_byte_jpeg,
    make_sidecar,
    make_test_authority,
    provenance_pointer_jpeg,
    sign_bytes,
    sign_media,
    strip_manifest_jpeg,
)
from avaudit.testing import check_detector, examine
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


def picture(format_: str) -> bytes:
    rng = np.random.default_rng(7)
    small = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
    out = io.BytesIO()
    small.resize((160, 120)).save(out, format_)
    return out.getvalue()


def clip(container: str, video: str | None, audio: str | None, options: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as target:
        # all streams before the first packet, which writes the header
        sound = target.add_stream(audio, rate=44100, layout="mono") if audio else None
        if video:
            stream = target.add_stream(video, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for index in range(10):
                shade = np.full((48, 64, 3), index * 20, np.uint8)
                frame = av.VideoFrame.from_ndarray(shade, format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 10)
                target.mux(stream.encode(frame))
            target.mux(stream.encode())
        if sound:
            wave = (np.sin(np.arange(44100) * 0.05) * 9000).astype(np.int16)
            resampler = av.AudioResampler(sound.format, "mono", 44100, sound.frame_size or 1024)
            source = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            source.sample_rate, source.pts, source.time_base = 44100, 0, Fraction(1, 44100)
            for piece in [*resampler.resample(source), *resampler.resample(None)]:
                target.mux(sound.encode(piece))
            target.mux(sound.encode())
    return out.getvalue()


MEDIA = {
    "jpg": ("image/jpeg", lambda: picture("JPEG")),
    "png": ("image/png", lambda: picture("PNG")),
    "webp": ("image/webp", lambda: picture("WEBP")),
    "gif": ("image/gif", lambda: picture("GIF")),
    "tiff": ("image/tiff", lambda: picture("TIFF")),
    "avif": ("image/avif", lambda: picture("AVIF")),
    "mp4": ("video/mp4", lambda: clip("mp4", "mpeg4", "aac", {})),
    "mov": ("video/quicktime", lambda: clip("mov", "mpeg4", None, {})),
    "avi": ("video/x-msvideo", lambda: clip("avi", "mpeg4", None, {})),
    "wav": ("audio/wav", lambda: clip("wav", None, "pcm_s16le", {})),
    "mp3": ("audio/mpeg", lambda: clip("mp3", None, "libmp3lame", {})),
    "flac": ("audio/flac", lambda: clip("flac", None, "flac", {})),
    "m4a": ("audio/mp4", lambda: clip("ipod", None, "aac", {})),
}


def facts_of(path: Path, trust: Path, sidecar: bytes | None = None) -> Observed:
    outcome = examine(DETECTOR, path, data_dirs={"trust": trust}, sidecar=sidecar)
    assert isinstance(outcome, Observed), outcome
    return outcome


@pytest.mark.parametrize("suffix", MEDIA)
def test_each_format_signed_and_tampered(
    suffix: str, authority: Authority, trust: Path, tmp_path: Path
) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media_type, make = MEDIA[suffix]
    plain, path = tmp_path / f"plain.{suffix}", tmp_path / f"signed.{suffix}"
    plain.write_bytes(make())
    assert facts_of(plain, trust).facts["integrity"] == "absent"
    sign_media(
        plain, path, media_type, authority, title="A title", digital_source_type="digitalCapture"
    )
    outcome = facts_of(path, trust)
    facts = outcome.facts
    assert (facts["integrity"], facts["trust"], facts["trust_list"]) == (
        "valid",
        "trusted",
        "my-studio",
    )
    assert facts["content_binding"] == "match"
    assert facts["signer"] == "avaudit test signer"
    assert facts["issuer"] == "avaudit test"
    assert facts["claim_generator"] == "avaudit-samples 1.0"
    assert facts["title"] == "A title"
    assert facts["revocation"] == "not_checked"
    assert facts["ai_signal"] == "none"
    assert "signed_at" not in facts, "without a time stamp nobody vouches for the time"
    assert [(i.points_to, i.weight) for i in outcome.indications] == [("captured", "strong")]
    signed, media = path.read_bytes(), plain.read_bytes()
    middle = media[len(media) * 2 // 3 :][:10]
    path.write_bytes(flip_byte(signed, signed.index(middle)))
    changed = facts_of(path, trust)
    assert changed.facts["integrity"] == "invalid"
    assert changed.facts["content_binding"] == "mismatch"
    assert changed.facts["trust"] == "trusted", "who signed is another question"
    found = {(i.points_to, i.weight) for i in changed.indications}
    assert found == {("altered_after_signing", "strong"), ("captured", "weak")}
    assert "differ from what was signed" in changed.summary


def test_one_bit_of_the_picture(authority: Authority, trust: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    signed = sign_bytes(picture("JPEG"), "image/jpeg", authority, title="x")
    path.write_bytes(flip_image_byte_jpeg(signed))
    facts = facts_of(path, trust).facts
    assert facts["codes"]["failure"] == ["assertion.dataHash.mismatch"]
    assert Image.open(path).load() is not None, "still a picture"


def test_stripped_and_pointing_elsewhere(authority: Authority, trust: Path, tmp_path: Path) -> None:
    plain = picture("JPEG")
    path = tmp_path / "a.jpg"
    path.write_bytes(strip_manifest_jpeg(sign_bytes(plain, "image/jpeg", authority, title="x")))
    assert facts_of(path, trust).facts["integrity"] == "absent"
    path.write_bytes(provenance_pointer_jpeg(plain, "self#jumbf=/c2pa/urn:uuid:1"))
    assert facts_of(path, trust).facts["integrity"] == "absent"
    path.write_bytes(provenance_pointer_jpeg(plain, "https://example.org/m?a=1&b=2"))
    outcome = facts_of(path, trust)
    assert outcome.facts["integrity"] == "remote_only"
    assert outcome.facts["remote_url"] == "https://example.org/m?a=1&b=2"
    assert outcome.facts["trust"] == "unknown"
    assert not outcome.indications


def test_absence_is_not_called_evidence(trust: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture("PNG"))
    outcome = facts_of(path, trust)
    assert outcome.summary.startswith("No provenance found")
    assert outcome.facts["ai_signal"] == "unknown"
    assert not outcome.indications


def test_formats_that_cannot_carry_it(authority: Authority, trust: Path, tmp_path: Path) -> None:
    files = {
        "a.mkv": clip("matroska", "mpeg4", None, {}),
        "a.ogg": b"OggS" + bytes(200),
        "a.bmp": picture("BMP"),
        "named.jpg": picture("BMP"),
    }
    sidecar = make_sidecar(picture("JPEG"), "image/jpeg", authority, title="x")
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        for beside in (None, sidecar):
            outcome = facts_of(path, trust, beside)
            assert outcome.facts["integrity"] == "not_supported", name
            assert "Not checked" in outcome.summary


def test_wrong_extension_is_harmless(authority: Authority, trust: Path, tmp_path: Path) -> None:
    path = tmp_path / "picture.mp4"
    path.write_bytes(sign_bytes(picture("JPEG"), "image/jpeg", authority, title="x"))
    assert facts_of(path, trust).facts["integrity"] == "valid"


def test_sidecar(authority: Authority, trust: Path, tmp_path: Path) -> None:
    plain, path = picture("JPEG"), tmp_path / "a.jpg"
    path.write_bytes(plain)
    side = tmp_path / "a.c2pa"
    sign_media(path, side, "image/jpeg", authority, title="beside", no_embed=True)
    assert path.read_bytes() == plain
    outcome = facts_of(path, trust, side.read_bytes())
    assert outcome.facts["integrity"] == "valid"
    assert outcome.facts["manifest_source"] == "sidecar"
    assert "sidecar" in outcome.summary
    path.write_bytes(flip_image_byte_jpeg(plain))
    assert facts_of(path, trust, side.read_bytes()).facts["integrity"] == "invalid"
    assert facts_of(path, trust, b"junk" * 9).facts["integrity"] == "unreadable"
    path.write_bytes(provenance_pointer_jpeg(plain, "https://example.org/m"))
    remote = facts_of(path, trust, b"junk" * 9).facts
    assert (remote["integrity"], remote["remote_url"]) == ("remote_only", "https://example.org/m")


def test_sidecar_cannot_replace_what_is_embedded(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(sign_bytes(picture("JPEG"), "image/jpeg", authority, title="inside"))
    other = make_sidecar(path.read_bytes(), "image/jpeg", authority, title="beside")
    facts = facts_of(path, trust, other).facts
    assert (facts["manifest_source"], facts["title"]) == ("embedded", "inside")


def test_init_segment_is_not_called_tampered(
    authority: Authority, trust: Path, tmp_path: Path
) -> None:
    whole = clip("mp4", "mpeg4", None, {"movflags": "frag_keyframe+empty_moov"})
    signed = sign_bytes(whole, "video/mp4", authority, title="x")
    path = tmp_path / "init.mp4"
    path.write_bytes(signed)
    assert facts_of(path, trust).facts["integrity"] == "valid"
    path.write_bytes(signed[: signed.index(b"moof") - 4])
    outcome = facts_of(path, trust)
    assert outcome.facts["integrity"] == "unreadable"
    assert "first part of a fragmented stream" in outcome.summary
    assert not outcome.indications


def test_damaged_files(authority: Authority, trust: Path, tmp_path: Path) -> None:
    signed = sign_bytes(picture("JPEG"), "image/jpeg", authority, title="x")
    path = tmp_path / "a.jpg"
    for data in (signed[:3000], b"\xff\xd8\xff\xe0" + b"garbage" * 30):
        path.write_bytes(data)
        facts = facts_of(path, trust).facts
        assert facts["integrity"] == "unreadable"
        assert facts["reason"]
        assert facts["codes"] == {"success": [], "informational": [], "failure": []}


def test_conformance(authority: Authority, trust: Path, tmp_path: Path) -> None:
    examples = {}
    for suffix in ("jpg", "png", "mp4", "wav"):
        media_type, make = MEDIA[suffix]
        path = examples[suffix] = tmp_path / f"a.{suffix}"
        path.write_bytes(sign_bytes(make(), media_type, authority, title="x"))
    check_detector(DETECTOR, examples, data_dirs={"trust": trust})
