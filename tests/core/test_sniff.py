"""What a file is comes from its content, whatever its name says."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from avaudit.confinement.limits import Limits
from avaudit.errors import ExaminationError
from avaudit.media.intake import open_media
from avaudit.media.sniff import HEAD_BYTES, is_text, sniff
from avaudit.media.types import MediaKind

STILLS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
    "JPEG2000": "image/jp2",
}
# container, codec, what it must be taken for
SOUNDS = {
    "wav": ("pcm_s16le", "audio/wav", "wav"),
    "flac": ("flac", "audio/flac", "flac"),
    "mp3": ("libmp3lame", "audio/mpeg", "mp3"),
    "ipod": ("aac", "audio/mp4", "mov"),
    "adts": ("aac", "audio/aac", "aac"),
    "ogg": ("libopus", "audio/ogg", "ogg"),
    "aiff": ("pcm_s16be", "audio/aiff", "aiff"),
    "caf": ("pcm_s16be", "audio/x-caf", "caf"),
}
CLIPS = {
    "mp4": ("libx264", "video/mp4", "mov"),
    "mov": ("libx264", "video/quicktime", "mov"),
    "matroska": ("libx264", "video/x-matroska", "matroska"),
    "webm": ("libvpx-vp9", "video/webm", "matroska"),
    "avi": ("mpeg4", "video/x-msvideo", "avi"),
    "mpegts": ("libx264", "video/mp2t", "mpegts"),
    "mpeg": ("mpeg1video", "video/mpeg", "mpeg"),
    "flv": ("flv", "video/x-flv", "flv"),
    "asf": ("mpeg4", "video/x-ms-asf", "asf"),
}


def make_sound(form: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        tone = (9000 * np.sin(np.arange(48_000) / 20)).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def make_clip(form: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(12):
            picture = np.full((48, 64, 3), shade * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def make_still(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 40, 40)).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("form", STILLS)
def test_pictures_are_recognised(form: str) -> None:
    found = sniff(make_still(form)[:HEAD_BYTES])
    assert found is not None
    assert (found.kind, found.media_type, found.pillow) == (MediaKind.IMAGE, STILLS[form], form)
    assert found.demuxer is None


@pytest.mark.parametrize("form", SOUNDS)
def test_sound_is_recognised(form: str) -> None:
    codec, media_type, demuxer = SOUNDS[form]
    found = sniff(make_sound(form, codec)[:HEAD_BYTES])
    assert found is not None
    assert (found.kind, found.media_type, found.demuxer) == (MediaKind.AUDIO, media_type, demuxer)


@pytest.mark.parametrize("form", CLIPS)
def test_video_is_recognised(form: str) -> None:
    codec, media_type, demuxer = CLIPS[form]
    found = sniff(make_clip(form, codec)[:HEAD_BYTES])
    assert found is not None
    assert (found.kind, found.media_type, found.demuxer) == (MediaKind.VIDEO, media_type, demuxer)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"PK\x03\x04\x14\x00", "application/zip"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        (b"\xff\x0a\x00\x10", "image/jxl"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    ],
)
def test_containers_that_are_not_decoded_are_documents(head: bytes, media_type: str) -> None:
    found = sniff(head)
    assert found is not None
    assert (found.kind, found.media_type) == (MediaKind.DOCUMENT, media_type)
    assert found.pillow is found.demuxer is None


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix"])
def test_heif_brands_are_heic_pictures(brand: bytes) -> None:
    found = sniff(b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1heic")
    assert found is not None
    assert (found.kind, found.media_type) == (MediaKind.IMAGE, "image/heic")


def test_mif1_with_avif_among_the_compatible_brands_is_avif() -> None:
    found = sniff(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avifmiaf")
    assert found is not None
    assert found.media_type == "image/avif"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00",
        b"hello",
        bytes(4096),
        b"\xff\xff\xff\xff" * 16,
        b"RIFF\x00\x00\x00\x00ACON",
        b"#EXTM3U\n#EXT-X-VERSION:3\nhttp://192.0.2.1/a.ts\n",
        b"<?xml version='1.0'?><html/>",
    ],
)
def test_garbage_is_nothing(garbage: bytes) -> None:
    assert sniff(garbage) is None


def test_random_bytes_never_raise() -> None:
    rng = np.random.default_rng(5)
    for length in (1, 3, 4, 7, 8, 11, 12, 25, 188, 800):
        for _ in range(50):
            sniff(rng.bytes(length))


@pytest.mark.parametrize("name", ["a.mp4", "a.txt", "a", "a.wav"])
def test_the_name_is_irrelevant(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(make_still("PNG"))
    with path.open("rb") as file:
        assert open_media(file.fileno(), Limits()).media.media_type == "image/png"


def test_a_playlist_is_never_opened_as_video(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", encoding="utf-8")
    with path.open("rb") as file, pytest.raises(ExaminationError) as caught:
        open_media(file.fileno(), Limits())
    assert caught.value.code == "unrecognised_format"


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    with path.open("rb") as file, pytest.raises(ExaminationError) as caught:
        open_media(file.fileno(), Limits())
    assert caught.value.code == "empty"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"plain words\r\n\tindented\n", True),
        ("Grüße, 日本".encode(), True),
        (("x" * 4095 + "é").encode()[:4096], True),  # a character cut at the end
        (b"latin \xe9 in the middle of it", False),
        (b"a\x00b", False),
        (b"bell\x07", False),
        (b"\x89PNG\r\n\x1a\n", False),
    ],
)
def test_is_text(head: bytes, text: bool) -> None:
    assert is_text(head) is text
