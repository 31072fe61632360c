"""MesoInception-4: reading Keras weights, the network by its definition, tracks and answers."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.signal import correlate2d
from skimage import data as portraits

from avaudit.detector import Abstained, Scored
from avaudit.detectors.face.mesonet import MesoNetDetector
from avaudit.detectors.face.mesonet.examination import MesoExamination
from avaudit.detectors.face.mesonet.network import MesoInception4, load_keras
from avaudit.evidence.apply import interpret
from avaudit.evidence.tables import tables_of
from avaudit.media.types import Chunk, ChunkFaces, FaceObservation, Frame
from avaudit.result import DetectorRef, Finding
from avaudit.testing import check_detector, examine
from avaudit.weights import weights_of

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
WEIGHTS = DATA / "weights" / "mesonet" / "MesoInception_DF.h5"
corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not WEIGHTS.is_file(), reason="no weights in ../shared/data/weights"),
]
WIDTHS = {  # layer: kernel shape as Keras stores it; layers in the order in which they were made
    1: (1, 1, 3, 1),
    2: (1, 1, 3, 4),
    3: (3, 3, 4, 4),
    4: (1, 1, 3, 4),
    5: (3, 3, 4, 4),
    6: (1, 1, 3, 2),
    7: (3, 3, 2, 2),
    8: (1, 1, 11, 2),
    9: (1, 1, 11, 4),
    10: (3, 3, 4, 4),
    11: (1, 1, 11, 4),
    12: (3, 3, 4, 4),
    13: (1, 1, 11, 2),
    14: (3, 3, 2, 2),
    15: (5, 5, 12, 16),
    16: (5, 5, 16, 16),
}


def keras_file(path: Path, seed: int = 3) -> dict[str, np.ndarray]:
    """Random weights in the published form."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for number, shape in WIDTHS.items():
        scale = 1.0 / np.sqrt(np.prod(shape[:3]))
        arrays[f"conv2d_{number}/conv2d_{number}/kernel:0"] = rng.normal(0, scale, shape)
        arrays[f"conv2d_{number}/conv2d_{number}/bias:0"] = rng.normal(0, 0.1, shape[3])
    for number, width in enumerate((11, 12, 16, 16), 1):
        place = f"batch_normalization_{number}/batch_normalization_{number}"
        for name in ("beta", "gamma", "moving_mean"):
            arrays[f"{place}/{name}:0"] = rng.normal(0.5, 0.3, width)
        arrays[f"{place}/moving_variance:0"] = rng.uniform(0.5, 2.0, width)
    for number, shape in ((1, (1024, 16)), (2, (16, 1))):
        arrays[f"dense_{number}/dense_{number}/kernel:0"] = rng.normal(0, 0.05, shape)
        arrays[f"dense_{number}/dense_{number}/bias:0"] = rng.normal(0, 0.1, shape[1])
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file[name] = value
    return arrays


