"""How long the command line takes to say what it can do, beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from measure import Figure, Measured

LIMIT = 0.25


def seconds(command: Sequence[str]) -> float:
    """How long a program takes to end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(repetitions: int) -> Measured:
    """Both, in turns."""
    ours = [str(Path(sys.executable).with_name("conformance")), "--help"]
    bare = [sys.executable, "-c", "pass"]
    seconds(ours)
    pairs = [(seconds(ours), seconds(bare)) for _ in range(2 * repetitions)]
    return Measured(
        [
            Figure("conformance --help", "s", [one for one, _ in pairs], "the installed command", LIMIT, most=True),
            Figure("python -c pass", "s", [other for _, other in pairs], "in turns with it"),
        ]
    )
