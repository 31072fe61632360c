"""av.identity: the filter bank, the networks from files, stretches, answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avaudit.detector import Abstained, Scored
from avaudit.detectors.av.identity import IdentityDetector
from avaudit.detectors.av.identity.embedders import PublishedEmbedders, unit
from avaudit.detectors.av.identity.examination import IdentityExamination, Person, disagreement
from avaudit.detectors.av.identity.filterbank import filter_bank
from avaudit.detectors.av.identity.stretches import LENGTH, Stretches
from avaudit.errors import ExaminationError
from avaudit.media.types import AudioBlock, Chunk, ChunkFaces, FaceObservation, Frame
from avaudit.samples.pictures import write_clip
from avaudit.testing import examine
from avaudit.weights import weights_of

RATE = 16_000
TALK = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "talk"


def tone(hz: float, seconds: float, *, rate: int = RATE) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def test_a_tone_is_heard_where_it_lies_and_a_steady_one_leaves_nothing() -> None:
    rows = filter_bank(np.concatenate([tone(300, 1.0), tone(3000, 1.0)]))
    assert rows.shape == (198, 80)
    mel = 1127.0 * np.log1p(np.array([20.0, 300.0, 3000.0, 8000.0]) / 700.0)
    expected = (mel[1:3] - mel[0]) / (mel[3] - mel[0]) * 81 - 1
    found = [int(np.argmax(rows[20])), int(np.argmax(rows[-20]))]
    assert found == pytest.approx(expected, abs=1.0)
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=1e-4)
    # the mean over the stretch goes, so the loudness of it goes with it
    np.testing.assert_allclose(
        filter_bank(tone(300, 1.0)), filter_bank(0.1 * tone(300, 1.0)), atol=0.02
    )


def voice_model(path: Path) -> np.ndarray:
    """Write a random network with the inputs and outputs of the published one."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(80, 256)).astype(np.float32)
    nodes = [
        helper.make_node("Mul", ["feats", "feats"], ["power"]),
        helper.make_node("ReduceMean", ["power"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["embs"]),
    ]
    graph = helper.make_graph(
        nodes,
        "voice",
        [helper.make_tensor_value_info("feats", TensorProto.FLOAT, ["B", "T", 80])],
        [helper.make_tensor_value_info("embs", TensorProto.FLOAT, ["B", 256])],
        [numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return weights


@pytest.mark.slow
def test_published_files_load_and_give_directions(tmp_path: Path) -> None:
    import torch
    from facenet_pytorch import InceptionResnetV1

    torch.manual_seed(0)
    network = InceptionResnetV1(pretrained=None).eval()
    # the published file has the layer that names the people of the training set as well
    state = network.state_dict() | {
        "logits.weight": torch.zeros(3, 512),
        "logits.bias": torch.zeros(3),
    }
    torch.save(state, tmp_path / "face.pt")
    weights = voice_model(tmp_path / "voice.onnx")
    embedders = PublishedEmbedders(tmp_path / "face.pt", tmp_path / "voice.onnx")
    crops = list(np.random.default_rng(1).integers(0, 255, (2, 160, 160, 3), np.uint8))
    with torch.inference_mode():
        pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()
        expected = network((pixels - 127.5) / 128.0).mean(dim=0).numpy()
    np.testing.assert_allclose(embedders.face(crops), unit(expected.astype(float)), atol=1e-5)
    sound = tone(300, 3.0)
    expected_voice = unit((filter_bank(sound).astype(float) ** 2).mean(axis=0) @ weights)
    np.testing.assert_allclose(embedders.voice(sound), expected_voice, atol=1e-4)


def random_weights(folder: Path) -> tuple[Path, Path]:
    """Write networks of the published shapes with random weights."""
    import torch
    from facenet_pytorch import InceptionResnetV1

    torch.manual_seed(0)
    torch.save(InceptionResnetV1(pretrained=None).state_dict(), folder / "face.pt")
    voice_model(folder / "voice.onnx")
    return folder / "face.pt", folder / "voice.onnx"


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(not TALK.is_dir(), reason="no clips in ../shared/data/talk")
def test_a_talking_head_runs_through_both_networks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from avaudit.detectors.av.identity import detector

    face, voice = random_weights(tmp_path)
    monkeypatch.setattr(detector, "pulled", lambda *_: {"face": face, "voice": voice})
    answer = examine(
        IdentityDetector(), TALK / "clips" / "wth_amy.mp4", data_dirs={"weights": tmp_path}
    )
    assert isinstance(answer, Scored)
    (person, *_) = answer.facts["persons"]
    assert person["stretches"] >= 2
    # random networks know nobody, but they answer, within what cosines allow
    assert -1.0 <= person["voices_cosine"] <= 1.0
    assert 0.0 <= answer.score <= 2.5


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "face.pt").write_bytes(b"no weights")
    with pytest.raises(ExaminationError, match=r"face\.pt cannot be loaded"):
        PublishedEmbedders(tmp_path / "face.pt", tmp_path / "voice.onnx")


def test_without_weights_the_command_is_told(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", np.random.default_rng(0), seconds=0.4, width=64, height=48)
    answer = examine(
        IdentityDetector(), tmp_path / "clip.mp4", data_dirs={"weights": tmp_path / "weights"}
    )
    assert isinstance(answer, Abstained)
    assert answer.code == "weights_missing"
    assert "avaudit models pull av.identity" in answer.text
    assert [w.name for w in weights_of(IdentityDetector().card)] == [
        "20180402-114759-vggface2.pt",
        "wespeaker_en_voxceleb_resnet34_LM.onnx",
    ]


class Told:
    """Faces by their brightness, voices by their pitch."""

    def face(self, crops: list[np.ndarray]) -> np.ndarray:
        level = float(np.mean(crops)) / 255.0
        return unit(np.array([level, 1.0 - level]))

    def voice(self, samples: np.ndarray) -> np.ndarray:
        hz = np.argmax(np.abs(np.fft.rfft(samples))) / 3.0
        return np.array([1.0, 0.0]) if hz < 1000 else np.array([0.0, 1.0])


def seen(track: int, time_s: float, grey: int, edge: float = 80.0) -> FaceObservation:
    picture = np.full((120, 120, 3), grey, np.uint8)
    frame = Frame(index=0, time_s=time_s, width=120, height=120, load=lambda: picture)
    marks = np.array([[50.0, 50], [70, 50], [60, 60], [52, 72], [68, 72]])
    box = (20.0, 20.0, edge, edge)
    return FaceObservation(
        track=track, frame=frame, box=box, landmarks=marks, confidence=1.0, detected=True
    )


def chunks(scenes: list[tuple[list[tuple[int, int]], float]], *, rate: int = RATE) -> list[Chunk]:
    """Give three seconds each of faces (track, grey) and a tone (0: silence), in chunks of 1 s."""
    sound = np.concatenate(
        [tone(hz, 3.0, rate=rate) if hz else np.zeros(3 * rate, np.float32) for _, hz in scenes]
    )
    out = []
    for second in range(3 * len(scenes)):
        faces = scenes[second // 3][0]
        times = second + np.arange(0, 1, 0.25)
        found = tuple(seen(track, float(t), grey) for t in times for track, grey in faces)
        block = AudioBlock(
            start_s=float(second),
            sample_rate=rate,
            samples=sound[second * rate : (second + 1) * rate],
        )
        out.append(
            Chunk(
                index=second,
                start_s=float(second),
                end_s=second + 1.0,
                audio=(block,),
                faces=ChunkFaces(observations=found),
            )
        )
    return out


def answer_of(scenes: list[tuple[list[tuple[int, int]], float]]) -> Scored | Abstained:
    examination = IdentityExamination(Told())
    for chunk in chunks(scenes):
        examination.feed(chunk)
    answer = examination.finish()
    assert isinstance(answer, Scored | Abstained)
    return answer


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_stretches_hold_three_seconds_of_sound_and_three_crops(rate: int) -> None:
    stretches = Stretches()
    scenes: list[tuple[list[tuple[int, int]], float]] = [([(1, 50)], 440.0)] * 4
    done = [one for chunk in chunks(scenes, rate=rate) for one in stretches.feed(chunk)]
    done += stretches.flush()
    assert [number for number, _ in done] == [0, 1, 2, 3]
    for _, stretch in done:
        assert stretch.track == 1
        assert len(stretch.faces[1]) == 3
        assert stretch.audible
        assert np.argmax(np.abs(np.fft.rfft(stretch.sound))) == 3 * 440
    assert sum(stretch.heard for _, stretch in done) == pytest.approx(4 * LENGTH, abs=4)


def test_one_face_with_one_voice_and_with_two() -> None:
    one = answer_of([([(1, 40)], 300.0)] * 3)
    assert isinstance(one, Scored)
    assert one.score == pytest.approx(0.0)
    two = answer_of([([(1, 40)], 300.0), ([(1, 40)], 3000.0)] * 2)
    assert isinstance(two, Scored)
    # of the six pairs of four stretches, two agree: 1 - 2/6
    assert two.score == pytest.approx(2.0 / 3.0)
    assert two.facts["persons"][0]["stretches"] == 4


def test_a_cut_back_to_the_same_face_is_the_same_person_and_two_with_one_voice_are_told() -> None:
    own = [([(1, 20)], 300.0), ([(2, 235)], 3000.0), ([(3, 20)], 300.0), ([(4, 235)], 3000.0)]
    apart = answer_of(own)
    assert isinstance(apart, Scored)
    assert [person["tracks"] for person in apart.facts["persons"]] == [[1, 3], [2, 4]]
    assert apart.score == pytest.approx(0.0)
    dubbed = answer_of([(faces, 300.0) for faces, _ in own])
    assert isinstance(dubbed, Scored)
    assert dubbed.score == pytest.approx(0.5)


def test_what_cannot_be_compared_abstains() -> None:
    assert getattr(answer_of([([], 300.0)] * 3), "code", "") == "no_face"
    silent = answer_of([([(1, 40)], 0.0)] * 3)
    assert isinstance(silent, Abstained)
    assert (silent.code, silent.facts["stretches_without_sound"]) == ("too_short", 3)
    several = answer_of([([(1, 20), (2, 235)], 300.0)] * 3)
    assert isinstance(several, Abstained)
    assert several.facts["stretches_with_several_faces"] == 3
    assert disagreement([Person()]) is None
