"""The encoder writes what the scheme's public encoder writes."""

import hashlib

import numpy as np
import pytest

from avaudit.samples.watermark import embed_dwtdct, text_bits


def _picture() -> np.ndarray:
    """Pixels from integers alone, so that they are the same on every machine."""
    y, x, c = np.ogrid[:259, :263, :3]
    return ((x * (c + 1) + y * (3 - c) + (x * y // 64) % 37) % 256).astype(np.uint8)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("bgr", "b7229754fbca8c76e1e895797c9ecf05451f4658bd5017dcc46c95d7dadf9f23"),
        ("rgb", "3e96f090f798c37b553cae2a3cbb2381063b46725af624f67e70946ce777c579"),
    ],
)
def test_pixels_equal_the_reference_encoders(order: str, expected: str) -> None:
    # Digests of what invisible-watermark 0.2.0 (opencv 4.8.1 and 5.0.0) gave for this picture.
    marked = embed_dwtdct(_picture(), text_bits("SDV2"), channel_order=order)
    assert hashlib.sha256(marked.tobytes()).hexdigest() == expected


def test_payload_text_is_sent_most_significant_bit_first() -> None:
    assert text_bits("SD") == (0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0)


def test_input_is_not_changed_and_mark_is_faint() -> None:
    rgb = _picture()
    before = rgb.copy()
    marked = embed_dwtdct(rgb, text_bits("SDV2"))
    assert np.array_equal(rgb, before)
    assert marked.dtype == np.uint8
    assert 0 < np.abs(marked.astype(int) - rgb).mean() < 3


def test_what_lies_outside_whole_blocks_only_passes_the_colour_conversion() -> None:
    rgb = _picture()
    one, other = (embed_dwtdct(rgb, bits) for bits in ([0], [1]))
    changed = np.argwhere((one != other).any(axis=2))
    assert changed.max(axis=0)[0] < 256
    assert changed.max(axis=0)[1] < 256


@pytest.mark.parametrize(
    ("rgb", "bits", "says"),
    [
        (np.zeros((7, 64, 3), np.uint8), (1,), "8x8"),
        (np.zeros((64, 64), np.uint8), (1,), "RGB"),
        (np.zeros((64, 64, 3), np.float32), (1,), "8-bit"),
        (np.zeros((64, 64, 3), np.uint8), (), "non-empty"),
        (np.zeros((64, 64, 3), np.uint8), (0, 2), "0 and 1"),
    ],
)
def test_wrong_input_is_refused(rgb: np.ndarray, bits: tuple[int, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        embed_dwtdct(rgb, bits)
