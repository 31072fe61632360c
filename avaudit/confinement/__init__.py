"""Confinement: what a process that parses untrusted bytes may do, enforced by the kernel.

A confined process has no network, starts no program, writes nowhere but its scratch
folder, reads nothing but its own code and the data folders it was promised, and dies
when it uses too much memory or processor time. On Linux this is done by resource limits,
Landlock (file access) and a seccomp filter (system calls), all without privileges.
"""

from .limits import Limits
from .report import Confinement

__all__ = ["Confinement", "Limits"]
