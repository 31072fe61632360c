"""Putting the walls up, once, before the first untrusted byte is read."""

from __future__ import annotations

import resource
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path

from ..errors import ConfinementError
from . import landlock, seccomp
from .limits import Limits
from .report import Confinement

SYSTEM_PLACES = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


def confine(
    limits: Limits,
    *,
    scratch: Path,
    readable: Iterable[Path] = (),
    extra_address_space_bytes: int = 0,
    required: bool = True,
) -> Confinement:
    """Confine this process for the rest of its life.

    Parameters
    ----------
    limits
        Memory, file size and descriptor limits. The processor-time limit is set from outside,
        file by file, because the process is warm and examines many.
    scratch
        The one folder that may be written.
    readable
        Data folders that may be read, besides the interpreter, its packages and system libraries.
    extra_address_space_bytes
        Address space that models need beyond the limit.
    required
        Whether a wall that cannot be built is an error.

    Returns
    -------
    Confinement
        What is in force, and for what is not, why.

    Raises
    ------
    ConfinementError
        When a wall cannot be built and ``required`` is true.
    """
    missing: dict[str, str] = {}
    _set_resource_limits(limits, extra_address_space_bytes)
    version = 0
    if sys.platform != "linux":
        missing = dict.fromkeys(("files", "network", "programs"), "only Linux is supported")
    else:
        seccomp.set_no_new_privs()
        try:
            version = landlock.restrict([*_own_places(), *readable], [scratch])
        except OSError as error:
            missing["files"] = str(error)
        try:
            seccomp.refuse_system_calls()
        except OSError as error:
            missing["network"] = missing["programs"] = str(error)
    if missing and required:
        why = "; ".join(f"{wall}: {reason}" for wall, reason in missing.items())
        raise ConfinementError(
            f"this machine cannot confine the decoder ({why}). Files are not parsed unconfined "
            'unless you say so: set confinement = "best_effort" in avaudit.toml, or '
            "AVAUDIT_CONFINEMENT=best_effort"
        )
    return Confinement(
        memory=True,
        processor_time=True,
        files="files" not in missing,
        network="network" not in missing,
        programs="programs" not in missing,
        landlock_abi=version,
        missing=missing,
    )


def _set_resource_limits(limits: Limits, extra_address_space_bytes: int) -> None:
    memory = limits.address_space_bytes + extra_address_space_bytes
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, limits.written_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _own_places() -> list[Path]:
    """Give the places the interpreter and the loaded packages live in."""
    places = {Path(place) for place in SYSTEM_PLACES}
    places |= {Path(place) for place in (sys.prefix, sys.base_prefix)}
    places |= {Path(place) for place in sysconfig.get_paths().values()}
    places |= {Path(place) for place in sys.path if place and Path(place) != Path.cwd()}
    for module in list(sys.modules.values()):
        # an editable install or a plug-in under development lies outside the usual places
        # (by its spec: some packages answer any attribute, __path__ too, with an object of theirs)
        spec = getattr(module, "__spec__", None)
        if isinstance(spec, ModuleSpec):
            places |= {Path(place) for place in spec.submodule_search_locations or ()}
    return [place for place in places if place.exists() and place != Path("/")]
