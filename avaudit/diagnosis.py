"""What ``avaudit doctor`` finds out."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any

from . import __version__
from .confinement.probe import prove
from .environment import package_versions
from .errors import AvauditError
from .home import home_dir
from .registry import DETECTORS, load, names
from .weights import weights_of


def diagnose() -> dict[str, Any]:
    """Examine this installation: confinement, detectors, weights, packages, key and ledger.

    Returns
    -------
    dict
        Plain JSON types; ``ok`` is false when a wall does not stand, a detector cannot be
        loaded or the ledger does not verify.
    """
    attempts = [asdict(attempt) for attempt in prove()]
    detectors = {name: _detector(name) for name in names(DETECTORS)}
    ledger_ok, ledger = _ledger()
    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "home": str(home_dir()),
        "accelerator": _accelerator(),
        "confinement": attempts,
        "detectors": detectors,
        "packages": package_versions(),
        "trust": _trust(),
        "key": _key(),
        "ledger": ledger,
        "ok": ledger_ok
        and all(attempt["stopped"] for attempt in attempts)
        and not any(entry.get("broken") for entry in detectors.values()),
    }


def _detector(name: str) -> dict[str, Any]:
    try:
        card = load(DETECTORS, name)().card
        missing = [w.name for w in weights_of(card) if w.state() in ("missing", "damaged")]
    except AvauditError as error:
        return {"state": str(error), "broken": True}
    if missing:
        command = f"avaudit models pull {name}"
        return {"version": card.version, "state": f"weights missing: {command}"}
    return {"version": card.version, "state": "ready"}


def _accelerator() -> str:
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name(0)} (torch {torch.__version__})"
    return f"none, models run on the processor (torch {torch.__version__})"


def _trust() -> str:
    from .trust import list_trust

    try:
        lists = list_trust()
    except AvauditError as error:
        return str(error)
    if not lists:
        return "none installed; signers' trust is unknown until you run: avaudit trust update"
    return ", ".join(entry.name for entry in lists)


def _key() -> str:
    path = home_dir() / "keys" / "ed25519.pem"
    if not path.exists():
        return "made on first use"
    mode = path.stat().st_mode & 0o777
    return f"{path} (mode {mode:04o})"


def _ledger() -> tuple[bool, str]:
    from .ledger import Ledger
    from .settings import load_settings

    try:
        if not load_settings().ledger_url and not (home_dir() / "ledger.sqlite3").exists():
            return True, "empty, made on first use"
        with Ledger.open(load_settings().ledger_url) as ledger:
            problems = ledger.check()
            count = len(ledger.list_reports())
    except AvauditError as error:
        return False, str(error)
    if problems:
        return False, f"{len(problems)} problems; run: avaudit verify"
    return True, f"{count} reports, the chain verifies"
