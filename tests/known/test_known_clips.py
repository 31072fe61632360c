"""Videos and sound: parts found in time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from avaudit.conditions.impose import impose_audio
from avaudit.detector import Observed
from avaudit.detectors.known.match import KnownMatchDetector
from avaudit.known import Fingerprint, KnownIndex, Query, appending, look_up
from avaudit.known.fingerprinting import FingerprintDetector
from avaudit.known.sound import HOP_S, Landmarks
from avaudit.media.types import AudioBlock
from avaudit.samples.pictures import scene
from avaudit.samples.voice import make_voice
from avaudit.testing import check_detector, examine

RATE = 5


def frames_of(seed: int, seconds: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Draw a film: a new scene every four seconds, over which the view wanders."""
    rng = np.random.default_rng(seed)
    frames = []
    for start in range(0, seconds, 4):
        wide = scene(rng, 320, 200)
        for number in range(min(4, seconds - start) * RATE):
            view = wide[10 : 10 + 150, number * 2 : number * 2 + 240]
            frames.append(np.asarray(Image.fromarray(view).resize(size)))
    return frames


def write_film(path: Path, frames: list[np.ndarray], crf: int = 23) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": str(crf)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def remember(folder: Path, paths: list[Path]) -> None:
    with appending(folder) as writer:
        for number, path in enumerate(paths):
            outcome = examine(FingerprintDetector(), path)
            assert isinstance(outcome, Observed)
            made = Fingerprint.from_facts(outcome.facts["fingerprint"])
            writer.add(made, f"{number + 1:064x}", label=path.stem, name=path.name)


