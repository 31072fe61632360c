"""AASIST: the published weights, the published logits, the fast form, and the detectors."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from avaudit.detector import Abstained, Scored
from avaudit.detectors.speech.aasist import AasistDetector, AasistLightDetector
from avaudit.detectors.speech.aasist.fast import FastAasist
from avaudit.detectors.speech.aasist.network import (
    AASIST,
    AASIST_L,
    WINDOW_SAMPLES,
    Aasist,
    Shape,
    sinc_filters,
)
from avaudit.detectors.speech.aasist.scorer import AasistScorer
from avaudit.engine.client import WorkerProcess, WorkerSetup
from avaudit.engine.messages import AnswerMessage
from avaudit.errors import ExaminationError
from avaudit.media.types import SampleArray
from avaudit.pulling import take_weights
from avaudit.testing import check_detector, examine
from avaudit.weights import weights_of

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
REFERENCE = DATA / "weights" / "aasist_reference_logits.csv"
SHAPES = {"AASIST": AASIST, "AASIST-L": AASIST_L}
DETECTORS = {"AASIST": AasistDetector, "AASIST-L": AasistLightDetector}

corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REFERENCE.is_file(), reason="no weights in ../shared/data/weights"),
]


def with_marks(name: str) -> object:
    return pytest.param(name, marks=corpus)


def read(path: Path) -> SampleArray:
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(parts).astype(np.float32) / 32768


def reference(name: str) -> list[tuple[Path, float, float]]:
    with REFERENCE.open() as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == name]
    return [
        (DATA / "speech" / row["clip"], float(row["logit_spoof"]), float(row["logit_bonafide"]))
        for row in rows
    ]


def randomised(shape: Shape, seed: int = 0) -> Aasist:
    """A network with random weights and batch statistics, as a training would leave them."""
    torch.manual_seed(seed)
    network = Aasist(shape).eval()
    for name, value in network.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
        elif value.is_floating_point() and ("running_mean" in name or "bn" in name):
            value.normal_(0.5, 0.3)
        elif "att_weight" in name or "pos_S" in name or "master" in name:
            value.normal_(0.0, 0.3)
    return network


@pytest.mark.parametrize("shape", [AASIST, AASIST_L], ids=["AASIST", "AASIST-L"])
def test_fast_equals_plain(shape: Shape) -> None:
    samples = 20_011  # leaves a remainder in every tile and pool
    network = randomised(shape)
    waveform = 0.3 * torch.randn(samples, generator=torch.Generator().manual_seed(1))
    fast = FastAasist(network, samples=samples)
    with torch.inference_mode():
        plain = network(waveform[None])[0]
        assert (fast(waveform) - plain).abs().max() < 1e-4
        # the buffers between blocks carry nothing from one waveform to the next
        fast(torch.zeros(samples))
        assert (fast(waveform) - plain).abs().max() < 1e-4
    with pytest.raises(ValueError, match="waveform of"):
        fast(waveform[1:])


def test_filters_pass_their_bands() -> None:
    spectra = np.abs(np.fft.rfft(sinc_filters().numpy(), 4096, axis=1))
    centres_hz = spectra.argmax(axis=1) * 16_000 / 4096
    assert spectra.shape[0] == 70
    # below 20 filters, bands are narrower than the window resolves
    assert (np.diff(centres_hz[20:]) > 0).all()
    assert centres_hz[-1] > 7500


@pytest.mark.parametrize("name", [with_marks("AASIST"), with_marks("AASIST-L")])
def test_published_logits(name: str) -> None:
    network = Aasist(SHAPES[name])
    path = DATA / "weights" / f"{name}.pth"
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state, strict=True)
    fast = FastAasist(network)
    rows = reference(name)
    assert len(rows) == 16
    for clip, spoofed, genuine in rows[::8]:
        waveform = torch.from_numpy(np.resize(read(clip)[:WINDOW_SAMPLES], WINDOW_SAMPLES))
        expected = torch.tensor([spoofed, genuine])
        assert (fast(waveform) - expected).abs().max() < 1e-4
    with torch.inference_mode():
        assert (network(waveform[None])[0] - expected).abs().max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", [with_marks("AASIST"), with_marks("AASIST-L")])
def test_all_published_logits(name: str) -> None:
    scorer = AasistScorer(DATA / "weights" / f"{name}.pth", SHAPES[name])
    for clip, spoofed, genuine in reference(name):
        window = np.resize(read(clip)[:WINDOW_SAMPLES], WINDOW_SAMPLES)
        assert scorer.score(window[None])[0] == pytest.approx(spoofed - genuine, abs=1e-4)


def stocked(store: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Pull the weights from the data folder into a store of this test's own."""
    monkeypatch.setenv("AVAUDIT_HOME", str(store))
    (weights,) = weights_of(DETECTORS[name]().card)
    take_weights(weights, DATA / "weights")
    return {"weights": store / "weights"}


