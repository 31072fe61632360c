"""The payloads that public generator pipelines write with the ``dwtDct`` encoder.

Each stands in public code as a text or a number; the bits here are those that the encoder gets,
in its order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Payload:
    """A known watermark payload.

    ``name`` is its text or a short name, ``bits`` its bits in the order of the blocks,
    ``generator`` says in words who writes it, ``classes`` is 8 for texts long enough to be tested
    letter place by letter place (see :mod:`.statistic`), and ``points_to`` says what its presence
    indicates.
    """

    name: str
    bits: tuple[int, ...]
    generator: str
    classes: int = 1
    points_to: Literal["generated", "edited"] = "generated"


def _of_text(text: str) -> tuple[int, ...]:
    """Give a text's bits, most significant first: how ``set_watermark("bytes", ...)`` sends it."""
    return tuple(int(bit) for byte in text.encode("ascii") for bit in f"{byte:08b}")


def _of_number(number: int) -> tuple[int, ...]:
    """Give a number's bits without leading zeros: the pipelines call ``bin(number)[2:]``."""
    return tuple(int(bit) for bit in f"{number:b}")


KNOWN: tuple[Payload, ...] = (
    Payload(
        name="StableDiffusionV1",
        bits=_of_text("StableDiffusionV1"),
        classes=8,
        generator="the Stable Diffusion 1.x reference scripts and programs built on them",
    ),
    Payload(
        name="StableDiffusionV1-Inpainting",
        bits=_of_text("StableDiffusionV1-Inpainting"),
        classes=8,
        generator="the Stable Diffusion 1.x inpainting reference program",
        points_to="edited",
    ),
    Payload(
        name="SDV2",
        bits=_of_text("SDV2"),
        generator="the Stable Diffusion 2.x reference scripts and programs built on them",
    ),
    Payload(
        name="SDXL",
        bits=_of_number(0b101100111110110010010000011110111011000110011110),
        generator="the Stable Diffusion XL reference code and the diffusers library",
    ),
    Payload(
        name="FLUX",
        # Written with 48 digits in the public code; bin() drops the two leading zeros.
        bits=_of_number(0b001010101111111010000111100111001111010100101110),
        generator="the FLUX.1 reference code",
    ),
)
"""All payloads looked for."""
