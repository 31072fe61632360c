"""Following faces: a portrait (NASA, ships with scikit-image) moved about by known amounts."""

from __future__ import annotations

import gc
import weakref
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from skimage import data as portraits

from avaudit.media.faces import face_crop, mouth_crop, native_crop, pose_of
from avaudit.media.types import Chunk, ChunkFaces, FaceObservation, Frame, MediaKind

Picture = npt.NDArray[np.uint8]

W, H = 320, 240
HEAD = (150, 30, 305, 215)
"""The head in the portrait of 512 × 512 pixels."""
MOUTH_IN_HEAD = np.array([224.3 - 150, 141.2 - 30])


@cache
def head(width: int) -> Picture:
    cut = Image.fromarray(portraits.astronaut()).crop(HEAD)
    return np.asarray(cut.resize((width, round(width * cut.height / cut.width))))


@cache
def ground(kind: str) -> Picture:
    rng = np.random.default_rng({"street": 1, "room": 2}[kind])
    coarse = rng.integers(40, 215, (7, 9, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((W, H), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


def scene(*heads: tuple[float, float, int], kind: str = "street") -> Picture:
    """Paste heads (left, top, width) at places between pixels."""
    picture = Image.fromarray(ground(kind))
    for left, top, width in heads:
        patch = Image.fromarray(head(width))
        x, y = int(left), int(top)
        moved = patch.transform(
            (patch.width + 1, patch.height + 1),
            Image.Transform.AFFINE,
            (1, 0, x - left, 0, 1, y - top),
            resample=Image.Resampling.BILINEAR,
        )
        picture.paste(moved.crop((1, 1, patch.width, patch.height)), (x + 1, y + 1))
    return np.asarray(picture)


def same(pixels: Picture) -> Picture:
    return pixels


def frames(pictures: list[Picture], times: list[float] | None = None) -> list[Frame]:
    times = times or [n / 25 for n in range(len(pictures))]
    return [
        Frame(index=n, time_s=t, width=p.shape[1], height=p.shape[0], load=partial(same, p.copy()))
        for n, (p, t) in enumerate(zip(pictures, times, strict=True))
    ]


def chunks(all_frames: list[Frame]) -> list[Chunk]:
    by_second: dict[int, list[Frame]] = {}
    for frame in all_frames:
        by_second.setdefault(int(frame.time_s), []).append(frame)
    return [
        Chunk(index=n, start_s=s, end_s=s + 1, frames=tuple(f))
        for n, (s, f) in enumerate(by_second.items())
    ]


@cache
def networks():
    import torch

    from avaudit.media.faces.networks import FaceNetworks

    return FaceNetworks(torch.device("cpu"))


def find(all_frames: list[Frame], kind: MediaKind = MediaKind.VIDEO) -> list[ChunkFaces]:
    from avaudit.media.faces.finder import FaceFinder

    finder = FaceFinder(networks(), kind)
    return [finder.find(chunk) for chunk in chunks(all_frames)]


def tracks(found: list[ChunkFaces]) -> dict[int, list[FaceObservation]]:
    by_track: dict[int, list[FaceObservation]] = {}
    for part in found:
        for face in part.observations:
            by_track.setdefault(face.track, []).append(face)
    return by_track


def swaying(n: int) -> tuple[float, float]:
    return 30 + 15 * np.sin(n / 6), 60 + 8 * np.cos(n / 9)


@pytest.fixture(scope="module")
def two_heads() -> tuple[list[Frame], list[ChunkFaces]]:
    """One head sways, another stands still; after 1.2 s they look on in another scene."""
    pictures = [scene((*swaying(n), 80), (200, 70, 90)) for n in range(30)]
    pictures += [scene((60, 50, 100), kind="room") for _ in range(10)]
    made = frames(pictures)
    return made, find(made)


def test_two_faces_are_followed_side_by_side(two_heads) -> None:
    _, found = two_heads
    by_track = tracks(found)
    assert sorted(by_track) == [1, 2, 3]
    assert [len(by_track[n]) for n in (1, 2, 3)] == [30, 30, 10]
    swayer = min((1, 2), key=lambda n: by_track[n][0].box[0])
    mouths = np.array([pose_of(face.landmarks).mouth for face in by_track[swayer]])
    truth = np.array([swaying(n) for n in range(30)]) + MOUTH_IN_HEAD * 80 / (HEAD[2] - HEAD[0])
    wrong = mouths - truth
    # the network has its own opinion of where a mouth is; its motion must be that of the head
    assert np.abs(wrong.mean(axis=0)).max() < 4.0
    assert np.abs(wrong - wrong.mean(axis=0)).max() < 1.0
    assert np.hypot(*np.diff(mouths - truth, axis=0).T).max() < 0.5


def test_most_frames_are_followed_and_few_searched(two_heads) -> None:
    _, found = two_heads
    observations = [face for part in found for face in part.observations]
    searched = {face.time_s for face in observations if face.detected}
    assert sum(part.searches for part in found) == len(searched) == 4
    assert all(face.confidence > 0.9 for face in observations)


def test_a_shot_cut_ends_all_tracks(two_heads) -> None:
    _, found = two_heads
    assert [cut for part in found for cut in part.cuts_s] == [30 / 25]
    ends = [end for part in found for end in part.ends]
    assert {(end.track, end.reason, end.observations) for end in ends} == {
        (1, "shot_cut", 30),
        (2, "shot_cut", 30),
    }
    assert {end.time_s for end in ends} == {29 / 25}


def test_the_same_frames_give_the_same_bits(two_heads) -> None:
    made, found = two_heads
    again = find(made[:30])
    for one, other in zip(tracks(found[:1])[1], tracks(again[:1])[1], strict=True):
        assert one.box == other.box
        assert one.landmarks.tobytes() == other.landmarks.tobytes()
        assert face_crop(one).tobytes() == face_crop(other).tobytes()


def test_crops_move_with_the_face(two_heads) -> None:
    """The head is the same picture all the time, so its crops are, wherever it is."""
    _, found = two_heads
    swayer = min(tracks(found[:1]).values(), key=lambda faces: faces[0].box[0])
    mouths = np.stack([mouth_crop(face) for face in swayer]).astype(np.float64)
    assert mouths.shape[1:] == (96, 96)
    spread = mouths.std(axis=0).mean()
    assert spread < 0.1 * mouths.mean(axis=0).std()
    pixels, (x, y) = native_crop(swayer[0], extent=1.0)
    assert np.array_equal(pixels, swayer[0].frame.rgb[y:, x:][: len(pixels), : pixels.shape[1]])
    assert face_crop(swayer[0], 128).shape == (128, 128, 3)


def test_another_face_in_the_same_place_is_a_jump_cut() -> None:
    """The same backdrop, and the head mirrored and darker: too little of the picture for a cut."""
    before = scene((60, 60, 80))
    other = before.copy()
    other[61:156, 61:140] = (other[61:156, 61:140][:, ::-1] * 0.8).astype(np.uint8)
    found = find(frames([before] * 6 + [other] * 6))
    assert [cut for part in found for cut in part.cuts_s] == []
    ends = [end for part in found for end in part.ends]
    assert [(end.track, end.reason, end.observations) for end in ends] == [(1, "jump_cut", 6)]
    assert [len(faces) for faces in tracks(found).values()] == [6, 6]


def test_lost_faces_are_counted_with_the_reason() -> None:
    pictures = [scene((40, 60, 80), (200 + 9 * max(0, n - 4), 70, 80)) for n in range(12)]
    pictures += [scene() for _ in range(18)]
    found = find(frames(pictures))
    by_place = sorted(tracks(found).values(), key=lambda faces: faces[0].box[0])
    reasons = {end.track: end.reason for part in found for end in part.ends}
    assert reasons[by_place[0][0].track] == "no_longer_a_face"
    assert reasons[by_place[1][0].track] in ("left_picture", "no_longer_a_face")
    assert len(tracks(found)) == 2


def test_a_face_that_walks_out_has_left_the_picture() -> None:
    found = find(frames([scene((180 + 6 * n, 60, 90)) for n in range(22)]))
    ends = [end for part in found for end in part.ends]
    assert [end.reason for end in ends] == ["left_picture"]


@pytest.mark.parametrize("rate", [29.97, 50.0])
def test_the_clock_is_that_of_the_frames(rate: float) -> None:
    times = [n / rate for n in range(12)]
    pictures = [scene((40 + 20 * t, 60, 80)) for t in times]
    (faces,) = tracks(find(frames(pictures, times))).values()
    assert [face.time_s for face in faces] == times


def test_uneven_times_are_followed_too() -> None:
    rng = np.random.default_rng(5)
    times = list(np.cumsum(rng.choice([0.01, 0.04, 0.2], 15)))
    pictures = [scene((40 + 30 * t, 60, 80)) for t in times]
    (faces,) = tracks(find(frames(pictures, times))).values()
    assert [face.time_s for face in faces] == times
    mouths = np.array([pose_of(face.landmarks).mouth[0] for face in faces])
    assert np.abs(np.diff(mouths) - 30 * np.diff(times)).max() < 0.5


def test_a_clock_that_runs_backwards_does_not_stop_the_search() -> None:
    pictures = [scene() for _ in range(3)] + [scene((40, 60, 80)) for _ in range(3)]
    found = find(frames(pictures, [500.0, 500.04, 500.08, 1.0, 1.04, 1.08]))
    assert len(tracks(found)[1]) == 3


def test_no_frame_is_kept() -> None:
    from avaudit.media.faces.finder import FaceFinder

    finder = FaceFinder(networks(), MediaKind.VIDEO)
    chunk = chunks(frames([scene((40, 60, 80)) for _ in range(3)]))[0]
    assert len(finder.find(chunk).observations) == 3
    seen = [weakref.ref(frame) for frame in chunk.frames]
    del chunk
    gc.collect()
    assert all(reference() is None for reference in seen)


def test_a_batch_gives_what_single_pictures_give() -> None:
    from avaudit.media.faces.networks import CLIP

    pictures = [scene((40, 60, 80)), scene((90, 40, 120)), scene()]
    together = networks().search(pictures, CLIP)
    alone = [networks().search([picture], CLIP)[0] for picture in pictures]
    assert [len(faces) for faces in together] == [1, 1, 0]
    for one, other in zip(together, alone, strict=True):
        for face, same_face in zip(one, other, strict=True):
            np.testing.assert_allclose(face.box, same_face.box, atol=1e-3)
            np.testing.assert_allclose(face.landmarks, same_face.landmarks, atol=1e-3)


@pytest.mark.parametrize(("width", "seen"), [(80, 12), (40, 12), (26, 12), (14, 0)])
def test_faces_down_to_16_pixels_are_followed_and_smaller_ones_are_not(
    width: int, seen: int
) -> None:
    pictures = [scene((100 + 3 * np.sin(n / 4), 90, width)) for n in range(12)]
    by_track = tracks(find(frames(pictures)))
    assert [len(faces) for faces in by_track.values()] == ([seen] if seen else [])
    for faces in by_track.values():
        assert faces[0].box[3] == pytest.approx(0.62 * width, rel=0.2)


def test_twice_the_rate_does_not_search_or_look_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    look = type(networks()).look
    monkeypatch.setattr(
        type(networks()), "look", lambda self, rgb, at: looked.extend(at) or look(self, rgb, at)
    )
    counts = {}
    for rate in (25, 50):
        times = [n / rate for n in range(rate)]
        found = find(frames([scene((60 + 20 * t, 60, 80)) for t in times], times))
        assert [len(faces) for faces in tracks(found).values()] == [rate]
        counts[rate] = (sum(part.searches for part in found), len(looked))
        looked.clear()
    assert counts[25][0] == counts[50][0]
    assert counts[50][1] <= counts[25][1] + 2


def test_batches_and_networks_go_to_the_device() -> None:
    """No GPU here: torch's device without memory stands in, which refuses to mix with others."""
    import torch

    from avaudit.media.faces.networks import CLIP, FaceNetworks

    elsewhere = FaceNetworks(torch.device("meta"))
    cascade = elsewhere._cascade
    propose, seen = cascade.propose, []

    def asked(batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        edges, belief = propose(batch)
        seen.append((batch.device.type, edges.device.type))
        # nothing can be read from that device, so nothing was found comes from here
        return torch.zeros(edges.shape), torch.zeros(belief.shape)

    cascade.propose = asked
    assert elsewhere.search([scene(), scene((40, 60, 80))], CLIP) == [[], []]
    assert set(seen) == {("meta", "meta")}
    with pytest.raises(NotImplementedError, match="meta"):
        elsewhere.look(scene((40, 60, 80)), [np.array([40.0, 60.0, 80.0])])


def test_the_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from avaudit.devices import pick_device

    for there, name in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert pick_device().type == name


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (24, 640), (240, 320)])
def test_any_picture_can_be_searched(shape: tuple[int, int]) -> None:
    from avaudit.media.faces.networks import CLIP, STILL

    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    stripes = np.zeros_like(noise)
    stripes[:, ::2] = 255
    for picture in (noise, stripes):
        for fineness in (CLIP, STILL):
            assert networks().search([picture], fineness) == [[]]


@pytest.mark.slow
def test_the_cascade_answers_like_facenet_pytorch() -> None:
    """The package whose weights are used is the oracle; it imports torchvision."""
    import torch
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
    from facenet_pytorch.models.utils.detect_face import detect_face

    from avaudit.media.faces.cascade import Cascade

    theirs = (PNet(), RNet(), ONet(), [0.6, 0.7, 0.7], 0.709, torch.device("cpu"))
    for picture in map(np.array, (portraits.astronaut(), scene((40, 60, 80)), ground("room"))):
        with torch.inference_mode():
            boxes, points = detect_face(picture, 20, *theirs)
            ((own, marks),) = Cascade(torch.device("cpu")).detect(picture[None], 20)
        expected = np.asarray(boxes[0], dtype=float).reshape(-1, 5)
        assert own.shape == expected.shape
        np.testing.assert_allclose(own, expected, atol=1e-3)
        np.testing.assert_allclose(marks, np.asarray(points[0], float).reshape(-1, 5, 2), atol=1e-3)


def test_a_still_has_one_observation() -> None:
    still = Frame(
        index=0, time_s=0.0, width=512, height=512, load=partial(same, portraits.astronaut())
    )
    (part,) = find([still], MediaKind.IMAGE)
    (face,) = part.observations
    assert face.detected
    assert pose_of(face.landmarks).unit_px == pytest.approx(43.2, abs=3.0)


def test_more_faces_than_can_be_followed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from avaudit.media.faces import finder

    monkeypatch.setattr(finder, "MOST_FACES", 1)
    (part,) = find(frames([scene((20, 60, 80), (180, 60, 100))]))
    assert (len(part.observations), part.not_followed) == (1, 1)
    assert part.observations[0].box[0] > 150  # the larger one


CLIP_PLACE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "talk" / "clips"


@pytest.mark.corpus
@pytest.mark.skipif(not CLIP_PLACE.is_dir(), reason="no clips in ../shared/data/talk")
def test_following_agrees_with_searching_every_frame() -> None:
    import os

    from avaudit.confinement.limits import Limits
    from avaudit.media.faces.finder import FaceFinder
    from avaudit.media.faces.networks import CLIP
    from avaudit.media.intake import open_media

    fd = os.open(CLIP_PLACE / "av2av_src_1.mp4", os.O_RDONLY)
    try:
        opened = open_media(fd, Limits(), threads=1)
        assert opened.chunks is not None
        finder = FaceFinder(networks(), MediaKind.VIDEO)
        wrong, seen, shown = [], 0, 0
        for chunk in opened.chunks():
            found = {face.frame.index: face for face in finder.find(chunk).observations}
            seen, shown = seen + len(found), shown + len(chunk.frames)
            for frame in chunk.frames[::9]:
                (direct,) = networks().search([frame.rgb], CLIP)[0][:1]
                off = np.hypot(*(found[frame.index].landmarks - direct.landmarks).T).mean()
                wrong.append(off / pose_of(direct.landmarks).unit_px)
    finally:
        os.close(fd)
    assert seen == shown
    assert np.median(wrong) < 0.12
