"""What goes over the socket between the listener and its confined process."""

from __future__ import annotations

import struct

HEADER = struct.Struct("<BIQ")
"""Whether the file was decoded, its sample rate in Hz, bytes that follow."""
MAX_SECONDS = 600.0
"""Longer recordings are heard up to here: one voice is known well before."""
MAX_RATE = 384_000
MAX_BYTES = int(4 * MAX_SECONDS * MAX_RATE)
MAX_TEXT = 4096