def defined(arrays: dict[str, np.ndarray], face: np.ndarray) -> float:
    """The network by sums, channels last, as the paper draws it."""

    def conv(x: np.ndarray, number: int, dilation: int = 1) -> np.ndarray:
        kernel = arrays[f"conv2d_{number}/conv2d_{number}/kernel:0"].astype(np.float64)
        spread = np.zeros(((len(kernel) - 1) * dilation + 1,) * 2 + kernel.shape[2:])
        spread[::dilation, ::dilation] = kernel
        out = np.stack(
            [
                sum(
                    correlate2d(x[..., i], spread[..., i, o], mode="same")
                    for i in range(x.shape[2])
                )
                for o in range(kernel.shape[3])
            ],
            axis=-1,
        )
        return np.maximum(out + arrays[f"conv2d_{number}/conv2d_{number}/bias:0"], 0.0)

    def settle(x: np.ndarray, number: int, pool: int) -> np.ndarray:
        place = f"batch_normalization_{number}/batch_normalization_{number}"
        get = {
            k: arrays[f"{place}/{k}:0"] for k in ("beta", "gamma", "moving_mean", "moving_variance")
        }
        x = (x - get["moving_mean"]) / np.sqrt(get["moving_variance"] + 1e-3)
        x = x * get["gamma"] + get["beta"]
        h, w, c = x.shape
        return x.reshape(h // pool, pool, w // pool, pool, c).max(axis=(1, 3))

    x = face
    for number, first in ((1, 1), (2, 8)):
        branches = [conv(x, first)]
        for dilation in (1, 2, 3):
            at = first + 2 * dilation - 1
            branches.append(conv(conv(x, at), at + 1, dilation))
        x = settle(np.concatenate(branches, axis=-1), number, 2)
    x = settle(conv(x, 15), 3, 2)
    flat = settle(conv(x, 16), 4, 4).ravel()
    hidden = flat @ arrays["dense_1/dense_1/kernel:0"] + arrays["dense_1/dense_1/bias:0"]
    hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    return float(
        (hidden @ arrays["dense_2/dense_2/kernel:0"] + arrays["dense_2/dense_2/bias:0"])[0]
    )


def test_keras_weights_give_the_network_of_the_paper(tmp_path: Path) -> None:
    arrays = keras_file(tmp_path / "weights.h5")
    network = load_keras(tmp_path / "weights.h5")
    face = np.random.default_rng(5).random((256, 256, 3))
    with torch.inference_mode():
        tensor = torch.from_numpy(face).permute(2, 0, 1).float()[None]
        logit = float(network(tensor)[0])
    assert logit == pytest.approx(defined(arrays, face), abs=1e-4)


def test_another_file_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["conv2d_1/conv2d_1/kernel:0"] = np.zeros((3, 3, 3, 8), np.float32)
        file["conv2d_1/conv2d_1/bias:0"] = np.zeros(8, np.float32)
    with pytest.raises((KeyError, RuntimeError)):
        load_keras(tmp_path / "other.h5")


class Brightness(torch.nn.Module):
    """Dark faces count as generated."""

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return faces.mean(dim=(1, 2, 3))


def seen(track: int, time_s: float, grey: int, confidence: float = 1.0) -> FaceObservation:
    picture = np.full((60, 60, 3), grey, np.uint8)
    frame = Frame(index=0, time_s=time_s, width=60, height=60, load=lambda: picture)
    marks = np.array([[20.0, 20], [40, 20], [30, 30], [22, 40], [38, 40]])
    return FaceObservation(
        track=track,
        frame=frame,
        box=(15.0, 10.0, 30.0, 40.0),
        landmarks=marks,
        confidence=confidence,
        detected=True,
    )


def answer_of(*faces: FaceObservation) -> Scored | Abstained:
    examination = MesoExamination(Brightness())  # type: ignore[arg-type]
    for face in faces:
        found = ChunkFaces(observations=(face,))
        examination.feed(Chunk(index=0, start_s=0, end_s=1, frames=(face.frame,), faces=found))
    answer = examination.finish()
    assert isinstance(answer, Scored | Abstained)
    return answer


def test_a_file_scores_like_its_most_suspicious_lasting_track() -> None:
    bright = [seen(1, n / 2, 255) for n in range(4)]
    dark = [seen(2, n / 2, 51) for n in range(4)]
    flash = [seen(3, 0.5, 0)]
    answer = answer_of(*bright, *dark, *flash)
    assert isinstance(answer, Scored)
    assert answer.score == pytest.approx(-0.2, abs=1e-6)
    scores = {track["track"]: track["score"] for track in answer.facts["tracks"]}
    assert scores == {1: -1.0, 2: -0.2, 3: 0.0}
    alone = answer_of(*flash)
    assert isinstance(alone, Scored)
    assert alone.score == 0.0


def test_two_faces_a_second_are_scored_and_doubtful_ones_not() -> None:
    answer = answer_of(*(seen(1, n / 25, 100) for n in range(50)), seen(2, 0.0, 0, confidence=0.4))
    assert answer.facts["faces_scored"] == 4
    assert isinstance(answer_of(seen(1, 0.0, 0, confidence=0.4)), Abstained)


def test_no_face_abstains(tmp_path: Path) -> None:
    store = tmp_path / "weights"
    picture = tmp_path / "grass.png"
    Image.fromarray(portraits.coffee()).save(picture)
    missing = examine(MesoNetDetector(), picture, data_dirs={"weights": store})
    assert isinstance(missing, Abstained)
    assert missing.code == "weights_missing"
    detector = MesoNetDetector()
    keras_file(tmp_path / "weights.h5")
    detector._network = load_keras(tmp_path / "weights.h5")
    answer = examine(detector, picture, data_dirs={"weights": store})
    assert isinstance(answer, Abstained)
    assert answer.code == "no_face"


def test_its_score_stands_without_a_ratio() -> None:
    """Held out, its ratios cost more than none (docs/faces.md), so its card has no tables."""
    card = MesoNetDetector().card
    assert tables_of(card) is None
    detector = DetectorRef(name=card.name, version=card.version)
    raw = Finding(subject="a", detector=detector, outcome="scored", score=3.0)
    told = interpret(raw, card, None)
    assert (told.outcome, told.score, told.log10_lr) == ("scored", 3.0, None)
    assert told.reason is not None
    assert told.reason.code == "not_calibrated"


@pytest.mark.parametrize("_", [pytest.param(0, marks=corpus)])
def test_published_weights_keep_the_promises(_: int, tmp_path: Path) -> None:
    (weights,) = weights_of(MesoNetDetector().card)
    place = weights.path_in(tmp_path / "weights")
    place.parent.mkdir(parents=True)
    place.symlink_to(WEIGHTS)
    portrait = tmp_path / "portrait.png"
    Image.fromarray(portraits.astronaut()).save(portrait)
    dirs = {"weights": tmp_path / "weights"}
    check_detector(MesoNetDetector(), {"portrait": portrait}, data_dirs=dirs)
    answer = examine(MesoNetDetector(), portrait, data_dirs=dirs)
    assert isinstance(answer, Scored)
    assert answer.score < 0  # a photograph of a person
    assert len(MesoInception4().state_dict()) == len(load_keras(WEIGHTS).state_dict())
