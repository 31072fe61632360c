"""provenance.metadata reads what other people's encoders write: FFmpeg and Pillow as oracles."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from avaudit.detector import Observed
from avaudit.detectors.provenance.metadata import MetadataDetector
from avaudit.samples import metadata as still
from avaudit.testing import examine

PACKET = still.xmp_packet({"photoshop:Credit": "Made with Google AI"})
LABEL = '{"AIGC": {"Label": "1", "ContentProducer": "Example Co"}}'


def claims(path: Path) -> list[tuple[str, str, str]]:
    outcome = examine(MetadataDetector(), path)
    assert isinstance(outcome, Observed), outcome
    assert outcome.facts["truncated"] is False, outcome.facts
    return [(c["says"], c["generator"], c["value"]) for c in outcome.facts["claims"]]


def sound(path: Path, codec: str, tags: dict[str, str], **options: str) -> None:
    with av.open(str(path), "w", options=options) as out:
        stream = out.add_stream(codec, rate=48000)
        stream.layout = "mono"
        out.metadata.update(tags)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), "fltp", "mono")
        frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), 0
        resampler = av.AudioResampler(stream.format, "mono", 48000, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.flac", "flac"),
        ("a.opus", "libopus"),
        ("a.ogg", "flac"),
        ("a.wav", "pcm_s16le"),
        ("a.mka", "libopus"),
        ("a.webm", "libopus"),
        ("a.mov", "pcm_s16le"),
        ("a.aiff", "pcm_s16be"),
    ],
)
def test_comment_written_by_ffmpeg(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    extra = {"write_id3v2": "1"} if name.endswith(".aiff") else {}
    sound(path, codec, {"comment": "made with suno; id=1", "title": "Song"}, **extra)
    # a set: some muxers write the same comment twice
    assert set(claims(path)) == {("generated", "Suno", "made with suno; id=1")}


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.flac", "flac")])
def test_label_written_by_ffmpeg(tmp_path: Path, name: str, codec: str) -> None:
    sound(tmp_path / name, codec, {"AIGC": LABEL})
    assert claims(tmp_path / name) == [("generated", "Example Co", LABEL)]


def test_label_written_by_ffmpeg_as_mdta_key(tmp_path: Path) -> None:
    sound(tmp_path / "a.mp4", "aac", {"AIGC": LABEL}, movflags="use_metadata_tags")
    assert claims(tmp_path / "a.mp4") == [("generated", "Example Co", LABEL)]


def test_fragmented_and_faststart_mp4(tmp_path: Path) -> None:
    tags = {"comment": "made with suno"}
    for flags in ("faststart", "frag_keyframe+empty_moov"):
        sound(tmp_path / "a.mp4", "aac", tags, movflags=flags)
        assert claims(tmp_path / "a.mp4") == [("generated", "Suno", "made with suno")]


def test_ffmpeg_alone_is_no_statement(tmp_path: Path) -> None:
    for name, codec in (("a.mp4", "aac"), ("a.webm", "libopus"), ("a.mp3", "libmp3lame")):
        sound(tmp_path / name, codec, {})
        assert claims(tmp_path / name) == []


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
def test_xmp_written_by_pillow(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a"
    picture = Image.new("RGB", (16, 16))
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", PACKET.decode(), zip=True)
        picture.save(path, form, pnginfo=text)
    elif form == "TIFF":
        tags = Image.Exif()
        tags[700] = PACKET
        picture.save(path, form, exif=tags)
    elif form == "GIF":
        out = io.BytesIO()
        picture.save(out, form, comment="frame 1", save_all=True, append_images=[picture] * 3)
        path.write_bytes(still.gif_with(out.getvalue(), xmp=PACKET))
    else:
        picture.save(path, form, xmp=PACKET)
    assert claims(path) == [("generated", "Google AI", "Made with Google AI")]


# Pillow drops the camera directory when it writes TIFF
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_written_by_pillow(tmp_path: Path, form: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = "Ideogram AI"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + LABEL.encode()
    Image.new("RGB", (16, 16)).save(tmp_path / "a", form, exif=exif)
    assert claims(tmp_path / "a") == [
        ("generated", "Example Co", LABEL),
        ("generated", "Ideogram", "Ideogram AI"),
    ]
