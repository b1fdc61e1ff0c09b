"""The selections of all roles against our references: a proxy in each version of HTTP, an issuer, and everything."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measure import Figure, Measured

from conformance.engine.catalogue import protocols
from conformance.engine.stream import read_run

SLOWLY = "import sys; sys.modules['gmpy2'] = sys.modules['rbcl'] = None; "
"""Has the suite do without the extra `fast`, whatever is installed."""
FINE = {0, 3}
"""Exit codes of a reference that was run in part."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One command of a user: its name, the options, and the seconds that it may take."""

    name: str
    words: tuple[str, ...]
    limit: float
    slowly: bool = False


SELECTIONS = (
    Selection("proxy selection, HTTP/3", ("--role", "masque.proxy", "--http", "3"), 15),
    Selection("proxy selection, all versions", ("--role", "masque.proxy", "--http", "1,2,3"), 40),
    Selection("issuer selection, HTTP/1", ("--role", "privacypass.issuer", "--http", "1"), 15, slowly=True),
)
EVERYTHING = 60.0


def run(words: Sequence[str], *, slowly: bool = False) -> tuple[float, int, int]:
    """Run the reference as a user does: seconds from start to end, its cases, and its exchanges."""
    with tempfile.TemporaryDirectory() as folder:
        begin = SLOWLY if slowly else "import sys; "
        code = f"{begin}from conformance.cli import main; main(sys.argv[1:])"
        command = [sys.executable, "-c", code, "run", "--reference", "--out", folder, *words]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        if done.returncode not in FINE:
            raise RuntimeError(
                f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-500:]}"
            )
        stored = read_run(Path(folder, "events.ndjson"))
    return took, sum(1 for v in stored.verdicts if v.parts), len(stored.places)


def everything() -> tuple[float, int, int]:
    """All roles of all protocols, a process for each protocol, as many at once as there are processors."""
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = list(pool.map(lambda name: run(("--protocol", name)), protocols()))
    return time.perf_counter() - began, sum(cases for _, cases, _ in done), sum(n for _, _, n in done)


def measure(repetitions: int) -> Measured:
    """The selections one after the other, then everything at once."""
    figures = []
    for selection in SELECTIONS:
        runs = [run(selection.words, slowly=selection.slowly) for _ in range(repetitions)]
        _, cases, exchanges = runs[0]
        without = ", without the extra `fast`" if selection.slowly else ""
        how = f"{cases} cases, {exchanges:,} exchanges with the reference in the same process{without}"
        figures.append(Figure(selection.name, "s", [s for s, *_ in runs], how, selection.limit, most=True))
        per_case = [1000 * s / cases for s, *_ in runs]
        figures.append(Figure(selection.name.replace("selection", "case"), "ms", per_case, "the same, per case"))
    runs = [everything() for _ in range(min(repetitions, 2))]
    _, cases, exchanges = runs[0]
    how = f"{cases} cases and variants, {exchanges:,} exchanges: every role of {len(protocols())} protocols"
    figures.append(Figure("everything", "s", [s for s, *_ in runs], how, EVERYTHING, most=True))
    return Measured(figures)
