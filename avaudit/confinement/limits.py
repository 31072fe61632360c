"""How much one examination may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on the confined worker; all of them are settings (table ``[limits]``).

    Attributes
    ----------
    address_space_bytes
        Virtual memory of one worker (``RLIMIT_AS``).
    cpu_seconds, cpu_seconds_per_mib
        Processor time for one file: a base, plus some for every MiB of the file.
    wall_factor
        Elapsed time allowed, as a multiple of the processor time.
    written_bytes
        Size of any one file written to the scratch folder (``RLIMIT_FSIZE``), and the most
        that may lie in it altogether.
    open_files
        Open file descriptors (``RLIMIT_NOFILE``).
    image_pixels
        Largest picture or video frame that is decoded, in pixels.
    chunk_bytes
        Decoded bytes held at one time; very large frames make chunks shorter than a second.
    """

    address_space_bytes: int = 4 * GIB
    cpu_seconds: float = 120.0
    cpu_seconds_per_mib: float = 12.0
    wall_factor: float = 4.0
    written_bytes: int = 256 * MIB
    open_files: int = 256
    image_pixels: int = 250_000_000
    chunk_bytes: int = 160 * MIB

    def cpu_budget_s(self, size_bytes: int) -> float:
        """Give the processor seconds one file of this size may use."""
        return self.cpu_seconds + self.cpu_seconds_per_mib * size_bytes / MIB

    def wall_budget_s(self, size_bytes: int) -> float:
        """Give the elapsed seconds one file of this size may take."""
        return self.wall_factor * self.cpu_budget_s(size_bytes)
