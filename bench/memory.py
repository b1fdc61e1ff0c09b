"""Memory against the number of cases: the engine keeps verdicts, and lets go of what was seen once it is stored."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from measure import Figure, Measured

FEW, MANY = 1_000, 10_000
LIMIT = 4.0
"""Kilobytes per case that may stay: case, plan and verdict do, parts must not."""


def peak() -> float:
    """The most memory that this process ever had, in kilobytes.

    Linux hands the peak that getrusage tells of from parent to child; that of `status` begins anew with a program.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return float(found[1])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform == "darwin" else float(most)


def main(arguments: Sequence[str]) -> None:
    """Run so many cases, stored, and print the peak."""
    import engine

    asyncio.run(engine.of(engine.library_cases(int(arguments[0])), engine.reference, store=True)())
    print(peak())


def after(count: int) -> float:
    """The peak of a process of its own that runs so many cases, in megabytes."""
    told = subprocess.run(
        [sys.executable, str(Path(__file__)), str(count)], check=True, stdout=subprocess.PIPE, text=True
    )
    return float(told.stdout) / 1024


def measure(repetitions: int) -> Measured:
    """Few and many cases, each in a process of its own, in turns."""
    pairs = [(after(FEW), after(MANY)) for _ in range(max(2, repetitions // 2))]
    how = "cases of bhttp.decoder, stored, in a process of their own: its peak"
    grown = [1024 * (many - few) / (MANY - FEW) for few, many in pairs]
    return Measured(
        [
            Figure(f"memory after {FEW:,} cases", "MB", [few for few, _ in pairs], how),
            Figure(f"memory after {MANY:,} cases", "MB", [many for _, many in pairs], how),
            Figure("memory per further case", "KB", grown, "its plan and its verdict, no parts", LIMIT, most=True),
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
