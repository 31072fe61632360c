"""One demuxer for both tracks: the same packets however badly they lie, in bounded memory."""

from __future__ import annotations

import hashlib
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avaudit.confinement.limits import Limits
from avaudit.errors import ExaminationError
from avaudit.media import clip as clip_module, demux
from avaudit.media.demux import PacketReader
from avaudit.media.intake import open_media
from avaudit.media.types import Chunk
from avaudit.samples.pictures import write_clip

VIDEO, AUDIO = 0, 1
SUFFIXES = ["mp4", "mkv", "avi", "ts"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One clip, its packets copied into several containers."""
    folder = tmp_path_factory.mktemp("demux")
    source = folder / "source.mp4"
    with av.open(str(source), "w") as target:
        pictures = target.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 96, 64, "yuv420p"
        sound = target.add_stream("libmp3lame", rate=48_000, layout="mono")
        rng = np.random.default_rng(5)
        for number in range(75):
            block = av.AudioFrame.from_ndarray(
                rng.integers(-9000, 9000, (1, 1920), dtype=np.int16), format="s16p", layout="mono"
            )
            block.sample_rate, block.pts = 48_000, 1920 * number
            block.time_base = Fraction(1, 48_000)
            picture = rng.integers(0, 255, (64, 96, 3), dtype=np.uint8)
            target.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            target.mux(sound.encode(block))
        target.mux(pictures.encode() + sound.encode())
    return {suffix: remuxed(source, folder / f"a.{suffix}") for suffix in SUFFIXES}


def remuxed(source: Path, path: Path, *, order: tuple[int, ...] = ()) -> Path:
    """Copy all packets; with ``order``, one stream after the other as the muxer writes them."""
    options = {"max_interleave_delta": "1"} if order else {}
    with av.open(str(source)) as given, av.open(str(path), "w", options=options) as target:
        streams = [target.add_stream_from_template(stream) for stream in given.streams]
        packets = [p for p in given.demux() if p.dts is not None]
        for index in order:
            for packet in [p for p in packets if p.stream.index == index]:
                packet.stream = streams[index]
                target.mux(packet)
        if not order:
            for packet in packets:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return path


def reader(path: Path) -> PacketReader:
    return PacketReader(av.open(str(path)), lambda: av.open(str(path)), [VIDEO, AUDIO])


def content(packet: av.Packet) -> tuple[int | None, int | None, bytes]:
    return packet.pts, packet.dts, bytes(packet)


def decoded(path: Path) -> list[Chunk]:
    with path.open("rb") as file:
        opened = open_media(file.fileno(), Limits())
        if opened.problem is not None:
            raise opened.problem
        assert opened.chunks is not None
        return list(opened.chunks())


def digest(chunks: list[Chunk]) -> tuple[int, str]:
    told, count = hashlib.sha256(), 0
    for chunk in chunks:
        told.update(repr((chunk.start_s, chunk.end_s, chunk.damaged_packets)).encode())
        for frame in chunk.frames:
            told.update(repr((frame.index, frame.time_s, frame.duration_s)).encode())
            told.update(frame.rgb.tobytes())
            count += 1
        for block in chunk.audio:
            told.update(repr((block.start_s, block.sample_rate)).encode())
            told.update(block.samples.tobytes())
            count += len(block.samples)
    return count, told.hexdigest()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("queue_bytes", [0, 3_000, 1 << 24])
def test_each_stream_comes_whole_and_in_order(
    clips: dict[str, Path], suffix: str, queue_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demux, "QUEUE_BYTES", queue_bytes)
    with av.open(str(clips[suffix])) as container:
        expected: dict[int, list[object]] = {VIDEO: [], AUDIO: []}
        for packet in container.demux():
            expected[packet.stream.index].append(content(packet))
    packets = reader(clips[suffix])
    streams = {index: packets.packets(index) for index in (VIDEO, AUDIO)}
    got: dict[int, list[object]] = {VIDEO: [], AUDIO: []}
    rng = np.random.default_rng(1)
    while streams:
        index = int(rng.choice(list(streams)))
        for _ in range(int(rng.integers(1, 9))):
            packet = next(streams[index], None)
            if packet is None:
                del streams[index]
                break
            got[index].append(content(packet))
    assert got == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reading_apart_decodes_the_same(
    clips: dict[str, Path], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = digest(decoded(clips[suffix]))
    assert together[0] > 70 + 3 * 47_000
    # the ways part in the middle of a group of pictures: the decoder must keep its state
    for queue_bytes in (0, 3_000):
        monkeypatch.setattr(demux, "QUEUE_BYTES", queue_bytes)
        assert digest(decoded(clips[suffix])) == together


@pytest.mark.parametrize("order", [(VIDEO, AUDIO), (AUDIO, VIDEO)])
def test_a_file_of_one_track_after_the_other(
    clips: dict[str, Path], order: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = remuxed(clips["mkv"], tmp_path / "a.mkv", order=order)
    with av.open(str(path)) as container:
        switches = [p.stream.index for p in container.demux() if p.size]
    assert len(set(switches[:50])) == 1, "the file is to be badly interleaved"
    bound = 20_000
    monkeypatch.setattr(demux, "QUEUE_BYTES", bound)
    packets = reader(path)
    streams = [packets.packets(index) for index in (VIDEO, AUDIO)]
    most, alive = 0, True
    while alive:
        alive = False
        for stream in streams:
            alive |= next(stream, None) is not None
            most = max(most, sum(map(_weight, packets._waiting.values())))
    assert 0 < most <= bound + 10_000
    times = [(f.time_s, b.start_s) for c in decoded(path) for f in c.frames for b in c.audio[:1]]
    assert max(abs(picture - sound) for picture, sound in times) <= 1.1


def _weight(waiting: object) -> int:
    return sum(packet.size + demux.PACKET_BYTES for packet in waiting)  # type: ignore[attr-defined]


def test_a_fault_in_one_track_leaves_the_other_whole(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    class Failing:
        """The shared demuxer, at fault after 40 packets."""

        def __init__(self, container: object) -> None:
            self.container = container

        def __getattr__(self, name: str) -> object:
            return getattr(self.container, name)

        def demux(self, streams: list[object]) -> object:
            for number, packet in enumerate(self.container.demux(streams)):  # type: ignore[attr-defined]
                if number == 40:
                    raise av.error.InvalidDataError(1, "damaged")
                yield packet

    path = clips["mkv"]

    def reopen() -> object:
        opened.append(1)
        return av.open(str(path))

    packets = PacketReader(Failing(av.open(str(path))), reopen, [VIDEO, AUDIO])
    assert sum(1 for p in packets.packets(VIDEO) if p.size) == 75
    with av.open(str(path)) as container:
        sound = sum(1 for p in container.demux(container.streams.audio[0]) if p.size)
    assert sum(1 for p in packets.packets(AUDIO) if p.size) == sound
    assert len(opened) == 2


def test_a_container_that_reads_in_a_circle_is_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "a.mp4", np.random.default_rng(2), seconds=4, width=96, height=64)
    monkeypatch.setattr(clip_module, "REREAD_SLACK", 0)
    monkeypatch.setattr(clip_module, "REREAD_FACTOR", 1)
    assert decoded(path)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        first = next(p for p in container.demux(container.streams.video[0]) if p.size)
        offset, size = first.pos, first.size
    # every chunk begins at the first picture, every picture is as long as the first
    place = data.index(b"stco")
    (count,) = struct.unpack_from(">I", data, place + 8)
    data[place + 12 : place + 12 + 4 * count] = struct.pack(">I", offset) * count
    place = data.index(b"stsz")
    (count,) = struct.unpack_from(">I", data, place + 12)
    data[place + 16 : place + 16 + 4 * count] = struct.pack(">I", size) * count
    path.write_bytes(bytes(data))
    with pytest.raises(ExaminationError) as caught:
        decoded(path)
    assert caught.value.code == "endless_container"


def test_a_clip_is_opened_once(clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = av.open

    def counting(*args: object, **options: object) -> object:
        opened.append("")
        return real(*args, **options)

    monkeypatch.setattr(av, "open", counting)
    assert decoded(clips["mp4"])
    assert len(opened) == 1
