"""The sound of files, decoded in a confined process, as plain samples."""

from .listener import HearingError, Listener, Sound

__all__ = ["HearingError", "Listener", "Sound"]
