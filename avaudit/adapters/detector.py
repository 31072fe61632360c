"""avaudit's own detectors as models under audit: the tool is measured by its own probes."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from .. import __version__
from ..engine.artefacts import ArtefactStore
from ..engine.client import WorkerSetup
from ..engine.pool import Job, LocalEngine
from ..home import home_dir
from ..inputs import sidecar_of
from ..registry import load_detectors
from ..settings import load_settings
from .files import FileDigests, digest
from .protocols import FloatArray


class DetectorModel:
    """One detector behind the protocol ``Detector``: a score per clip.

    Files are parsed in confined workers, as ``avaudit scan`` does. Where the detector abstained,
    only stated facts, or failed, the score is NaN; the reasons are counted in ``cautions``.

    Parameters
    ----------
    name
        The detector's contract name, such as ``speech.synthetic``.

    Raises
    ------
    UsageError
        When there is no such detector.
    """

    batch_size = 1024
    """Workers are started anew for each call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._detectors = load_detectors([name])
        self._settings = load_settings()
        self._reasons: Counter[str] = Counter()

    @property
    def cautions(self) -> list[str]:
        """Why clips have no score."""
        return [f"{self._name}: {why}: {count} clips" for why, count in self._reasons.items()]

    def fingerprint(self) -> str:
        """Give a digest of avaudit's version, the detector's folder and its data."""
        digests, parts = FileDigests(), [__version__]
        for detector in self._detectors.values():
            package = type(detector).__module__
            parts += [f"{p.name}:{digests.of(p)}" for p in sorted(_files_below(package))]
            for name in sorted(detector.reads):
                folder = home_dir() / name
                files = sorted(path for path in folder.rglob("*") if path.is_file())
                parts += [f"{path.relative_to(folder)}:{digests.of(path)}" for path in files]
        return digest(parts)

    def score_clips(self, clips: Sequence[Path]) -> FloatArray:
        """Give the raw score of each clip, NaN where there is none."""
        settings = self._settings
        reads = {name for detector in self._detectors.values() for name in detector.reads}
        setup = WorkerSetup(
            detectors=tuple(self._detectors),
            limits=settings.limits.to_limits(),
            confinement=settings.confinement,
            data_dirs={name: home_dir() / name for name in sorted(reads)},
            threads=1,
        )
        jobs = [Job(str(n), Path(clip), sidecar_of(Path(clip))) for n, clip in enumerate(clips)]
        scores = np.full(len(jobs), np.nan)
        with tempfile.TemporaryDirectory(prefix="avaudit-") as folder:
            artefacts = ArtefactStore(Path(folder), settings.limits.written_bytes)
            engine = LocalEngine(setup, settings.worker_count())
            for examined in engine.run(jobs, self._detectors, artefacts):
                for finding in examined.findings.values():
                    if finding.outcome == "scored" and finding.score is not None:
                        scores[int(examined.subject)] = finding.score
                    else:
                        code = f" ({finding.reason.code})" if finding.reason else ""
                        self._reasons[f"{finding.outcome}{code}"] += 1
        return scores


def _files_below(package: str) -> list[Path]:
    """Give the files of the folder a detector's module lies in: code, card and weights."""
    module = package if _is_package(package) else package.rpartition(".")[0]
    root = Path(str(resources.files(module)))
    return [p for p in root.rglob("*") if p.is_file() and p.suffix != ".pyc"]


def _is_package(name: str) -> bool:
    return hasattr(sys.modules[name], "__path__")
