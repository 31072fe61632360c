"""What a card says of an ONNX model: its file, what goes in, and which number comes out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from avaudit.card import Card
from avaudit.errors import UsageError


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SoundInput(_Table):
    """``[onnx.audio]``: windows of mono sound in [-1, 1].

    ``shape`` is that of the model's input, ``n`` being the samples of a window: ``1n`` (one
    window, no channel axis) or ``11n``. What is shorter than a window is filled up with ``short``;
    what is shorter than ``min_s`` gets no answer.
    """

    sample_rate: int = Field(ge=4000, le=192_000)
    window_s: float = Field(gt=0, le=60)
    hop_s: float | None = Field(None, gt=0)
    shape: Literal["1n", "11n"] = "1n"
    short: Literal["repeat", "zero"] = "repeat"
    min_s: float = Field(1.0, gt=0)
    scale: float = 1.0
    aggregate: Literal["mean", "max"] = "mean"

    @property
    def window(self) -> int:
        """Samples of a window as the model takes it."""
        return round(self.window_s * self.sample_rate)


class PictureInput(_Table):
    """``[onnx.image]``: one picture, resized, ``(value * scale - mean) / std`` per channel."""

    width: int = Field(ge=8, le=4096)
    height: int = Field(ge=8, le=4096)
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr"] = "rgb"
    fit: Literal["stretch", "crop"] = "stretch"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _spread(self) -> PictureInput:
        if any(value <= 0 for value in self.std):
            raise ValueError("std must be above 0")
        return self


class Declaration(_Table):
    """``[onnx]``: the model's file beside the card, its digest, and how to read its output.

    ``output`` is the position of the output among the model's, ``index`` the position of the
    number in it once it is made flat. ``direction = -1`` turns a model round whose number rises
    with support for H2.
    """

    file: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    audio: SoundInput | None = None
    image: PictureInput | None = None
    output: int = Field(0, ge=0)
    index: int = Field(0, ge=0)
    direction: Literal[1, -1] = 1

    @model_validator(mode="after")
    def _one_input(self) -> Declaration:
        if (self.audio is None) == (self.image is None):
            raise ValueError("give either [onnx.audio] or [onnx.image]")
        return self


def declaration_of(card: Card) -> Declaration:
    """Read the declaration of a card.

    Raises
    ------
    UsageError
        When it is missing or wrong, with the key.
    """
    table: Any = card.extra.get("onnx")
    if table is None:
        raise UsageError(f"{card.path}: the card of an ONNX model needs a table [onnx]")
    if card.question is None:
        raise UsageError(f"{card.path}: the card of an ONNX model needs a table [question]")
    try:
        return Declaration.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("onnx", *(str(part) for part in first["loc"])))
        raise UsageError(f"{card.path}: {key}: {first['msg']}") from error