def find_part(tmp_path: Path, seconds: int, start_s: int) -> None:
    film = frames_of(1, seconds, (240, 150))
    other = frames_of(2, 20, (240, 150))
    remember(
        tmp_path / "known",
        [write_film(tmp_path / "film.mp4", film), write_film(tmp_path / "other.mp4", other)],
    )
    # half a second off the seconds of the item, smaller, and far more compressed
    first = start_s * RATE + RATE // 2
    part = [f[::2, ::2] for f in film[first : first + 10 * RATE]]
    part = [f[: len(f) // 2 * 2, : f.shape[1] // 2 * 2] for f in part]
    clip = write_film(tmp_path / "part.mp4", part, crf=32)
    outcome = examine(KnownMatchDetector(), clip, data_dirs={"known": tmp_path / "known"})
    assert isinstance(outcome, Observed)
    (match,) = outcome.facts["matches"]
    assert (match["label"], match["kind"]) == ("film", "video")
    shift = match["item_start_s"] - match["start_s"]
    assert shift == pytest.approx(first / RATE, abs=0.6)
    assert match["end_s"] - match["start_s"] > 6
    assert "a part of" in match["transform"]
    assert outcome.artefacts[0].role == "known_item_beside"


def test_ten_seconds_of_a_video_are_found(tmp_path: Path) -> None:
    find_part(tmp_path, 40, 21)


@pytest.mark.slow
def test_ten_seconds_of_ten_minutes_are_found(tmp_path: Path) -> None:
    find_part(tmp_path, 600, 471)


def test_unrelated_films_and_a_mirrored_one(tmp_path: Path) -> None:
    known = {"known": tmp_path / "known"}
    film = frames_of(3, 12, (240, 150))
    remember(tmp_path / "known", [write_film(tmp_path / "film.mp4", film)])
    other = write_film(tmp_path / "other.mp4", frames_of(4, 12, (240, 150)))
    outcome = examine(KnownMatchDetector(), other, data_dirs=known)
    assert isinstance(outcome, Observed)
    assert outcome.facts["matches"] == []
    turned = write_film(tmp_path / "turned.mp4", [f[:, ::-1] for f in film])
    outcome = examine(KnownMatchDetector(), turned, data_dirs=known)
    assert isinstance(outcome, Observed)
    assert "mirrored" in outcome.facts["matches"][0]["transform"]


def test_a_still_is_found_in_a_video_and_a_frame_in_the_known_video(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    still = scene(rng, 240, 150)
    Image.fromarray(still).save(tmp_path / "still.png")
    film = frames_of(5, 12, (240, 150))
    remember(tmp_path / "known", [tmp_path / "still.png", write_film(tmp_path / "film.mp4", film)])
    known = {"known": tmp_path / "known"}
    with_still = write_film(tmp_path / "with.mp4", [*frames_of(6, 4, (240, 150)), *[still] * 20])
    outcome = examine(KnownMatchDetector(), with_still, data_dirs=known)
    assert isinstance(outcome, Observed)
    (match,) = outcome.facts["matches"]
    assert (match["label"], match["kind"]) == ("still", "image")
    assert match["start_s"] == pytest.approx(4, abs=0.6)
    assert match["end_s"] == pytest.approx(7.5, abs=0.6)
    Image.fromarray(film[40]).save(tmp_path / "frame.jpg", quality=60)
    outcome = examine(KnownMatchDetector(), tmp_path / "frame.jpg", data_dirs=known)
    assert isinstance(outcome, Observed)
    (match,) = outcome.facts["matches"]
    assert (match["label"], match["kind"]) == ("film", "video")
    assert match["item_start_s"] == pytest.approx(40 / RATE, abs=1.1)


def landmarks(samples: np.ndarray, rate: int, *, start_s: float = 0.0, block: int = 7001) -> Query:
    heard = Landmarks()
    for at in range(0, len(samples), block):
        part = samples[at : at + block].astype(np.float32)
        heard.feed(AudioBlock(start_s=start_s + at / rate, sample_rate=rate, samples=part))
    keys, frames = heard.finish()
    return Query(kind="audio", keys=keys, frames=frames)


def voice(seed: int, seconds: float) -> np.ndarray:
    return make_voice(seconds, rng=np.random.default_rng(seed))


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> KnownIndex:
    folder = tmp_path_factory.mktemp("sound")
    with appending(folder) as writer:
        for seed in range(3):
            query = landmarks(voice(seed, 60), 16_000)
            made = Fingerprint(kind="audio", duration_s=60, keys=query.keys, frames=query.frames)
            writer.add(made, f"{seed + 1:064x}", label=f"voice {seed}", name=f"{seed}.wav")
    return KnownIndex(folder)


@pytest.mark.parametrize("condition", ["mp3_64k", "telephone_8k"])
def test_five_seconds_of_sound_are_found(heard: KnownIndex, condition: str) -> None:
    snippet = voice(1, 60)[int(31.37 * 16_000) : int(36.37 * 16_000)]
    worn = impose_audio(snippet.astype(np.float32), 16_000, condition, rng=np.random.default_rng(0))
    (match,) = look_up(heard, landmarks(worn, 16_000))
    assert match.item.label == "voice 1"
    assert match.span_s is not None
    assert match.item_span_s is not None
    assert match.item_span_s[0] - match.span_s[0] == pytest.approx(31.37, abs=0.1)


def test_another_voice_and_a_tone_are_not_found(heard: KnownIndex, tmp_path: Path) -> None:
    assert look_up(heard, landmarks(voice(7, 20), 16_000)) == []
    time_s = np.arange(16_000 * 8) / 16_000
    tone = landmarks(0.3 * np.sin(2 * np.pi * 220 * time_s), 16_000)
    again = landmarks(0.2 * np.sin(2 * np.pi * 220 * time_s + 1), 16_000)
    with appending(tmp_path) as writer:
        made = Fingerprint(kind="audio", keys=tone.keys, frames=tone.frames)
        writer.add(made, "a" * 64, label="tone", name="tone")
    assert look_up(KnownIndex(tmp_path), again) == []


def test_landmarks_do_not_depend_on_how_sound_arrives_nor_on_its_rate() -> None:
    sound = voice(5, 12)
    whole = landmarks(sound, 16_000, block=len(sound))
    pieces = landmarks(sound, 16_000, block=1601)
    first = set(zip(whole.keys.tolist(), whole.frames.tolist(), strict=True))
    second = set(zip(pieces.keys.tolist(), pieces.frames.tolist(), strict=True))
    assert len(first & second) > 0.97 * len(first)
    late = landmarks(sound, 16_000, start_s=100 * HOP_S, block=1601)
    assert (late.frames.min() - pieces.frames.min()) == 100


def test_the_detector_keeps_its_promises(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", frames_of(3, 4, (240, 150)))
    Image.fromarray(scene(np.random.default_rng(1), 200, 150)).save(tmp_path / "a.jpg")
    remember(tmp_path / "known", [film])
    check_detector(
        KnownMatchDetector(),
        {"film": film, "picture": tmp_path / "a.jpg"},
        data_dirs={"known": tmp_path / "known"},
    )
