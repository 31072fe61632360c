"""Scanning: from named inputs to a sealed report on disk."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import __version__
from .conclude import conclude
from .detector import Detector
from .engine.artefacts import ArtefactStore
from .engine.client import WorkerSetup
from .engine.cluster import RayEngine
from .engine.pool import Job, LocalEngine
from .engine.reshare import KEPT_S, can_reshare
from .engine.subject import Examined
from .environment import describe
from .errors import AvauditError, UsageError
from .evidence.apply import interpret
from .evidence.stability import RESHARES, stability_facts
from .home import home_dir
from .inputs import Inputs, display_name, resolve, sidecar_of
from .publishing import Run, gatekeeper, prepare_folder, publish
from .registry import RENDERERS, load_detectors, select
from .result import Artefact, Finding, Report, Stream, Subject, Tool
from .settings import Settings

CAMERA = "camera"
"""What a detector reads that compares with the reference pictures of ``--camera DIR``."""

Progress = Callable[[int, int, str], None]
"""Called before the first file and after each one with how many are done, how many there are, and
the file's name."""

OnExamined = Callable[[Path, Examined], None]
"""Called after each file, before ``Progress``, with its path and what was found."""


def scan(
    inputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    detectors: Sequence[str] | None = None,
    workers: int | None = None,
    format: Sequence[str] | None = None,  # noqa: A002 - the name of the flag
    stability: bool = False,
) -> Report:
    """Scan files, folders or manifests and give the sealed report.

    The report, its artefacts and the other documents are written to ``out`` and the report is
    appended to the ledger, just as ``avaudit scan`` does.

    Parameters
    ----------
    inputs
        A path, or several.
    out
        Folder of the report; default ``avaudit-report``.
    detectors
        Names of detectors or families; default all.
    workers
        How many files are examined side by side; default one per core.
    format
        Documents to write beside ``report.json``; default ``["json", "html"]``.
    stability
        Whether each item is also scored as it would be after re-sharing.

    Raises
    ------
    UsageError
        When an input, a detector's name or a configuration file is wrong.
    AvauditError
        When the report cannot be written or sealed.

    Examples
    --------
    >>> import avaudit
    >>> report = avaudit.scan(["clip.mp4"])  # doctest: +SKIP
    >>> report.findings[0].outcome  # doctest: +SKIP
    'observed'
    """
    from .settings import load_settings

    named = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    overrides = {
        "out": os.fspath(out) if out is not None else None,
        "detectors": list(detectors) if detectors is not None else None,
        "workers": workers,
        "format": list(format) if format is not None else None,
        "stability": stability or None,
    }
    run = run_scan(named, load_settings(overrides))
    if run.interrupted:
        raise KeyboardInterrupt
    if run.problems:
        raise AvauditError("; ".join(run.problems))
    return run.report


def run_scan(
    named: Sequence[str | os.PathLike[str]],
    settings: Settings,
    progress: Progress | None = None,
    on_examined: OnExamined | None = None,
) -> Run:
    """Scan with given settings; the part the command line and the Python call share."""
    formats = select(settings.format, RENDERERS)
    gate = gatekeeper(settings)
    chosen = asked(settings)
    inputs = resolve(named)
    folder = prepare_folder(Path(settings.out))
    impose = RESHARES if settings.stability else ()
    jobs = [
        Job(f"s{number:05d}", path, sidecar_of(path), impose)
        for number, path in enumerate(inputs.files, 1)
    ]
    setup = WorkerSetup(
        detectors=tuple(chosen),
        limits=settings.limits.to_limits(),
        confinement=settings.confinement,
        data_dirs=data_dirs(chosen, settings.camera),
        threads=threads_per_worker(settings, len(jobs)),
    )
    engine = make_engine(settings, setup)
    artefacts = ArtefactStore(folder, settings.limits.written_bytes)
    examined: dict[str, Examined] = {}
    interrupted = False
    try:
        if progress is not None:
            progress(0, len(jobs), "")
        for result in engine.run(jobs, chosen, artefacts):
            examined[result.subject] = interpreted(result, chosen, settings)
            path = jobs[int(result.subject[1:]) - 1].path
            if on_examined is not None:
                on_examined(path, examined[result.subject])
            if progress is not None:
                progress(len(examined), len(jobs), path.name)
    except KeyboardInterrupt:
        interrupted = True  # what was found so far is kept, sealed and said to be incomplete
    parameters = _parameters(named, settings, chosen, inputs)
    if interrupted:
        left = [display_name(job.path) for job in jobs if job.subject not in examined]
        parameters["interrupted"] = {"not_examined": left}
    done = [job for job in jobs if job.subject in examined]
    report = _assemble(done, examined, chosen, parameters, engine.confinement, folder)
    run = publish(report, folder, formats, settings, gate)
    run.interrupted = interrupted
    return run


