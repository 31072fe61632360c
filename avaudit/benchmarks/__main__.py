"""``make bench``: all measurements in one run; ``python -m avaudit.benchmarks known`` some of them.

Every ratio is measured side by side on what is made on the spot; the table is printed and
written to ``bench-results/bench.md`` and ``bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ..registry import load, names
from . import gating, scanning, statistics
from .rows import Row, table

RESULTS = Path("bench-results")
GROUP = "avaudit.benchmarks"
"""Entry points of this group are functions like those below: rooms and plug-ins add theirs."""
MEASUREMENTS: tuple[Callable[[Path], list[Row]], ...] = (
    scanning.measure_start_up,
    scanning.measure_c2pa,
    scanning.measure_decoding,
    scanning.measure_memory,
    statistics.measure_statistics,
    gating.measure_gate,
)


def main() -> None:
    """Run all measurements, or those named (entry points), print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m avaudit.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(names(GROUP))}; none: all")
    wanted: list[str] = parser.parse_args().names
    for name in set(wanted) - set(names(GROUP)):
        parser.error(f"there is no measurement '{name}'; there are {', '.join(names(GROUP))}")
    own = () if wanted else MEASUREMENTS
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="avaudit-bench-") as temporary:
        folder = Path(temporary)
        os.environ["AVAUDIT_HOME"] = str(folder / "home")
        for measure in (*own, *(load(GROUP, name) for name in wanted or names(GROUP))):
            sys.stderr.write(f"measuring: {measure.__module__}.{measure.__name__} …\n")
            rows += measure(folder)
    RESULTS.mkdir(exist_ok=True)
    text = table(rows)
    (RESULTS / "bench.md").write_text(text, encoding="utf-8")
    plain = json.dumps([asdict(row) for row in rows], indent=2) + "\n"
    (RESULTS / "bench.json").write_text(plain, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
