"""Compressed packets of one picture and one sound track, read by one demuxer where possible.

A demuxer holds an index of the whole file (about 36 bytes a packet in MP4), so a second
demuxer means a second index. Both tracks are therefore read in one pass, and packets of the
track that was not asked for wait in a queue. Where a file is interleaved so badly that the
queue would grow beyond its bound, or the demuxer fails, each track goes on with a demuxer of
its own: memory stays bounded, and a fault in one track does not end the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import av
from av.stream import Discard

from ..errors import ExaminationError
from .sniff import Sniffed

QUEUE_BYTES = 16 * 1024 * 1024
"""Most that may wait of one track while the other is read."""
PACKET_BYTES = 1024
"""What a waiting packet costs beside its data."""


def open_container(open_stream: Callable[[], BinaryIO], sniffed: Sniffed) -> Any:
    """Open a file with the one demuxer that may read it, and no protocol.

    Raises
    ------
    ExaminationError
        ``decode_error`` when it cannot be opened.
    """
    options = {"protocol_whitelist": "pipe", "enable_drefs": "0"}
    try:
        return av.open(
            open_stream(), format=sniffed.demuxer, options=options, metadata_errors="replace"
        )
    except (av.error.FFmpegError, ValueError, OSError) as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ExaminationError(
            "decode_error", f"the {sniffed.media_type} container cannot be opened: {told}"
        ) from error


class PacketReader:
    """Packets by stream, each stream in its own order and at its own pace.

    Parameters
    ----------
    container
        An open container at its start; it belongs to the reader from now on.
    reopen
        Opens the same file once more.
    indices
        The streams that will be read; all others are discarded.
    """

    def __init__(self, container: Any, reopen: Callable[[], Any], indices: Sequence[int]) -> None:
        self._reopen = reopen
        self._waiting: dict[int, deque[Any]] = {index: deque() for index in indices}
        self._waiting_bytes = 0
        self._taken = dict.fromkeys(indices, 0)
        self._shared: Any = container
        self._packets = _demux(container, indices)

    def packets(self, index: int) -> Iterator[Any]:
        """Yield the packets of one stream, and at its end the empty one that flushes a decoder.

        Raises
        ------
        av.error.FFmpegError
            When the stream cannot be read any further.
        """
        waiting = self._waiting[index]
        while waiting or (self._shared is not None and self._fetch(index)):
            packet = waiting.popleft()
            self._waiting_bytes -= packet.size + PACKET_BYTES
            self._taken[index] += 1
            yield packet
        if self._shared is None:
            yield from self._apart(index)

    def close(self) -> None:
        """Close the shared demuxer; packets that wait can still be had."""
        if self._shared is not None:
            self._packets.close()
            self._shared.close()
            self._shared = None

    def _fetch(self, index: int) -> bool:
        """Read on to the next packet of a stream; False at the end, or where the ways part."""
        while self._waiting_bytes <= QUEUE_BYTES:
            try:
                packet = next(self._packets)
            except StopIteration:
                return False
            except av.error.FFmpegError:
                break
            # not packet.stream_index, which is 0 on every packet that flushes
            whose = packet.stream.index
            self._waiting[whose].append(packet)
            self._waiting_bytes += packet.size + PACKET_BYTES
            if whose == index:
                return True
        self.close()
        return False

    def _apart(self, index: int) -> Iterator[Any]:
        container = self._reopen()
        try:
            for number, packet in enumerate(_demux(container, [index])):
                if number >= self._taken[index]:
                    yield packet
        finally:
            container.close()


def _demux(container: Any, indices: Sequence[int]) -> Any:
    for stream in container.streams:
        if stream.index not in indices:
            stream.discard = Discard.all
    return container.demux([container.streams[index] for index in indices])
