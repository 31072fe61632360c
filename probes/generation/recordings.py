"""The recordings: generated ones, made now or before, and real ones beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.adapters.scores import PICTURES, SOUNDS
from avaudit.errors import UsageError
from avaudit.hearing import HearingError, Listener
from avaudit.manifest import Manifest
from avaudit.manifest.columns import numbers, texts
from avaudit.plan import Scenario
from avaudit.probe import Context
from avaudit.settings import load_settings

from .acoustics import MEASURES, measure_voice

Makes = Literal["voices", "faces"]
GENERATED = "generated_path"
TEXT = "The north wind and the sun were disputing which was the stronger."
SOURCE = {"voices": ("image_path", "path"), "faces": ("audio_path", "path")}
REAL = {"voices": "audio_path", "faces": "image_path"}
FloatArray = NDArray[np.float64]


def what_is_made(manifest: Manifest, scenario: Scenario, context: Context) -> Makes:
    """Say whether voices or faces are generated.

    Raises
    ------
    UsageError
        When neither the option ``makes``, the generated files, nor the model tell.
    """
    said = scenario.options.get("makes")
    if said in ("voices", "faces"):
        return "voices" if said == "voices" else "faces"
    if said is not None:
        raise UsageError(f"scenario '{scenario.id}': options.makes is voices or faces, not {said}")
    if GENERATED in manifest.frame:
        endings = {Path(p).suffix.lower() for p in texts(manifest, GENERATED) if p}
        if endings and endings <= SOUNDS:
            return "voices"
        if endings and endings <= PICTURES:
            return "faces"
    else:
        can = context.model.capabilities
        both = (Capability.VOICE_FROM_FACE in can, Capability.FACE_FROM_VOICE in can)
        if both == (True, False):
            return "voices"
        if both == (False, True):
            return "faces"
    raise UsageError(
        f"scenario '{scenario.id}': are voices or faces generated? Say options.makes, name the "
        f"files in a column {GENERATED} of {manifest.path}, or give a model that makes one of them"
    )


def generated_files(
    makes: Makes, manifest: Manifest, scenario: Scenario, context: Context
) -> list[Path | None]:
    """Give the generated file of each row; None where there is none.

    Raises
    ------
    UsageError
        When nothing is generated yet and the model cannot do it, or rows name no source.
    """
    if GENERATED in manifest.frame:
        return [manifest.folder / p if p else None for p in texts(manifest, GENERATED)]
    sources = _files(manifest, SOURCE[makes])
    asked = [row for row, source in enumerate(sources) if source is not None]
    if not asked:
        raise UsageError(
            f"{manifest.path}: no row names a file to generate from ({' or '.join(SOURCE[makes])})"
        )
    seed = int(context.rng.integers(2**31))
    files = [source for source in sources if source is not None]
    answers: Sequence[Path | None]
    if makes == "voices":
        spoken = _spoken(manifest, scenario)
        answers = context.model.voices_from_faces(files, [spoken[row] for row in asked], seed=seed)
    else:
        answers = context.model.faces_from_voices(files, seed=seed)
    made: list[Path | None] = [None] * len(manifest)
    for row, answer in zip(asked, answers, strict=True):
        made[row] = answer
    return made


def real_files(makes: Makes, manifest: Manifest) -> list[Path | None]:
    """Give the real recording of each row's person; None where there is none."""
    return _files(manifest, (REAL[makes],))


def hear_all(files: Sequence[Path | None], context: Context) -> dict[str, FloatArray]:
    """Measure every voice, each file once: an array of shape (n,) per measure."""
    heard: dict[Path, dict[str, float]] = {}
    wanted = [file for file in dict.fromkeys(files) if file is not None]
    with Listener(load_settings().confinement) as listener:
        for number, file in enumerate(wanted, 1):
            try:
                sound = listener.hear(file)
            except HearingError as error:
                context.progress(str(error))
                continue  # counted as a row without a measure
            heard[file] = measure_voice(sound.samples, sound.sample_rate)
            context.progress(f"heard {number} of {len(wanted)}")
    nothing = dict.fromkeys(MEASURES, float("nan"))
    rows = [heard.get(file, nothing) if file is not None else nothing for file in files]
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in MEASURES}


def stated_measures(manifest: Manifest) -> dict[str, FloatArray]:
    """Give the real measures that stand in the table (``real.f0_hz`` ...)."""
    columns = {name: f"real.{name}" for name in MEASURES}
    return {n: numbers(manifest, c) for n, c in columns.items() if c in manifest.frame}


def _files(manifest: Manifest, columns: Sequence[str]) -> list[Path | None]:
    for column in columns:
        if column in manifest.frame:
            return [manifest.folder / p if p else None for p in texts(manifest, column)]
    return [None] * len(manifest)


def _spoken(manifest: Manifest, scenario: Scenario) -> list[str]:
    usual = str(scenario.options.get("text", TEXT))
    if "text" not in manifest.frame:
        return [usual] * len(manifest)
    return [text or usual for text in texts(manifest, "text")]
