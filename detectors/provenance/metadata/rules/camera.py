"""Cameras: what EXIF and QuickTime fields say of the device and the moment."""

from __future__ import annotations

from collections.abc import Iterator

from ..claims import Claim, Evidence, claim, clean
from ..raw import Note, RawField
from .tokens import named_generator

_NAMES = {
    "make": ("make", "com.apple.quicktime.make", "com.android.manufacturer", "\xa9mak"),
    "model": (
        "model",
        "com.apple.quicktime.model",
        "com.android.model",
        "\xa9mod",
        "uniquecameramodel",
    ),
    "software": ("software", "com.apple.quicktime.software", "\xa9swr"),
    "taken_at": ("datetimeoriginal", "com.apple.quicktime.creationdate", "\xa9day"),
}
_CARRIERS = ("EXIF", "MP4 ")
_EXPOSURE = ("exposuretime", "fnumber", "isospeed")


def _first(evidence: Evidence, keys: tuple[str, ...]) -> RawField | None:
    for field in evidence.named(*keys):
        if field.where.startswith(_CARRIERS) and field.value.strip():
            return field
    return None


def camera_facts(evidence: Evidence) -> dict[str, str]:
    """Give make, model, software and time as the file states them, where it does.

    ``{}`` when neither make nor model is stated, or when they name no device.
    """
    fields = {name: _first(evidence, keys) for name, keys in _NAMES.items()}
    device = [fields[name] for name in ("make", "model")]
    if not any(device) or any(field and not _is_device(field) for field in device):
        return {}
    return {name: clean(field.value.strip(), 200) for name, field in fields.items() if field}


def _is_device(field: RawField) -> bool:
    """Tell a device from a generator's name or a graph that was put into the device's field."""
    text = field.value.strip()
    return len(text) <= 100 and "{" not in text and named_generator(text) is None


def camera_capture(evidence: Evidence) -> Iterator[Claim | Note]:
    """Read make and model together with exposure or the time of the shot: medium with both."""
    camera = camera_facts(evidence)
    model = _first(evidence, _NAMES["model"])
    if model is None or "make" not in camera or "model" not in camera:
        return
    exposure = _first(evidence, _EXPOSURE) is not None
    if exposure or "taken_at" in camera:
        whole = exposure and "taken_at" in camera
        make, name = camera["make"], camera["model"]
        device = name if name.casefold().startswith(make.casefold()) else f"{make} {name}"
        yield claim(model, "captured", "medium" if whole else "low", device)
