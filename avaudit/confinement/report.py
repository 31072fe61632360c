"""What is in force: the account a confined process gives of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """Which walls stand. ``missing`` says, per wall, why it does not.

    Attributes
    ----------
    memory, processor_time
        Resource limits are set.
    files
        Landlock restricts reading and writing; ``landlock_abi`` is the kernel's version of it.
    network, programs
        A seccomp filter refuses sockets, new programs and other processes.
    """

    memory: bool = False
    processor_time: bool = False
    files: bool = False
    network: bool = False
    programs: bool = False
    landlock_abi: int = 0
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every wall stands."""
        return all((self.memory, self.processor_time, self.files, self.network, self.programs))

    def to_dict(self) -> dict[str, object]:
        """Give the account as plain JSON types."""
        return {**asdict(self), "complete": self.complete}
