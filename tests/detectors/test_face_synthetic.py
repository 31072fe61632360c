"""face.synthetic: what is measured, made pairs, learning, windows, answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avaudit.detector import Abstained, Scored
from avaudit.detectors.face.synthetic import SyntheticFaceDetector
from avaudit.detectors.face.synthetic.collecting import Collector, Window, movement_of
from avaudit.detectors.face.synthetic.examination import FaceExamination
from avaudit.detectors.face.synthetic.learning import (
    Recorded,
    direction,
    fitted,
    source_weights,
)
from avaudit.detectors.face.synthetic.making import KINDS, made
from avaudit.detectors.face.synthetic.measures import GROUPS, MOVING, measure
from avaudit.detectors.face.synthetic.model import FaceModel, Group, read_model, shipped
from avaudit.detectors.face.synthetic.regions import REGIONS, weights
from avaudit.errors import AvauditError
from avaudit.media.types import Chunk, ChunkFaces, FaceObservation, Frame, TrackEnd
from avaudit.testing import check_detector, examine
from avaudit.weights import weights_of

TALK = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "talk"


def noise(n: int, seed: int = 0, deviation: float = 12.0) -> np.ndarray:
    """Give n moments of two pictures each, all of independent grey noise."""
    grey = np.random.default_rng(seed).normal(128.0, deviation, (n, 2, 256, 256, 1))
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8).repeat(3, axis=4)


def times(n: int) -> np.ndarray:
    return 0.25 * np.arange(n)[:, None] + np.array([0.0, 0.04])


def about(name: str, values: np.ndarray, region: str) -> np.ndarray:
    return values[[at for at, where in enumerate(GROUPS[name]) if where == region]]


def test_regions_share_out_the_crop_evenly_to_both_sides() -> None:
    rows = weights(64)
    assert rows.shape == (len(REGIONS), 64 * 64)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-5)
    planes = rows.reshape(-1, 64, 64)
    np.testing.assert_array_equal(planes, planes[:, :, ::-1])
    mouth, forehead = planes[REGIONS.index("mouth")], planes[REGIONS.index("forehead")]
    assert np.flatnonzero(mouth.any(axis=1)).min() > np.flatnonzero(forehead.any(axis=1)).max()


def test_independent_noise_keeps_nothing_and_a_still_all() -> None:
    lost = measure(noise(10))["persistence"].reshape(3, 3, -1)
    # the power of a difference of independent pictures is the sum of their powers: log10 of 1
    np.testing.assert_allclose(lost[:, 1, :14], 0.0, atol=0.05)  # the two finest bands
    flicker = measure(noise(10))["flicker"].reshape(3, -1)
    np.testing.assert_allclose(flicker[1, :14], 0.0, atol=0.05)
    still = measure(noise(1)[:, :1].repeat(10, axis=0).repeat(2, axis=1))
    assert np.isnan(still["flicker"]).all()  # the next picture is the same: none came
    assert still["persistence"].reshape(3, 3, 4, -1)[:, :, 0].max() < -3.0  # what the floor leaves
    np.testing.assert_allclose(still["wavering"], -3.0, atol=1e-4)


def test_gain_does_not_matter() -> None:
    loud, soft = measure(noise(6, deviation=30.0)), measure(noise(6, deviation=15.0))
    for name in ("contrast", "slope", "persistence"):
        np.testing.assert_allclose(loud[name], soft[name], atol=0.05, err_msg=name)


def test_grey_has_no_colour_and_coloured_noise_its_share() -> None:
    assert measure(noise(3))["colour"][:7].max() < -3.0
    grey = noise(3, deviation=10.0).astype(float)
    tint = np.random.default_rng(9).normal(0.0, 10.0, grey.shape[:-1])
    grey[..., 2] += tint  # blue counts 0.114 of brightness, so most of it is colour
    coloured = measure(np.clip(np.rint(grey), 0, 255).astype(np.uint8))["colour"]
    # blue less brightness: 0.886 of the tint, red less brightness: 0.114 of it
    expected = np.log10((0.886**2 + 0.114**2) / (1.0 + 0.114**2))
    assert np.median(coloured[:7]) == pytest.approx(expected, abs=0.1)


def test_movement_is_in_face_units_a_moment() -> None:
    marks = np.array([[60.0, 60], [100, 60], [80, 80], [64, 100], [96, 100]])
    unit = 40.0  # the larger of the distances between eyes, and between eyes and mouth
    moved = [marks + n * np.array([4.0, 3.0]) for n in range(5)]
    assert movement_of(moved) == pytest.approx(np.log10(5.0 / unit + 1e-3), abs=0.02)
    assert np.isnan(movement_of(moved[:1]))


def test_too_few_moments_are_missing_not_zero() -> None:
    for count, missing in ((1, True), (3, True), (8, False)):
        found = measure(noise(count))
        for name, regions in GROUPS.items():
            assert found[name].shape == (len(regions),)
            assert bool(np.isnan(found[name]).any()) == (missing and name in MOVING), (name, count)
    five = measure(noise(5))["persistence"].reshape(3, -1)
    np.testing.assert_array_equal(five[2], five[0])  # too short for a second: the lag it has


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_made_pairs_are_the_same_again_and_differ_from_the_recording(kind: str) -> None:
    crops = noise(5, seed=4)
    one = made(crops, times(5), kind, np.random.default_rng(7))
    two = made(crops, times(5), kind, np.random.default_rng(7))
    np.testing.assert_array_equal(one, two)
    recorded, machined = one
    assert recorded.shape == machined.shape == crops.shape
    assert machined.dtype == np.uint8
    assert np.abs(recorded.astype(int) - machined).mean() > 0.2
    alone = made(crops, times(5) * [[1], [1], [1], [1], [0]], kind, np.random.default_rng(7))[1]
    np.testing.assert_array_equal(alone[4, 0], alone[4, 1])  # where no picture came, none comes


def test_a_mouth_made_again_is_softer_and_the_forehead_as_it_was() -> None:
    recorded, machined = (
        measure(side)
        for side in made(noise(5, seed=4), times(5), "mouth", np.random.default_rng(2))
    )
    before, after = (about("contrast", side["contrast"], "mouth") for side in (recorded, machined))
    assert (after < before - 0.1).any()
    sides = [about("slope", side["slope"], "forehead") for side in (recorded, machined)]
    np.testing.assert_allclose(sides[0], sides[1], atol=0.02)


def test_an_animated_still_keeps_its_texture() -> None:
    recorded, machined = (
        measure(side)["persistence"]
        for side in made(noise(9), times(9), "still", np.random.default_rng(3))
    )
    assert np.median(machined) < np.median(recorded) - 0.3


def groups_of(values: np.ndarray) -> dict[str, np.ndarray]:
    """Give groups whose first measurement is ``values`` and whose others are noise."""
    rng = np.random.default_rng(1)
    out = {}
    for name, regions in GROUPS.items():
        out[name] = rng.normal(0, 1, (len(values), len(regions))).astype(np.float32)
        out[name][:, 0] = values
    return out


def test_learning_finds_what_the_machining_changed_and_takes_out_size_and_movement() -> None:
    rng = np.random.default_rng(5)
    base = groups_of(rng.normal(0, 1, 24))
    machined = {name: values.copy() for name, values in base.items()}
    for values in machined.values():
        values[:, 0] += 1.0
    weights = {name: direction(base[name], machined[name]) for name in GROUPS}
    for weight in weights.values():
        assert np.argmax(np.abs(weight)) == 0
        assert weight[0] > 0
    face_px, movement = rng.uniform(80, 300, 80), rng.uniform(-2.0, -0.8, 80)
    usual = groups_of(3.0 * np.log(face_px) + 2.0 * movement)
    recorded = Recorded(usual, face_px, movement, np.repeat(["a", "b"], [60, 20]))
    model = fitted(weights, recorded, movement=True)
    parts = model.parts(usual, face_px, movement)
    for column in parts.T:
        assert abs(np.corrcoef(column, np.log(face_px))[0, 1]) < 0.1
        assert abs(np.corrcoef(column, movement)[0, 1]) < 0.1
    share = source_weights(recorded.sources)
    assert (share * model.score(parts) ** 2).sum() == pytest.approx(1.0)
    size_only = fitted(weights, recorded, movement=False)
    left = size_only.parts(usual, face_px, movement)[:, 0]
    assert np.corrcoef(left, movement)[0, 1] > 0.5
    lifted = {name: values + (np.arange(values.shape[1]) == 0) for name, values in usual.items()}
    higher = model.score(model.parts(lifted, face_px, movement))
    assert (higher > model.score(parts)).all()


def test_sources_weigh_the_root_of_their_windows() -> None:
    found = source_weights(np.array(["a"] * 9 + ["b"]))
    assert found.sum() == pytest.approx(1.0)
    assert found[:9].sum() / found[9] == pytest.approx(3.0)


def flat_model() -> FaceModel:
    return FaceModel(
        {n: Group(np.ones(len(r)) / len(r), np.zeros(3), np.ones(1)) for n, r in GROUPS.items()}
    )


def test_a_missing_group_counts_nothing_and_a_far_one_no_further() -> None:
    model = flat_model()
    values = {name: np.full((1, len(regions)), 100.0) for name, regions in GROUPS.items()}
    for name in MOVING:
        values[name] = np.full_like(values[name], np.nan)
    parts = model.parts(values, np.array([100.0]), np.array([np.nan]))[0]
    assert parts.tolist() == [4.0, 4.0, 4.0, 0.0, 0.0, 4.0, 0.0]


def test_the_model_is_read_as_it_was_written_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(shipped().to_bytes({}))
    again = read_model(path)
    assert list(again.groups) == list(shipped().groups)
    assert again.scale == shipped().scale
    for name, group in shipped().groups.items():
        np.testing.assert_array_equal(group.weight, again.groups[name].weight)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(AvauditError, match="cannot be read"):
        read_model(path)
    with pytest.raises(AvauditError, match="cannot be read"):
        read_model(tmp_path / "none")


def test_the_card_names_the_file_that_ships() -> None:
    import hashlib

    import avaudit.detectors.face.synthetic.model as module

    (named,) = weights_of(SyntheticFaceDetector().card)
    data = Path(module.__file__).with_name(module.FILE_NAME).read_bytes()
    assert (named.sha256, named.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert len(data) < 4_000_000


def seen(
    track: int, time_s: float, *, high: float = 100.0, confidence: float = 1.0
) -> FaceObservation:
    picture = np.random.default_rng(int(time_s * 1000)).integers(0, 255, (160, 160, 3), np.uint8)
    frame = Frame(index=0, time_s=time_s, width=160, height=160, load=lambda: picture)
    marks = np.array([[60.0, 60], [100, 60], [80, 80], [64, 100], [96, 100]])
    return FaceObservation(
        track=track,
        frame=frame,
        box=(40.0, 30.0, 80.0, high),
        landmarks=marks,
        confidence=confidence,
        detected=True,
    )


def windows(*faces: FaceObservation, ends: tuple[TrackEnd, ...] = ()) -> list[Window]:
    collector = Collector()
    found = collector.feed(ChunkFaces(observations=faces))
    found += collector.feed(ChunkFaces(ends=ends))
    return found + collector.flush()


def test_windows_hold_four_faces_a_second_and_no_more_than_sixteen() -> None:
    # 6.5 s at 25 a second: one every 0.28 s (seven pictures) is 24: sixteen and eight
    found = windows(*(seen(1, n / 25) for n in range(162)))
    assert [len(window.crops) for window in found] == [16, 8]
    assert np.diff(found[0].times_s[:, 0]) == pytest.approx(0.28)
    assert np.diff(found[0].times_s, axis=1) == pytest.approx(0.04)
    assert found[0].crops.shape == (16, 2, 256, 256, 3)
    # what is left of a face counts only from eight crops on, or where it is all there is
    assert [len(w.crops) for w in windows(*(seen(1, n / 4) for n in range(20)))] == [16]
    assert [len(w.crops) for w in windows(*(seen(1, n / 4) for n in range(5)))] == [5]


def test_the_next_picture_comes_as_late_at_any_rate() -> None:
    (fast,) = windows(*(seen(1, n / 60) for n in range(60)))
    assert np.diff(fast.times_s, axis=1) == pytest.approx(2 / 60)
    (slow,) = windows(*(seen(1, n / 4) for n in range(9)))
    np.testing.assert_array_equal(slow.times_s[:, 0], slow.times_s[:, 1])
    np.testing.assert_array_equal(slow.crops[:, 0], slow.crops[:, 1])


def test_windows_end_at_gaps_and_with_the_track_and_leave_out_doubtful_faces() -> None:
    early, late = [seen(1, n / 4) for n in range(9)], [seen(1, 5 + n / 4) for n in range(8)]
    assert [len(w.crops) for w in windows(*early, *late)] == [9, 8]
    doubtful = [seen(2, n / 4, confidence=0.5) for n in range(9)]
    assert windows(*doubtful) == []
    end = TrackEnd(track=1, time_s=2.0, reason="shot_cut", observations=9)
    assert [len(w.crops) for w in windows(*early, ends=(end,))] == [9]


def answer_of(tmp_path: Path, *faces: FaceObservation) -> Scored | Abstained:
    examination = FaceExamination(flat_model(), tmp_path)
    for face in faces:
        found = ChunkFaces(observations=(face,))
        examination.feed(Chunk(index=0, start_s=0, end_s=1, frames=(face.frame,), faces=found))
    answer = examination.finish()
    assert isinstance(answer, Scored | Abstained)
    return answer


def test_no_face_and_tiny_faces_abstain(tmp_path: Path) -> None:
    none = answer_of(tmp_path)
    assert isinstance(none, Abstained)
    assert none.code == "no_face"
    tiny = answer_of(tmp_path, seen(1, 0.0, high=30.0))
    assert isinstance(tiny, Abstained)
    assert tiny.code == "face_too_small"
    assert tiny.facts["tracks"][0]["face_px"] == 30.0


def test_one_face_is_evidence_of_its_own_kind(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, seen(1, 0.0))
    assert isinstance(answer, Scored)
    (track,) = answer.facts["tracks"]
    assert track["faces"] == 1
    assert {name for name, value in track["parts"].items() if value is None} == set(MOVING)
    assert answer.score == pytest.approx(track["score"], abs=1e-4)
    assert not answer.artefacts


def test_the_most_suspicious_lasting_face_counts_and_is_drawn(tmp_path: Path) -> None:
    first = [seen(1, n / 4) for n in range(26)]
    second = [seen(2, 10.0 + n / 4) for n in range(9)]
    moment = [seen(3, 20.0)]
    answer = answer_of(tmp_path, *first, *second, *moment)
    assert isinstance(answer, Scored)
    scores = {t["track"]: t["score"] for t in answer.facts["tracks"]}
    assert answer.score == pytest.approx(max(scores[1], scores[2]), abs=1e-4)
    assert [segment.label for segment in answer.segments] == [
        "track 1",
        "track 1",
        "track 2",
        "track 3",
    ]
    (artefact,) = answer.artefacts
    assert (tmp_path / artefact.name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(not TALK.is_dir(), reason="no clips in ../shared/data/talk")
def test_a_talking_head_is_scored_like_the_recipe_scores_it(tmp_path: Path) -> None:
    from avaudit.detectors.face.synthetic.material import measured, windows_of
    from avaudit.detectors.face.synthetic.selecting import clip_score

    path = TALK / "clips" / "w2l_akash.mp4"
    check_detector(SyntheticFaceDetector(), {"clip": path})
    answer = examine(SyntheticFaceDetector(), path)
    assert isinstance(answer, Scored)
    assert answer.score == pytest.approx(
        clip_score(shipped(), measured(windows_of(path))), abs=1e-6
    )
