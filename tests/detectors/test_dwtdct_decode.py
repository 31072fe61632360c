"""Reading the carrier: exact against the encoder's own transform, whatever the picture's size."""

import tracemalloc

import numpy as np
import pytest

from avaudit.detectors.watermark.dwtdct import decode
from avaudit.detectors.watermark.dwtdct.pictures import picture, stored
from avaudit.samples import watermark


def plain_votes(rgb: np.ndarray, order: str) -> tuple[np.ndarray, np.ndarray]:
    """Decode in floating point as the scheme says; also tell where a cell's edge is met."""
    first = 2 if order == "bgr" else 0
    planes = (rgb[..., i].astype(np.int32) for i in (first, 1, 2 - first))
    u = watermark._yuv_from_bgr(*planes)[1]
    rows, columns = rgb.shape[0] // 8, rgb.shape[1] // 8
    votes, edge = np.zeros((2, rows, columns), bool)
    for i in range(rows):
        for j in range(columns):
            square = u[8 * i : 8 * i + 8, 8 * j : 8 * j + 8].astype(float)
            band = watermark._split(watermark._split(square, 0)[0], 1)[0]
            value = np.abs(band.ravel()[1:]).max()
            votes[i, j] = value % 36 > 18
            edge[i, j] = abs(value % 18 - 9) > 8.999
    return votes, edge


@pytest.mark.parametrize("kind", ["scene", "texture", "graphics"])
@pytest.mark.parametrize("size", [(64, 72), (101, 83)])
def test_direct_votes_are_those_of_the_scheme(kind: str, size: tuple[int, int]) -> None:
    rgb = picture(np.random.default_rng(1), kind, size)
    for read in decode.read_votes(rgb):
        if read.reading == "direct":
            votes, edge = plain_votes(rgb, read.channel_order)
            # At a cell's edge rounding decides in the reference; here it is exact.
            assert np.array_equal(read.votes[~edge], votes[~edge])
            assert edge.mean() < 0.5


def test_a_marked_plain_picture_reads_back_exactly() -> None:
    bits = tuple(np.random.default_rng(2).integers(0, 2, 64))
    rgb = watermark.embed_dwtdct(np.full((64, 64, 3), (90, 120, 110), np.uint8), bits)
    read = next(iter(decode.read_votes(rgb)))
    assert read.votes.ravel().tolist() == [bool(bit) for bit in bits]


def test_swapped_colours_and_swapped_order_cancel() -> None:
    rgb = picture(np.random.default_rng(3), "texture", (80, 96))
    one, two = list(decode.read_votes(rgb)), list(decode.read_votes(rgb[..., ::-1]))
    for a, b in ((0, 2), (1, 3), (2, 0), (3, 1)):
        assert np.array_equal(one[a].votes, two[b].votes)


@pytest.mark.parametrize("band", [1, 8 * 203, 1 << 12])
def test_bands_do_not_change_the_result(band: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = picture(np.random.default_rng(4), "scene", (333, 203))
    whole = [read.votes for read in decode.read_votes(rgb)]
    monkeypatch.setattr(decode, "_BAND_PX", band)
    for one, two in zip(whole, decode.read_votes(rgb), strict=True):
        assert np.array_equal(one, two.votes)


def test_sharpening_undoes_triangle_upsampling() -> None:
    rng = np.random.default_rng(5)
    samples = rng.uniform(0, 255, (40, 40))
    blurred = samples
    for axis in (0, 1):
        side = np.pad(blurred, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        before, after = side.take(range(40), axis), side.take(range(2, 42), axis)
        blurred = 0.75 * blurred + 0.125 * before + 0.125 * after
    padded = np.pad(blurred, 3, mode="edge").astype(np.float32)
    restored = decode._sharpen(decode._sharpen(padded).T).T
    assert np.abs(blurred - samples).max() > 50
    error = np.abs(restored - samples)
    assert error[4:-4, 4:-4].max() < 1
    assert error.max() < 12, "beyond the border samples are only guessed"


def test_upsampled_reading_reads_halved_colour_better_than_the_direct_one() -> None:
    bits = tuple(np.random.default_rng(6).integers(0, 2, 4096))
    scene = picture(np.random.default_rng(7), "scene", (512, 512))
    marked = stored(watermark.embed_dwtdct(scene, bits), "JPEG", 98)
    direct, upsampled, *_ = decode.read_votes(marked)
    share = [(read.votes.ravel() == np.array(bits)).mean() for read in (direct, upsampled)]
    assert share[1] > share[0] + 0.1


def test_memory_stays_a_fraction_of_the_picture() -> None:
    rgb = np.random.default_rng(8).integers(0, 256, (3000, 3000, 3), dtype=np.uint8)
    tracemalloc.start()
    for _ in decode.read_votes(rgb):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rgb.nbytes / 2
