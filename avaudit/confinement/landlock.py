"""Landlock: file access rules a process puts on itself, for good.

Kernel interface: ``Documentation/userspace-api/landlock.rst`` of the Linux kernel. No
library for it is packaged for Python with wheels, so the three system calls are made
through ctypes.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on x86-64 and arm64
VERSION_FLAG = 1
RULE_PATH_BENEATH = 1

# access rights of landlock.h, by bit
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15

READ = READ_FILE | READ_DIR | EXECUTE  # EXECUTE is needed to map shared libraries
WRITE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

# how many access bits each version of the interface knows
FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
FS_BITS_NEWEST = 16
NET_BITS = 0b11  # bind and connect of TCP, from version 4
SCOPES = 0b11  # abstract UNIX sockets and signals, from version 6


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi_version() -> int:
    """Give the kernel's Landlock version, 0 where there is none."""
    version = _libc().syscall(CREATE_RULESET, None, 0, VERSION_FLAG)
    return max(int(version), 0)


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> int:
    """Allow this process and its threads the given places only, irrevocably.

    Parameters
    ----------
    readable
        Files and folders (with all below them) that may be read.
    writable
        Folders in which files may also be made, written and removed.

    Returns
    -------
    int
        The Landlock version in force.

    Raises
    ------
    OSError
        When the kernel has no Landlock or refuses the rules. ``no_new_privs`` must be set.
    """
    version = abi_version()
    if version == 0:
        raise OSError("the kernel has no Landlock (Linux 5.13 or later, enabled at boot)")
    handled = (1 << FS_BITS.get(version, FS_BITS_NEWEST)) - 1
    attr = _RulesetAttr(
        handled_access_fs=handled,
        handled_access_net=NET_BITS if version >= 4 else 0,
        scoped=SCOPES if version >= 6 else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(CREATE_RULESET, ctypes.byref(attr), size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, READ & handled)
        for path in writable:
            _allow(ruleset, path, (READ_FILE | READ_DIR | WRITE) & handled)
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a place that is not there needs no permission
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= FILE_RIGHTS
        rule = _PathBeneathAttr(allowed_access=rights, parent_fd=fd)
        _call(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
