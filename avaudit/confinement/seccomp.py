"""A seccomp filter: system calls a decoder has no business making are refused.

Refused calls fail with ``EPERM``, so that a library which merely tries (a resolver, a
font lookup) carries on. The filter is a short classic-BPF program, as in the kernel's
``Documentation/userspace-api/seccomp_filter.rst``; the Python bindings of libseccomp
need a system library, which a plain ``pip`` install cannot bring.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# name: (x86-64, arm64); None where the architecture has no such call
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # programs and processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    # attributes of files, which Landlock does not cover
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    # raising limits, changing the world, wide kernel interfaces
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "personality": (135, 92),
    "syslog": (103, 116),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
}
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
CLONE_THREAD = 0x00010000
X32_BIT = 0x40000000  # the x32 ABI reuses the numbers with this bit set

# classic BPF
LOAD_WORD, JUMP_EQ, JUMP_GE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
OFFSET_NR, OFFSET_ARCH, OFFSET_ARG0 = 0, 4, 16

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def set_no_new_privs() -> None:
    """Give up ever gaining privileges, which Landlock and seccomp require."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1, 0)


def refuse_system_calls() -> None:
    """Install the filter in this thread and all it starts, irrevocably.

    Raises
    ------
    OSError
        When the kernel refuses it, or the processor architecture is not known here.
    """
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise OSError(f"no seccomp filter is written for {machine}")
    program = _program(machine)
    buffer = ctypes.create_string_buffer(program)
    fprog = _SockFprog(len=len(program) // 8, filter=ctypes.addressof(buffer))
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(fprog))


def _program(machine: str) -> bytes:
    column, audit_arch = ARCHITECTURES[machine]
    refused = sorted(
        number for numbers in REFUSED.values() if (number := numbers[column]) is not None
    )
    eperm, enosys = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
    code = [
        _op(LOAD_WORD, OFFSET_ARCH),
        _op(JUMP_EQ, audit_arch, 1, 0),
        _op(RETURN, KILL_PROCESS),
        _op(LOAD_WORD, OFFSET_NR),
        _op(JUMP_GE, X32_BIT, 0, 1),
        _op(RETURN, KILL_PROCESS),
    ]
    for number in refused:
        code += [_op(JUMP_EQ, number, 0, 1), _op(RETURN, eperm)]
    code += [
        # clone3 passes its flags by pointer, which a filter cannot read: say "not there",
        # and the C library falls back to clone, where threads alone are let through
        _op(JUMP_EQ, CLONE3, 0, 1),
        _op(RETURN, enosys),
        _op(JUMP_EQ, CLONE[machine], 0, 4),
        _op(LOAD_WORD, OFFSET_ARG0),
        _op(JUMP_SET, CLONE_THREAD, 1, 0),
        _op(RETURN, eperm),
        _op(RETURN, ALLOW),
        # signals to other processes
        _op(JUMP_EQ, 234 if machine == "x86_64" else 131, 0, 4),  # tgkill
        _op(LOAD_WORD, OFFSET_ARG0),
        _op(JUMP_EQ, os.getpid(), 1, 0),
        _op(RETURN, eperm),
        _op(RETURN, ALLOW),
        _op(RETURN, ALLOW),
    ]
    return b"".join(code)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _prctl(option: int, first: int, second: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (first, second, 0, 0)]
    if libc.prctl(ctypes.c_int(option), *arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")
