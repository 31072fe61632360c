"""Sound and video: exact times, upright pixels, right samples, bounded chunks, typed damage."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from avaudit.confinement.limits import Limits
from avaudit.errors import ExaminationError
from avaudit.media.intake import Opened, open_media
from avaudit.media.types import AudioBlock, Chunk, Frame, MediaInfo, MediaKind
from avaudit.samples.pictures import write_clip

RATE = 48_000
RED, BLUE = (220, 20, 20), (20, 20, 220)


@contextmanager
def opened(path: Path, limits: Limits | None = None) -> Iterator[Opened]:
    with path.open("rb") as file:
        yield open_media(file.fileno(), limits or Limits())


def decode(path: Path, limits: Limits | None = None) -> tuple[MediaInfo, list[Chunk]]:
    with opened(path, limits) as subject:
        if subject.problem is not None:
            raise subject.problem
        assert subject.chunks is not None
        return subject.media, list(subject.chunks())


def frames_of(chunks: list[Chunk]) -> list[Frame]:
    return [frame for chunk in chunks for frame in chunk.frames]


def blocks_of(chunks: list[Chunk]) -> list[AudioBlock]:
    return [block for chunk in chunks for block in chunk.audio]


def marked(width: int = 96, height: int = 64) -> npt.NDArray[np.uint8]:
    picture = np.full((height, width, 3), BLUE, np.uint8)
    picture[: height // 2, : width // 2] = RED
    return picture


def write_frames(
    path: Path,
    ticks: list[int],
    base: Fraction,
    *,
    codec: str = "libx264",
    rotation_deg: int = 0,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = base
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for pts in ticks:
            frame = av.VideoFrame.from_ndarray(marked(), format="rgb24")
            frame.pts, frame.time_base = pts, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_sound(path: Path, codec: str, seconds: float = 2.0, layout: str = "mono") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        count = int(seconds * RATE)
        tone = (9000 * np.sin(2 * np.pi * 440 * np.arange(count) / RATE)).astype(np.int16)
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(
            np.repeat(tone, channels)[None, :], format="s16", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, np.random.default_rng(3), seconds=3, width=160, height=96)


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_ntsc_times_are_exact(suffix: str, tmp_path: Path) -> None:
    path = write_frames(tmp_path / f"a.{suffix}", list(range(60)), Fraction(1001, 30_000))
    frames = frames_of(decode(path)[1])
    assert [f.time_s for f in frames] == [float(Fraction(1001 * i, 30_000)) for i in range(60)]
    assert [f.index for f in frames] == list(range(60))
    assert frames[0].duration_s == pytest.approx(1001 / 30_000)


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    ticks = [0, 40, 47, 500, 1003, 1010, 3999]
    path = write_frames(tmp_path / "a.mkv", ticks, Fraction(1, 1000))
    media, chunks = decode(path)
    assert media.media_type == "video/x-matroska"
    assert [f.time_s for f in frames_of(chunks)] == [t / 1000 for t in ticks]
    assert [len(chunk.frames) for chunk in chunks] == [4, 2, 1]
    assert chunks[-1].start_s == pytest.approx(3.999)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_that_starts_late_starts_late(suffix: str, tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / f"a.{suffix}", np.random.default_rng(1), seconds=3, width=64, height=48,
        sound_starts_s=1.5,
    )  # fmt: skip
    media, chunks = decode(path)
    assert blocks_of(chunks)[0].start_s == pytest.approx(1.5, abs=0.05)
    assert frames_of(chunks)[0].time_s == 0.0
    (sound,) = [s for s in media.streams if s.kind == "audio"]
    assert sound.start_s == pytest.approx(1.5, abs=0.05)


def test_video_without_sound(tmp_path: Path) -> None:
    media, chunks = decode(write_frames(tmp_path / "a.mp4", list(range(10)), Fraction(1, 25)))
    assert (media.kind, media.width, media.height) == (MediaKind.VIDEO, 96, 64)
    assert media.duration_s == pytest.approx(0.4)
    assert blocks_of(chunks) == []
    assert len(frames_of(chunks)) == 10


def test_mp4_with_sound_only_is_audio(tmp_path: Path) -> None:
    media, chunks = decode(write_sound(tmp_path / "a.mp4", "aac"))
    assert (media.kind, media.media_type) == (MediaKind.AUDIO, "audio/mp4")
    assert media.width is media.fps is None
    assert frames_of(chunks) == []


# counter-clockwise turn given to the muxer: where the stored top left corner is shown
@pytest.mark.parametrize(
    ("turn", "shown", "clockwise"),
    [(0, "tl", 0), (90, "bl", 270), (180, "br", 180), (270, "tr", 90), (-90, "tr", 90)],
)
def test_rotation_gives_upright_pixels(
    turn: int, shown: str, clockwise: int, tmp_path: Path
) -> None:
    path = write_frames(tmp_path / "a.mp4", [0, 1, 2], Fraction(1, 25), rotation_deg=turn)
    media, chunks = decode(path)
    width, height = (64, 96) if turn % 180 else (96, 64)
    assert (media.width, media.height) == (width, height)
    (stream,) = media.streams
    assert (stream.width, stream.height, stream.rotation_deg) == (96, 64, clockwise)
    frame = frames_of(chunks)[-1]
    assert (frame.width, frame.height) == (width, height)
    assert frame.rgb.shape == (height, width, 3)
    corners = {
        "tl": frame.rgb[8, 8],
        "tr": frame.rgb[8, -9],
        "bl": frame.rgb[-9, 8],
        "br": frame.rgb[-9, -9],
    }
    assert [c for c, pixel in corners.items() if pixel[0] > 150] == [shown]


@pytest.mark.parametrize(
    ("name", "codec", "padding"),
    [
        ("a.wav", "pcm_s16le", 0),
        ("a.flac", "flac", 0),
        ("a.mp3", "libmp3lame", 2 * 1152 + 1105),
        ("a.m4a", "aac", 2 * 1024),
        ("a.ogg", "libopus", 2 * 960),
    ],
)
def test_sound_files_have_all_their_samples(
    name: str, codec: str, padding: int, tmp_path: Path
) -> None:
    media, chunks = decode(write_sound(tmp_path / name, codec))
    assert media.kind is MediaKind.AUDIO
    blocks = blocks_of(chunks)
    count = sum(len(block.samples) for block in blocks)
    assert abs(count - 2 * RATE) <= padding
    assert all(block.sample_rate == RATE for block in blocks)
    assert media.duration_s == pytest.approx(2.0, abs=0.1)
    heard = np.concatenate([block.samples for block in blocks])
    assert heard.dtype == np.float32
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(
        9000 / 32768 / np.sqrt(2), rel=0.07
    )  # LAME scales by 0.95


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [
        ("a.webm", "libvpx-vp9", "libopus"),
        # no MP3: the AVI muxer makes room for its delay by leaving out a picture's time
        ("a.avi", "mpeg4", "pcm_s16le"),
        ("a.mov", "libx264", "aac"),
        ("a.mkv", "libx264", "flac"),
    ],
)
def test_clips_of_other_containers(name: str, video: str, audio: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(video, rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 96, 64, "yuv420p"
        sound = container.add_stream(audio, rate=RATE, layout="mono")
        tone = np.full((1, RATE), 5000, np.int16)
        block = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
        packets = []
        for _ in range(25):
            packets += pictures.encode(av.VideoFrame.from_ndarray(marked(), format="rgb24"))
        packets += pictures.encode() + sound.encode(block) + sound.encode()
        container.mux(packets)
    media, chunks = decode(path)
    assert media.kind is MediaKind.VIDEO
    assert len(frames_of(chunks)) == 25
    assert frames_of(chunks)[24].time_s == pytest.approx(0.96, abs=0.002)
    samples = sum(len(b.samples) for b in blocks_of(chunks))
    assert abs(samples - RATE) <= 3 * 1152


def test_wav_samples_are_those_written(tmp_path: Path) -> None:
    written = np.random.default_rng(2).integers(-32768, 32768, 100_001, dtype=np.int16)
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(written.tobytes())
    _, chunks = decode(path)
    heard = np.concatenate([block.samples for block in blocks_of(chunks)])
    assert np.array_equal(heard, written.astype(np.float32) / 32768)
    assert [len(chunk.audio) for chunk in chunks] == [1, 1, 1]
    blocks = blocks_of(chunks)
    assert blocks[0].start_s == 0.0
    for before, after in itertools.pairwise(blocks):
        assert after.start_s == pytest.approx(before.end_s, abs=1e-9)


def test_stereo_is_mixed_to_mono(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sides = np.stack([np.full(1000, 8192), np.full(1000, -4096)], axis=1).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sides.tobytes())
    (block,) = blocks_of(decode(path)[1])
    assert block.samples == pytest.approx(np.full(1000, 2048 / 32768), abs=1e-4)


@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_loud_channels_together_stay_within_the_range(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=8000, layout=layout)
        channels = stream.layout.nb_channels
        loud = np.full((1, 800 * channels), 0.99, np.float32)
        frame = av.AudioFrame.from_ndarray(loud, format="flt", layout=layout)
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (block,) = blocks_of(decode(path)[1])
    assert block.samples == pytest.approx(np.full(800, 0.99), abs=1e-6)


def test_chunks_are_about_a_second_and_in_order(clip: Path) -> None:
    media, chunks = decode(clip)
    assert media.fps == pytest.approx(25)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [len(chunk.frames) for chunk in chunks[:3]] == [25, 25, 25]
    for chunk in chunks:
        assert chunk.end_s - chunk.start_s <= 1.0
        assert chunk.damaged_packets == 0
    assert chunks[0].frames[0].keyframe
    assert not chunks[0].frames[1].keyframe


def test_the_memory_bound_splits_chunks(clip: Path) -> None:
    of_a_frame = 160 * 96 * 4.5
    _, chunks = decode(clip, Limits(chunk_bytes=int(5 * of_a_frame)))
    assert max(len(chunk.frames) for chunk in chunks) == 5
    assert [f.index for f in frames_of(chunks)] == list(range(75))
    _, whole = decode(clip)
    together = [np.concatenate([b.samples for b in blocks_of(c)]) for c in (chunks, whole)]
    assert np.array_equal(*together)


def test_frames_above_the_pixel_limit_are_refused(clip: Path) -> None:
    with pytest.raises(ExaminationError) as caught:
        decode(clip, Limits(image_pixels=160 * 96 - 1))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "wav", "mp3"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.95])
def test_truncated_files_give_what_decodes_or_a_typed_error(
    suffix: str, kept: float, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix in ("wav", "mp3"):
        write_sound(path, "pcm_s16le" if suffix == "wav" else "libmp3lame")
    else:
        codec = "mpeg4" if suffix == "avi" else "libx264"
        write_frames(path, list(range(40)), Fraction(1, 25), codec=codec)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    problem, chunks = "", []
    try:
        _, chunks = decode(path)
    except ExaminationError as error:
        problem = error.code
    if problem:
        assert problem == "decode_error"
    else:
        assert frames_of(chunks) or blocks_of(chunks)
        assert len(frames_of(chunks)) <= 40


def test_most_of_a_truncated_matroska_file_is_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", np.random.default_rng(4), seconds=3, width=160, height=96)
    data = path.read_bytes()
    path.write_bytes(data[: int(0.6 * len(data))])
    assert 25 <= len(frames_of(decode(path)[1])) < 75


def test_an_mp4_without_its_index_is_a_decode_error(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    path = tmp_path / "a.mp4"
    path.write_bytes(data[: data.rindex(b"moov") - 4])
    with pytest.raises(ExaminationError) as caught:
        decode(path)
    assert caught.value.code == "decode_error"
    assert "video/mp4" in caught.value.text


def test_damaged_packets_are_counted_and_the_rest_is_decoded(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", "flac", seconds=4)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = bytes(600)
    path.write_bytes(bytes(data))
    sizes = [len(b.samples) for b in blocks_of(decode(path)[1])]
    assert 3 * RATE < sum(sizes) < 4 * RATE


def test_damage_in_a_video_is_told(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.mp4", np.random.default_rng(6), seconds=2, width=320, height=180
    )
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        places = [(p.pos, p.size) for p in container.demux(stream) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in places[20:30]:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    _, chunks = decode(path)
    assert 1 <= sum(chunk.damaged_packets for chunk in chunks) <= 10
    assert chunks[-1].damage
    assert len(frames_of(chunks)) == 50


def test_an_mp4_of_random_bytes_is_a_decode_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    noise = np.random.default_rng(8).bytes(20_000)
    path.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomiso2" + noise)
    with opened(path) as subject:
        assert subject.media.kind is MediaKind.VIDEO
        assert subject.problem is not None
        assert subject.problem.code == "decode_error"


def test_the_thumbnail_of_a_clip_is_its_first_picture(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "a.mp4", [0, 1, 2], Fraction(1, 25), rotation_deg=90)
    with opened(path) as subject:
        name = subject.thumbnail(tmp_path)
        assert subject.chunks is not None
        assert len(frames_of(list(subject.chunks()))) == 3
    from PIL import Image

    assert name is not None
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (64, 96)
