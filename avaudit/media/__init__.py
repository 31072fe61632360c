"""Media: intake, confined streaming decode, frames and sound on one clock."""

from .types import AudioBlock, Chunk, Frame, MediaInfo, MediaKind, StreamInfo

__all__ = ["AudioBlock", "Chunk", "Frame", "MediaInfo", "MediaKind", "StreamInfo"]
