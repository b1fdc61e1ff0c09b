"""Figures: repeated measurements, what is asked of them, and the machine that they come from."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("conformance", "cryptography", "pyhpke", "h11", "h2", "msgspec")


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured several times in this run.

    `values` are in `unit`. `limit` is what the design asks of the median, at least or (with `most`) at most; None
    where a value only stands beside others.
    """

    name: str
    unit: str
    values: Sequence[float]
    how: str
    limit: float | None = None
    most: bool = False

    @property
    def median(self) -> float:
        """The middle of the values."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median keeps to the limit; None without one."""
        if self.limit is None:
            return None
        return self.median <= self.limit if self.most else self.median >= self.limit

    @property
    def asked(self) -> str:
        """The limit in words."""
        return "" if self.limit is None else f"{'≤' if self.most else '≥'} {number(self.limit)}"

    @property
    def spread(self) -> str:
        """The least and the greatest value."""
        return f"{number(min(self.values))} - {number(max(self.values))}"


@dataclass(slots=True)
class Measured:
    """What a module measured, and what it could not: each with its reason."""

    figures: list[Figure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 1000:
        return f"{round(value, -2):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def timed(coroutine: Callable[[], Coroutine[Any, Any, T]]) -> tuple[float, T]:
    """Seconds that a coroutine takes in a loop of its own, and what it returns."""

    async def measured() -> tuple[float, T]:
        began = time.perf_counter()
        result = await coroutine()
        return time.perf_counter() - began, result

    return asyncio.run(measured())


def rates(coroutine: Callable[[], Coroutine[Any, Any, int]], repetitions: int) -> list[float]:
    """How many of what the coroutine counts in a second of processor time; the first run, which warms up, is left out.

    For what never waits: other work on the machine then matters less.
    """
    found = []
    for _ in range(repetitions + 1):
        began = time.process_time()
        count = asyncio.run(coroutine())
        found.append(count / (time.process_time() - began))
    return found[1:]


def first_line(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a program that serves; it is ready (and its URL is read by the caller) with its first line."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def conformance(*arguments: str) -> list[str]:
    """The command line of this interpreter's `conformance`."""
    return [sys.executable, "-m", "conformance", *arguments]


def ended(process: subprocess.Popen[str]) -> None:
    """End a program that was started here."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def machine() -> list[str]:
    """What the figures come from: processor, system, versions, date."""
    try:
        model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        model = None
    processor = model[1] if model else platform.processor() or platform.machine()
    return [
        f"{processor}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start",
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
        ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES),
        datetime.now(UTC).date().isoformat(),
    ]
