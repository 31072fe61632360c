"""Within the worker: finding the faces of a file once, for all detectors that need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from ..detector import Need
from ..errors import ExaminationError
from ..media.types import Chunk, ChunkFaces, MediaKind
from .failures import as_examination_error

if TYPE_CHECKING:
    from ..media.faces.finder import FaceFinder
    from ..media.faces.networks import FaceNetworks


class FaceReader(Protocol):
    """A detector at work: what it needs, and its failure once there is one."""

    needs: frozenset[Need]
    failure: ExaminationError | None

    @property
    def waiting(self) -> bool:
        """Whether its answer still depends on what it is fed."""
        ...


ADDRESS_SPACE_BYTES = 4 << 30
"""Address space that the networks need beyond the limit of a worker: torch maps 3 GiB."""


@cache
def face_networks() -> FaceNetworks:
    """Load the networks, once per worker and before its walls go up.

    On the processor: a GPU's driver maps far more address space than any limit on a worker that
    would still bound a decoder.
    """
    import torch

    from ..media.faces.networks import FaceNetworks

    return FaceNetworks(torch.device("cpu"))


def with_faces(
    chunks: Iterator[Chunk], readers: Sequence[FaceReader], kind: MediaKind
) -> Iterator[Chunk]:
    """Add the faces to the chunks while a detector needs them.

    If the search fails, the detectors that need faces have failed, and the others go on.
    """
    asking = [r for r in readers if Need.FACES in r.needs and r.waiting]
    if not asking:
        yield from chunks
        return
    from ..media.faces.finder import FaceFinder

    finder = FaceFinder(face_networks(), kind)
    for chunk in chunks:
        if not any(reader.waiting for reader in asking):
            yield chunk
            continue
        yield replace(chunk, faces=_found(finder, chunk, asking))


def _found(finder: FaceFinder, chunk: Chunk, asking: Sequence[FaceReader]) -> ChunkFaces | None:
    try:
        return finder.find(chunk)
    except Exception as error:  # noqa: BLE001 - the answer of all that need faces
        failure = as_examination_error(error)
        for reader in asking:
            reader.failure = reader.failure or failure
        return None
