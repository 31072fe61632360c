"""Running a bench: manifest and scores in, sealed report and calibration tables out."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..card_writer import write_calibration
from ..errors import UsageError
from ..evidence.envelope import CLEAN
from ..evidence.tables import CalibrationTables, ConditionTable
from ..inputs import display_name
from ..manifest.columns import select as select_rows
from ..manifest.read import read_manifest
from ..publishing import Run, gatekeeper, prepare_folder, publish
from ..registry import RENDERERS, select
from ..settings import Settings
from .answers import Answers, Gathered, read_scores, write_scores
from .assemble import Benched, Sections, assemble
from .card_tables import Refused, condition_table, segment_table
from .coverage import coverage_of
from .figures import Condition
from .offsets import offset_figures, true_offsets
from .request import BenchRequest, card_to_write, wanted_conditions
from .sheet import Sheet, read_sheet
from .shortcut_audit import shortcuts_of

Say = Callable[[str], None]
Progress = Callable[[int, int, str], None]


@dataclass
class BenchRun(Run):
    """A finished bench."""

    benched: list[Benched] = field(default_factory=list)
    card_written: str | None = None

    @property
    def failed_items(self) -> list[tuple[str, str]]:
        """Path and reason of every item whose examination failed."""
        return [
            (str(one.condition.sheet.names[row]), why)
            for one in self.benched
            for row, why in one.condition.answers.failures.items()
        ]


def run_bench(
    request: BenchRequest, settings: Settings, progress: Progress | None = None
) -> BenchRun:
    """Measure a detector, or scores from a file, on a labelled data set.

    Parameters
    ----------
    request
        What to bench, on what.
    settings
        As for a scan: workers, limits, output folder and documents.
    progress
        Called after each file with how many are done, how many there are, and its name.

    Raises
    ------
    UsageError
        When a name, the manifest or the scores cannot be used.
    AvauditError
        When the workers cannot be confined, or the report cannot be written or sealed.
    """
    formats = select(settings.format, RENDERERS)
    gate = gatekeeper(settings)
    target = card_to_write(request) if request.write_card else None
    manifest = select_rows(read_manifest(request.data), request.where)
    sheet = read_sheet(manifest)
    folder = prepare_folder(_out(settings))
    gathered = _gather(request, settings, sheet, progress)
    benched = [_benched(request, sheet, answers) for answers in gathered.answers]
    _add_coverage(benched, gathered)
    _add_offsets(benched, sheet)
    if request.scores_out is not None:
        write_scores(
            request.scores_out, sheet, [(b.condition.answers, b.condition.ratios) for b in benched]
        )
    written = None
    if target is not None:
        path, card, part = target
        tables = _tables(request, sheet, benched, card.version, part)
        write_calibration(path, tables.to_dict())
        written = str(path)
    report = assemble(
        Sections(
            benched=benched,
            shortcuts=shortcuts_of(sheet, gathered.properties),
            parameters=_parameters(request, sheet, gathered, benched),
            confinement=gathered.confinement,
            cautions=_cautions(sheet),
        )
    )
    run = publish(report, folder, formats, settings, gate)
    return BenchRun(
        run.report, run.folder, run.documents, run.problems, benched=benched, card_written=written
    )


def _out(settings: Settings) -> Any:
    from pathlib import Path

    return Path(settings.out)


def _gather(
    request: BenchRequest, settings: Settings, sheet: Sheet, progress: Progress | None
) -> Gathered:
    if (path := request.scores_file) is not None:
        found = read_scores(path, sheet)
        if request.conditions is not None:
            missing = set(request.conditions) - {a.condition for a in found}
            if missing:
                raise UsageError(f"{path}: there are no scores for {', '.join(sorted(missing))}")
            found = [a for a in found if a.condition in request.conditions]
        about = {"scores": display_name(path), "sha256": _sha256(path.read_bytes())}
        return Gathered(found, {}, about)
    from .detector_run import detector_answers

    return detector_answers(request.what, wanted_conditions(request), sheet, settings, progress)


def _benched(request: BenchRequest, sheet: Sheet, answers: Answers) -> Benched:
    condition = Condition(
        sheet, answers, method=request.method, level=request.level, seed=request.seed
    )
    figures = list(condition.figures())
    return Benched(condition, figures, condition_table(condition, figures))


def _add_coverage(benched: list[Benched], gathered: Gathered) -> None:
    """Say under the item's own condition how often a scan would find no calibration."""
    calibrated = [b.condition.name for b in benched if isinstance(b.table, ConditionTable)]
    for one in benched:
        if one.condition.name == CLEAN and calibrated:
            figure = coverage_of(one.condition, gathered.measured, calibrated, gathered.part)
            one.figures.extend([figure] if figure else [])


def _add_offsets(benched: list[Benched], sheet: Sheet) -> None:
    """Add how far stated offsets are from the true ones, where the manifest has those."""
    true = true_offsets(sheet)
    if true is None:
        return
    for one in benched:
        stated, face_px = one.condition.answers.offsets_s, one.condition.answers.face_px
        if stated is not None:
            one.figures.extend(offset_figures(one.condition, true, stated, face_px))


def _tables(
    request: BenchRequest, sheet: Sheet, benched: list[Benched], version: str, part: Any
) -> CalibrationTables:
    conditions = {b.condition.name: b.table for b in benched if isinstance(b.table, ConditionTable)}
    if not conditions:
        why = "; ".join(
            f"{b.condition.name}: {b.table.why}" for b in benched if isinstance(b.table, Refused)
        )
        raise UsageError(f"nothing can be written into the card: {why}")
    segments = {
        b.condition.name: table
        for b in benched
        if b.condition.name in conditions
        and isinstance(table := segment_table(b.condition), ConditionTable)
    }
    return CalibrationTables(
        data=_data_name(sheet),
        manifest_sha256=sheet.manifest.sha256,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        command=request.command,
        detector_version=version,
        of=part,
        conditions=conditions,
        segments=segments,
        held_out_by=sheet.fold_name,
    )


def _data_name(sheet: Sheet) -> str:
    """Name a data set by its folder and file: no absolute path belongs into a card."""
    path = sheet.manifest.path.resolve()
    return f"{path.parent.name}/{path.name}"


def _parameters(
    request: BenchRequest, sheet: Sheet, gathered: Gathered, benched: list[Benched]
) -> dict[str, Any]:
    return {
        "benched": dict(gathered.about),
        "data": {
            "path": display_name(request.data),
            "sha256": sheet.manifest.sha256,
            "rows": len(sheet),
            "where": {key: list(values) for key, values in request.where.items()},
        },
        "conditions": [b.condition.name for b in benched],
        "calibration": {"method": request.method, "held_out": sheet.fold_name},
        "independent_unit": sheet.unit_name,
        "level": request.level,
        "seed": request.seed,
    }


def _cautions(sheet: Sheet) -> list[str]:
    said = []
    if sheet.source is None:
        said.append(
            "The manifest names no source: differences between sources may pass for detection."
        )
    if sheet.units is None:
        said.append("The manifest names no identity: items are taken as independent.")
    return said


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
