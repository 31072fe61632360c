"""Published networks of lips and sound: clocks, cepstra, planted shifts, formats of weights."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from avaudit.detector import Abstained, Scored
from avaudit.detectors.sync.lightasd import LightAsdDetector
from avaudit.detectors.sync.lightasd.evaluate import (
    Watched,
    _answer as light_answer,
    _trials as light_trials,
)
from avaudit.detectors.sync.lightasd.network import LightAsd
from avaudit.detectors.sync.lightasd.scan import LightAsdScanner
from avaudit.detectors.sync.mfcc import mfcc
from avaudit.detectors.sync.offset.clips import Clip
from avaudit.detectors.sync.scans import REACH, Scan, ScanExamination, offset_and_confidence
from avaudit.detectors.sync.stretches import Stretch, Stretches
from avaudit.detectors.sync.syncnet import SyncNetDetector
from avaudit.detectors.sync.syncnet.network import SyncNet, load
from avaudit.detectors.sync.syncnet.scan import SyncNetScanner, mean_distances
from avaudit.errors import ExaminationError
from avaudit.media.types import AudioBlock, Chunk, ChunkFaces, FaceObservation, Frame, TrackEnd
from avaudit.testing import examine
from avaudit.weights import weights_of

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
LIGHT = DATA / "weights" / "light-asd" / "pretrain_AVA_CVPR.model"
CLIP = DATA / "talk" / "clips" / "av2av_src_1.mp4"
corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not LIGHT.is_file(), reason="no weights in ../shared/data/weights"),
]
RNG = np.random.default_rng(11)


# --- cepstra --------------------------------------------------------------------------------


def slow_mfcc(samples: npt.NDArray[np.float64], row: int) -> list[float]:
    """One row by the sums of the definition."""
    wave = samples * 32768
    wave = np.array([wave[0], *(wave[n] - 0.97 * wave[n - 1] for n in range(1, len(wave)))])
    part = np.append(wave[row * 160 : row * 160 + 400], np.zeros(112))
    turns = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(512)) / 512)
    power = np.abs(turns @ part) ** 2 / 512
    top = 2595 * math.log10(1 + 8000 / 700)
    corners = [math.floor(513 * 700 * (10 ** (n * top / 27 / 2595) - 1) / 16000) for n in range(28)]
    bands = []
    for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
        rising = sum(power[n] * (n - low) / (middle - low) for n in range(low, middle))
        falling = sum(power[n] * (high - n) / (high - middle) for n in range(middle, high))
        bands.append(math.log(rising + falling))
    cepstra = [
        math.sqrt((1 if k == 0 else 2) / 26)
        * sum(b * math.cos(math.pi * k * (2 * n + 1) / 52) for n, b in enumerate(bands))
        * (1 + 11 * math.sin(math.pi * k / 22))
        for k in range(13)
    ]
    return [math.log(power.sum()), *cepstra[1:]]


def test_cepstra_by_the_definition() -> None:
    samples = 0.1 * RNG.normal(size=4000)
    rows = mfcc(samples)
    assert rows.shape == ((4000 - 400) // 160 + 1, 13)
    for row in (0, 7, len(rows) - 1):
        np.testing.assert_allclose(rows[row], slow_mfcc(samples, row), rtol=1e-9)
    assert np.isfinite(mfcc(np.zeros(800))).all()
    assert mfcc(np.zeros(399)).shape == (0, 13)


# --- clocks ---------------------------------------------------------------------------------


def face(time_s: float, track: int = 1) -> FaceObservation:
    """A face whose crop will tell its time."""

    def nothing() -> npt.NDArray[np.uint8]:
        return np.zeros((4, 4, 3), np.uint8)

    frame = Frame(index=round(time_s * 1000), time_s=time_s, width=4, height=4, load=nothing)
    return FaceObservation(
        track=track,
        frame=frame,
        box=(0.0, 0.0, 4.0, 4.0),
        landmarks=np.zeros((5, 2)),
        confidence=1.0,
        detected=True,
    )


def clock(seen: FaceObservation) -> npt.NDArray[np.uint8]:
    """Hundredths of a second as two bytes."""
    return np.array(divmod(round(seen.time_s * 100), 256), np.uint8)


def chunked(
    times: list[float], sound: tuple[float, float] = (0.0, 20.0), ends: dict[int, str] | None = None
) -> list[Chunk]:
    """Faces at these times beside sound whose sample at time t is t / 100."""
    chunks = []
    for second in range(int(max(times)) + 1):
        start, stop = max(second, sound[0]), min(second + 1.0, sound[1])
        blocks = ()
        if stop > start:
            instants = np.arange(round(start * 16000), round(stop * 16000)) / 16000
            samples = (instants / 100).astype(np.float32)
            blocks = (AudioBlock(start_s=start, sample_rate=16000, samples=samples),)
        faces = tuple(face(t) for t in times if second <= t < second + 1)
        chunks.append(
            Chunk(
                index=second,
                start_s=second,
                end_s=second + 1,
                audio=blocks,
                faces=ChunkFaces(observations=faces),
            )
        )
    return chunks


def made(chunks: list[Chunk], **lengths: float) -> list[Stretch]:
    stretches = Stretches(clock, **{"longest_s": 3.0, "shortest_s": 1.0, **lengths})
    return [s for chunk in chunks for s in stretches.feed(chunk)] + list(stretches.flush())


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 30.0, 50.0])
def test_pictures_and_sound_are_of_the_same_instants(rate: float) -> None:
    times = [0.3 + n / rate for n in range(int(5 * rate))]
    stretches = made(chunked(times))
    assert [s.track for s in stretches] == [1, 1]
    for stretch in stretches:
        assert len(stretch.sound) == len(stretch.crops) * 640 + 240
        # a sample tells its time, and so does a crop, which is the nearest to its tick
        assert stretch.sound[0] * 100 == pytest.approx(stretch.start_s, abs=1e-4)
        seen = stretch.crops[:, 0] * 2.56 + stretch.crops[:, 1] * 0.01
        ticks = stretch.start_s + np.arange(len(seen)) / 25
        assert np.abs(seen - ticks).max() <= 0.5 / rate + 0.011


def test_uneven_times_keep_their_instants() -> None:
    steps = RNG.choice([0.01, 0.03, 0.05, 0.1], 120)
    times = list(0.2 + np.cumsum(steps))
    for stretch in made(chunked(times)):
        seen = stretch.crops[:, 0] * 2.56 + stretch.crops[:, 1] * 0.01
        ticks = stretch.start_s + np.arange(len(seen)) / 25
        assert np.abs(seen - ticks).max() <= 0.05 + 0.011


def test_stretches_end_at_gaps_and_where_sound_is_missing() -> None:
    broken = [n / 25 for n in range(40)] + [2.2 + n / 25 for n in range(40)]
    assert [round(s.start_s, 2) for s in made(chunked(broken))] == [0.0, 2.2]
    late = made(chunked([n / 25 for n in range(75)], sound=(0.9, 20.0)))
    assert [round(s.start_s, 2) for s in late] == [0.9]
    assert made(chunked([n / 25 for n in range(75)], sound=(2.5, 20.0))) == []
    chunks = chunked([n / 25 for n in range(75)])
    end = TrackEnd(track=1, time_s=0.96, reason="shot_cut", observations=25)
    first = chunks[0]
    assert first.faces is not None
    cut = ChunkFaces(observations=first.faces.observations, ends=(end,))
    chunks[0] = Chunk(index=0, start_s=0, end_s=1, audio=first.audio, faces=cut)
    assert [round(s.start_s, 2) for s in made(chunks, shortest_s=0.9)] == [0.0, 1.0]


# --- offset and confidence ------------------------------------------------------------------


@pytest.mark.parametrize("late", [-7, 0, 3])
def test_planted_shift_in_syncnet_space(late: int) -> None:
    sound = RNG.normal(size=(80, 16))
    lips = np.roll(sound, -late, axis=0)  # lips now are heard ``late`` pictures from now
    distances = mean_distances(lips, sound)
    assert distances.shape == (2 * REACH + 1,)
    offset, confidence = offset_and_confidence(-distances)
    assert offset == late
    assert distances.min() == pytest.approx(0.0, abs=1e-12)
    assert confidence == pytest.approx(np.median(distances))


def test_confidence_is_median_minus_minimum() -> None:
    distances = RNG.uniform(5, 15, 31)
    _, confidence = offset_and_confidence(-distances)
    assert confidence == pytest.approx(np.median(distances) - distances.min())


class Towers:
    """Stands for Light-ASD: pictures and sound are codes, agreement is their product."""

    def __init__(self, codes: torch.Tensor, late: int) -> None:
        self.codes, self.late = codes, late

    def pictures(self, crops: torch.Tensor) -> torch.Tensor:
        return self.codes[None]

    def sound(self, cepstra: torch.Tensor) -> torch.Tensor:
        assert cepstra.shape[1] == 4 * len(self.codes)
        return torch.roll(self.codes, self.late, 0)[None]

    def together(self, pictures: torch.Tensor, sound: torch.Tensor) -> torch.Tensor:
        agreement = (pictures * sound).sum(-1)
        return torch.stack([torch.zeros_like(agreement), agreement], dim=-1)


@pytest.mark.parametrize("late", [-5, 0, 4])
def test_planted_shift_through_lightasd(late: int) -> None:
    codes = torch.from_numpy(RNG.normal(size=(90, 8)))
    scanner = LightAsdScanner.__new__(LightAsdScanner)
    scanner._network = Towers(codes, late)  # type: ignore[assignment]
    scanner._device = torch.device("cpu")
    crops = np.zeros((90, 112, 112), np.uint8)
    scan = scanner.scan(Stretch(1, 0.0, crops, np.zeros(90 * 640 + 240, np.float32)))
    assert offset_and_confidence(scan.agreement)[0] == late
    assert scan.pictures == 60
    assert scan.speaking is not None
    assert scan.speaking.argmax() == late + REACH


# --- examinations ---------------------------------------------------------------------------


class Planted:
    """A scanner that answers by track."""

    def scan(self, stretch: Stretch) -> Scan:
        agreement = np.zeros(2 * REACH + 1)
        agreement[REACH + stretch.track] = 2.0
        return Scan(agreement, 10, speaking=np.full(2 * REACH + 1, stretch.track / 10))


def test_the_speaking_face_answers_and_all_are_told() -> None:
    examination = ScanExamination(Planted(), clock, longest_s=3.0, budget=4)
    for chunk in chunked([n / 25 for n in range(75)]):
        assert chunk.faces is not None
        both = [*chunk.faces.observations, *(face(f.time_s, 2) for f in chunk.faces.observations)]
        faces = ChunkFaces(observations=tuple(both))
        examination.feed(
            Chunk(index=0, start_s=chunk.start_s, end_s=0, audio=chunk.audio, faces=faces)
        )
    answer = examination.finish()
    assert isinstance(answer, Scored)
    assert (answer.facts["track"], answer.facts["offset_s"], answer.score) == (2, 0.08, -2.0)
    assert [(t["track"], t["offset_s"]) for t in answer.facts["tracks"]] == [(1, 0.04), (2, 0.08)]
    assert len(answer.segments) == 2


@pytest.mark.parametrize(
    ("times", "sound", "code"),
    [
        ([n / 25 for n in range(75)], (0.0, 0.0), "no_sound"),
        ([0.0, 0.04, 0.08], (0.0, 3.0), "too_short"),
    ],
)
def test_typed_abstentions(times: list[float], sound: tuple[float, float], code: str) -> None:
    examination = ScanExamination(Planted(), clock, longest_s=3.0, budget=4)
    for chunk in chunked(times, sound):
        examination.feed(chunk)
    answer = examination.finish()
    assert isinstance(answer, Abstained)
    assert answer.code == code


def test_no_face_and_silence_abstain() -> None:
    silence = AudioBlock(start_s=0.0, sample_rate=16000, samples=np.zeros(80_000, np.float32))
    faces = ChunkFaces(observations=tuple(face(n / 25) for n in range(75)))
    for seen, code in ((faces, "no_speech"), (ChunkFaces(), "no_face")):
        examination = ScanExamination(Planted(), clock, longest_s=3.0, budget=4)
        examination.feed(Chunk(index=0, start_s=0, end_s=5, audio=(silence,), faces=seen))
        answer = examination.finish()
        assert isinstance(answer, Abstained)
        assert answer.code == code


# --- formats of weights ---------------------------------------------------------------------


def test_syncnet_weights_of_the_published_form_load(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = SyncNet()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    # names and shapes of the published state dict
    assert shapes["netcnnaud.0.weight"] == (64, 1, 3, 3)
    assert shapes["netcnnaud.18.weight"] == (512, 256, 5, 4)
    assert shapes["netfcaud.3.weight"] == shapes["netfclip.3.weight"] == (1024, 512)
    assert shapes["netcnnlip.0.weight"] == (96, 3, 5, 7, 7)
    assert shapes["netcnnlip.18.weight"] == (512, 256, 1, 6, 6)
    path = tmp_path / "syncnet_v2.model"
    torch.save(network.state_dict(), path)
    loaded = load(path)
    faces = 255 * torch.rand(1, 3, 6, 224, 224)
    with torch.inference_mode():
        run = loaded.lips(faces)[0]
        alone = torch.cat([loaded.lips(faces[:, :, n : n + 5])[0] for n in range(2)])
        heard = loaded.sound(torch.rand(3, 1, 13, 20))
    assert run.shape == (2, 1024)
    assert heard.shape == (3, 1024)
    assert (run - alone).abs().max() < 1e-4
    torch.save({"netcnnaud.0.weight": torch.zeros(1)}, path)
    with pytest.raises(RuntimeError, match="Missing key"):
        load(path)


def test_syncnet_cuts_windows_where_they_belong() -> None:
    class Echo:
        def lips(self, faces: torch.Tensor) -> torch.Tensor:
            assert faces.shape[1] == 3
            return faces[:, 0, : faces.shape[2] - 4, :1, 0].clone()

        def sound(self, cepstra: torch.Tensor) -> torch.Tensor:
            assert cepstra.shape[1:] == (1, 13, 20)
            return cepstra[:, 0, 0, :1]

    scanner = SyncNetScanner.__new__(SyncNetScanner)
    scanner._network = Echo()  # type: ignore[assignment]
    scanner._device = torch.device("cpu")
    crops = np.zeros((40, 8, 8, 3), np.uint8)
    crops[..., 2] = np.arange(40)[:, None, None]  # blue comes first
    stretch = Stretch(1, 0.0, crops, RNG.normal(size=40 * 640 + 240).astype(np.float32))
    assert scanner._lips(stretch)[:, 0].tolist() == list(range(36))
    energies = mfcc(stretch.sound)[:, 0]
    np.testing.assert_allclose(scanner._sound(stretch)[:, 0], energies[:144:4], rtol=1e-6)
    assert scanner.scan(stretch).agreement.shape == (31,)


@pytest.mark.parametrize("detector", [LightAsdDetector, SyncNetDetector])
def test_missing_and_damaged_weights(detector: type, tmp_path: Path) -> None:
    from avaudit.samples.pictures import write_clip

    clip = tmp_path / "clip.mp4"
    write_clip(clip, np.random.default_rng(1), seconds=0.4, width=64, height=48)
    store = tmp_path / "weights"
    look = partial(examine, data_dirs={"weights": store})
    missing = look(detector(), clip)
    assert isinstance(missing, Abstained)
    assert missing.code == "weights_missing"
    assert f"avaudit models pull {detector().card.name}" in missing.text
    (weights,) = weights_of(detector().card)
    assert weights.licence
    place = weights.path_in(store)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"something else")
    damaged = look(detector(), clip)
    assert isinstance(damaged, ExaminationError)
    assert damaged.code == "weights_damaged"


@pytest.fixture
def light_store(tmp_path: Path) -> Path:
    (weights,) = weights_of(LightAsdDetector().card)
    place = weights.path_in(tmp_path / "weights")
    place.parent.mkdir(parents=True)
    place.symlink_to(LIGHT)
    return tmp_path / "weights"


@pytest.mark.parametrize("_", [pytest.param(0, marks=corpus)])
def test_published_lightasd_loads(_: int) -> None:
    state = torch.load(LIGHT, map_location="cpu", weights_only=True)
    LightAsd().load_state_dict(state, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("_", [pytest.param(0, marks=corpus)])
def test_published_lightasd_hears_who_speaks(_: int, light_store: Path) -> None:
    answer = examine(LightAsdDetector(), CLIP, data_dirs={"weights": light_store})
    assert isinstance(answer, Scored)
    (track,) = answer.facts["tracks"]
    assert abs(answer.facts["offset_s"]) <= 0.6
    assert track["speaking"] > 0.3


# --- what a scan is worth --------------------------------------------------------------------


class Compared:
    """Stands for the scanner: agreement peaks where the first sample of the sound says."""

    def __init__(self) -> None:
        self.lengths: list[tuple[int, int]] = []

    def compare(self, pictures: torch.Tensor, samples: np.ndarray) -> Scan:
        self.lengths.append((len(pictures), len(samples)))
        agreement = np.zeros(2 * REACH + 1)
        agreement[REACH + int(samples[0])] = 2.5
        return Scan(agreement=agreement, pictures=len(pictures) - 2 * REACH)


def watched(name: str, unit: str, source: str, seconds: float, late: int) -> Watched:
    count = round(25 * seconds)
    sound = np.full(count * 640 + 240, late, np.float32)
    stretch = Stretch(1, 0.0, np.zeros((count, 2, 2), np.uint8), sound)
    clip = Clip(
        name=name,
        path=Path(name),
        corpus=source,
        source=source,
        identity=unit,
        unit=unit,
        trainable=False,
    )
    return Watched(clip=clip, stretches=[stretch], seen=[torch.zeros(count, 128)])


def test_lips_get_their_own_sound_and_that_of_strangers() -> None:
    clips = [
        watched("a", "p", "X", 4.0, 0),
        watched("b", "p", "X", 4.0, 1),
        watched("c", "q", "X", 3.0, 2),
        watched("d", "r", "Y", 4.0, 3),
    ]
    trials = list(light_trials(clips, np.random.default_rng(0)))
    assert [name for name, _, _ in trials[:5]] == [f"a#{n}" for n in range(5)]
    assert trials[0][2] is None
    # two of the same source, two of anybody; never of the same person
    given = [None if s is None else int(s[0]) for name, _, s in trials if name[0] == "a"]
    assert given[1:3] == [2, 2]
    assert set(given[3:]) <= {2, 3}


def test_a_scan_of_swapped_sound_lasts_as_long_as_both() -> None:
    scanner = Compared()
    one = watched("a", "p", "X", 4.0, 0)
    long, short = (np.full(round(25 * s) * 640 + 240, 4, np.float32) for s in (3.0, 1.0))
    assert light_answer(scanner, one, None) == ("-2.500000", "0.000", "")  # type: ignore[arg-type]
    assert light_answer(scanner, one, long) == ("-2.500000", "0.160", "")  # type: ignore[arg-type]
    assert light_answer(scanner, one, short) == ("", "", "too_short")  # type: ignore[arg-type]
    assert scanner.lengths == [(100, 64_240), (75, 48_240)]