def interpreted(result: Examined, detectors: dict[str, Detector], settings: Settings) -> Examined:
    """Turn the raw scores of one file into evidence, by the cards of their detectors."""
    for name, raw in result.findings.items():
        card = detectors[name].card
        finding = interpret(raw, card, result.conditions, scale=settings.verbal_scale)
        if settings.stability and raw.outcome == "scored":
            facts = _stability(finding, result, detectors[name], settings)
            finding = finding.model_copy(update={"facts": {**finding.facts, "stability": facts}})
        result.findings[name] = finding
    return result


def _stability(
    finding: Finding, result: Examined, detector: Detector, settings: Settings
) -> dict[str, Any]:
    scale, name = settings.verbal_scale, finding.detector.name
    told = {
        condition: interpret(again, detector.card, None, condition=condition, scale=scale)
        for condition, again in result.reshared.get(name, {}).items()
    }
    asked = [condition for condition in RESHARES if can_reshare(detector, condition)]
    long = ((result.media or {}).get("duration_s") or 0.0) > KEPT_S
    return stability_facts(
        finding, told, asked, missing=result.reshare_problem, covers_s=KEPT_S if long else None
    )


def make_engine(settings: Settings, setup: WorkerSetup) -> LocalEngine | RayEngine:
    """Give the engine the settings ask for."""
    if settings.engine == "ray":
        return RayEngine(setup, settings.worker_count())
    return LocalEngine(setup, settings.worker_count())


def _assemble(
    jobs: Sequence[Job],
    examined: dict[str, Examined],
    detectors: dict[str, Detector],
    parameters: dict[str, Any],
    confinement: dict[str, Any],
    folder: Path,
) -> Report:
    subjects, findings, conclusions = [], [], []
    for job in jobs:
        result = examined[job.subject]
        own = [result.findings[name] for name in detectors if name in result.findings]
        subjects.append(_subject(job, result, folder))
        findings += own
        conclusions.append(conclude(job.subject, own))
    return Report(
        id=str(uuid.uuid4()),
        kind="scan",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        tool=Tool(version=__version__),
        environment=describe(confinement),
        parameters=parameters,
        subjects=subjects,
        findings=findings,
        conclusions=conclusions,
    )


def _subject(job: Job, result: Examined, folder: Path) -> Subject:
    media = dict(result.media or {})
    media.pop("size_bytes", None)
    sidecar = None
    if job.sidecar is not None and result.sidecar_sha256 is not None:
        sidecar = Artefact(
            path=_relative(job.sidecar, folder),
            media_type="application/c2pa",
            sha256=result.sidecar_sha256,
            role="sidecar",
        )
    streams = [Stream(**stream) for stream in media.pop("streams", ())]
    return Subject(
        id=job.subject,
        name=display_name(job.path),
        path=_relative(job.path, folder),
        sha256=result.sha256,
        bytes=result.size_bytes,
        streams=streams,
        sidecar=sidecar,
        thumbnail=result.thumbnail,
        conditions=result.conditions,
        **media,
    )


def _relative(path: Path, folder: Path) -> str:
    relative = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow symbolic links
    with suppress(ValueError):  # on Windows, another drive
        relative = Path(os.path.relpath(relative, folder.resolve()))
    return display_name(relative)


def _parameters(
    named: Sequence[str | os.PathLike[str]],
    settings: Settings,
    detectors: dict[str, Detector],
    inputs: Inputs,
) -> dict[str, Any]:
    return {
        "inputs": [display_name(Path(name)) for name in named],
        "detectors": list(detectors),
        "engine": settings.engine,
        "workers": settings.worker_count(),
        "confinement": settings.confinement,
        "stability": settings.stability,
        **({"camera": display_name(Path(settings.camera))} if settings.camera else {}),
        "limits": settings.limits.model_dump(),
        "skipped": inputs.skipped,
    }


def asked(settings: Settings) -> dict[str, Detector]:
    """Give the detectors to ask: those that compare with a camera only where one was named.

    Raises
    ------
    UsageError
        When nothing is left to ask without ``--camera``, or the folder is missing.
    """
    chosen = load_detectors(settings.detectors)
    if settings.camera is not None:
        if not Path(settings.camera).is_dir():
            raise UsageError(f"--camera: {settings.camera} is no folder")
        return chosen
    left = {name: one for name, one in chosen.items() if CAMERA not in one.reads}
    if chosen and not left:
        raise UsageError(f"{', '.join(chosen)} needs reference pictures: --camera DIR")
    return left


def data_dirs(detectors: dict[str, Detector], camera: str | None = None) -> dict[str, Path]:
    """Give the folders that detectors have declared to read: below the home, or the camera's."""
    wanted = sorted({name for detector in detectors.values() for name in detector.reads})
    places = {name: home_dir() / name for name in wanted}
    if camera is not None and CAMERA in places:
        places[CAMERA] = Path(camera).resolve()
    return places


def threads_per_worker(settings: Settings, jobs: int) -> int:
    """Share the cores among the workers that will really run."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return max(1, cores // max(1, min(settings.worker_count(), jobs)))
