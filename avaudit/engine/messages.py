"""What parent and worker say to one another: JSON lines over a socket, never pickles.

The worker may have been taken over by the file it reads, so the parent believes nothing
but the shape checked here, and bounds what it reads.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..detector import Abstained, Observed, Scored
from ..errors import ExaminationError
from ..result import Indication, Reason, Region, Segment
from .examine import Answer, Event, Measured, Recognised, Stage

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
Text = Annotated[str, Field(max_length=20_000)]
ConditionKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
ConditionText = Annotated[str, Field(max_length=200)]


class Message(BaseModel):
    """Base of all messages: exact fields, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Ready(Message):
    """The worker is confined and waits; ``confinement`` is its account of the walls."""

    type: Literal["ready"] = "ready"
    confinement: dict[str, Any]


class Refused(Message):
    """The worker could not be confined, or could not load its detectors."""

    type: Literal["refused"] = "refused"
    text: Text


class StageMessage(Message):
    """The worker goes on to the next stage."""

    type: Literal["stage"] = "stage"
    name: Text


class MediaMessage(Message):
    """Intake recognised the file."""

    type: Literal["media"] = "media"
    media: dict[str, Any]
    thumbnail: str | None


class ConditionsMessage(Message):
    """The item's measured conditions."""

    type: Literal["conditions"] = "conditions"
    values: Annotated[dict[ConditionKey, int | float | ConditionText], Field(max_length=100)]


class ArtefactNote(Message):
    """A file in the detector's scratch folder."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,120}$")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    role: Annotated[str, Field(max_length=100)]
    title: Text = ""


class AnswerMessage(Message):
    """A detector's answer, of the item as it came or under an imposed condition."""

    type: Literal["answer"] = "answer"
    detector: str
    condition: Literal[""] | ConditionKey = ""
    outcome: Literal["scored", "observed", "abstained", "failed"]
    seconds: float
    summary: Text = ""
    reason: Reason | None = None
    score: float | None = None
    facts: dict[str, Any] = {}
    segments: list[Segment] = []
    regions: list[Region] = []
    indications: list[Indication] = []
    artefacts: list[ArtefactNote] = []


class Done(Message):
    """The file is finished."""

    type: Literal["done"] = "done"


AnyMessage = Annotated[
    Ready | Refused | StageMessage | MediaMessage | ConditionsMessage | AnswerMessage | Done,
    Field(discriminator="type"),
]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyMessage)


class BadMessageError(Exception):
    """The worker sent something that is no message."""


def encode_event(event: Event) -> bytes:
    """Give an event of :func:`avaudit.engine.examine.examine` as one line."""
    if isinstance(event, Stage):
        return encode(StageMessage(name=event.name))
    if isinstance(event, Recognised):
        # vars: asdict would copy deeply, at a tenth of the cost of a small file
        media = {**vars(event.media), "streams": [vars(s) for s in event.media.streams]}
        return encode(MediaMessage(media=media, thumbnail=event.thumbnail))
    if isinstance(event, Measured):
        return encode(ConditionsMessage(values=event.conditions))
    return encode_answer(event)


def _answer_message(answer: Answer) -> AnswerMessage:
    outcome = answer.outcome
    own: dict[str, Any] = {
        "detector": answer.detector,
        "condition": answer.condition,
        "seconds": answer.seconds,
    }
    if isinstance(outcome, ExaminationError):
        kind: Literal["abstained", "failed"]
        kind = "abstained" if outcome.code == "format_not_supported" else "failed"
        reason = Reason(code=outcome.code, text=cut(outcome.text))
        return AnswerMessage(**own, outcome=kind, reason=reason)
    if isinstance(outcome, Abstained):
        reason = Reason(code=outcome.code, text=cut(outcome.text))
        facts = dict(outcome.facts)
        return AnswerMessage(**own, outcome="abstained", reason=reason, facts=facts)
    return AnswerMessage(
        **own,
        outcome="scored" if isinstance(outcome, Scored) else "observed",
        score=outcome.score if isinstance(outcome, Scored) else None,
        **_common(outcome),
    )


def _common(outcome: Scored | Observed) -> dict[str, Any]:
    # vars: all four are flat
    return {
        "summary": cut(outcome.summary),
        "facts": dict(outcome.facts),
        "segments": [vars(segment) for segment in outcome.segments],
        "regions": [vars(region) for region in outcome.regions],
        "indications": [vars(indication) for indication in outcome.indications],
        "artefacts": [vars(artefact) for artefact in outcome.artefacts],
    }


def _fields(value: object) -> dict[str, Any]:
    """Give what is inside an answer as an object of JSON."""
    if isinstance(value, BaseModel) or is_dataclass(value):
        return vars(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


# not by pydantic, which would write null for NaN
_ANSWERS = json.JSONEncoder(allow_nan=False, ensure_ascii=False, default=_fields)


def encode_answer(answer: Answer) -> bytes:
    """Give an answer as one line; one that is not valid JSON or has NaN becomes a failure."""
    try:
        return _ANSWERS.encode(vars(_answer_message(answer))).encode("utf-8") + b"\n"
    except (ValueError, TypeError, RecursionError) as error:
        failure = ExaminationError("internal_error", f"the detector's answer is not valid: {error}")
        return encode(_answer_message(replace(answer, outcome=failure)))


def checked(answer: Answer) -> AnswerMessage:
    """Give an answer as it arrives on the other side."""
    message = decode(encode_answer(answer))
    assert isinstance(message, AnswerMessage)
    return message


def cut(text: str, most: int = 4000) -> str:
    """Bound a text that may come from a file, and make it storable as UTF-8."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= most else text[: most - 1] + "…"


def encode(message: Message) -> bytes:
    """Give a message as one line."""
    return message.model_dump_json().encode("utf-8") + b"\n"


def decode(line: bytes) -> Any:
    """Read one line.

    Raises
    ------
    BadMessageError
        When it is not one of the messages.
    """
    try:
        return _ADAPTER.validate_json(line)
    except ValueError as error:
        raise BadMessageError(f"the worker sent no valid message: {str(error)[:300]}") from error


class LineReader:
    """Reads lines off a socket with a bound on their length and on the wait."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._held = b""

    def lines(self) -> Iterator[bytes | None]:
        """Yield lines; None whenever the socket's timeout passes; ends at end of stream."""
        while True:
            while (cut_at := self._held.find(b"\n")) >= 0:
                line, self._held = self._held[:cut_at], self._held[cut_at + 1 :]
                yield line
            try:
                data = self._link.recv(1 << 16)
            except TimeoutError:
                yield None
                continue
            except ConnectionError:
                return
            if not data:
                return
            self._held += data
            if len(self._held) > MAX_MESSAGE_BYTES:
                raise BadMessageError("the worker sent a message beyond all bounds")