@pytest.mark.corpus
@pytest.mark.skipif(not REFERENCE.is_file(), reason="no weights in ../shared/data/weights")
def test_the_detector_keeps_the_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dirs = stocked(tmp_path, "AASIST-L", monkeypatch)
    clip, spoofed, genuine = reference("AASIST-L")[0]
    detector = AasistLightDetector()
    check_detector(detector, {"clip": clip}, data_dirs=dirs)
    outcome = examine(detector, clip, data_dirs=dirs)
    assert isinstance(outcome, Scored)
    # the clip is one passage of speech: the detector's window is nearly the reference's
    assert outcome.score == pytest.approx(spoofed - genuine, abs=3.0)
    assert outcome.facts["windows"] == 1


@pytest.mark.corpus
@pytest.mark.skipif(not REFERENCE.is_file(), reason="no weights in ../shared/data/weights")
def test_in_the_confined_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits as in this process, with torch imported before the walls went up."""
    dirs = stocked(tmp_path, "AASIST-L", monkeypatch)
    clip = reference("AASIST-L")[1][0]
    here = examine(AasistLightDetector(), clip, data_dirs=dirs)
    assert isinstance(here, Scored)
    setup = WorkerSetup(detectors=("speech.aasist-l",), data_dirs=dirs, threads=2)
    fd = os.open(clip, os.O_RDONLY)
    try:
        with WorkerProcess(setup) as worker:
            messages = list(worker.examine([fd], clip.stat().st_size, ["speech.aasist-l"]))
    finally:
        os.close(fd)
    found = [message for message in messages if isinstance(message, AnswerMessage)]
    assert [message.score for message in found] == [here.score], messages


def test_without_weights_it_abstains_and_imports_no_torch(tmp_path: Path) -> None:
    """Asked of a fresh interpreter, as the worker is one."""
    program = f"""
import sys
from pathlib import Path
from types import SimpleNamespace
from avaudit.detectors.speech.aasist import AasistDetector
dirs = {{"weights": Path({str(tmp_path)!r})}}
detector = AasistDetector()
detector.prepare(dirs)
outcome = detector.begin(SimpleNamespace(data_dirs=dirs)).finish()
print(outcome.code, "avaudit models pull speech.aasist" in outcome.text, "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["weights_missing", "True", "False"]


def test_damaged_weights_are_said_to_be(tmp_path: Path) -> None:
    detector = AasistDetector()
    (weights,) = weights_of(detector.card)
    path = weights.path_in(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"not the published file")
    clip = tmp_path / "tone.wav"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    outcome = examine(detector, clip, data_dirs={"weights": tmp_path})
    assert isinstance(outcome, ExaminationError)
    assert outcome.code == "weights_damaged"
    path.unlink()
    missing = examine(detector, clip, data_dirs={"weights": tmp_path})
    assert isinstance(missing, Abstained)
