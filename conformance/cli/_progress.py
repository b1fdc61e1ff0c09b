"""What is shown while something is under way: a bar on a terminal, few lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from conformance.cli._common import say
from conformance.model import BAD, Verdict, variant_name


class Progress:
    """Counts verdicts. On a terminal: counts, rate and the last case; elsewhere a line for each failure that is new."""

    def __init__(self, total: int | None = None, known: Callable[[Verdict], bool] = lambda _: False) -> None:
        self.total = total
        self.known = known
        self.done = 0
        self.bad = 0
        self._bar: Any = None
        self._task: Any = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to show."""
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("cases", total=self.total, rate="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, verdict: Verdict) -> None:
        """Take a verdict."""
        self.done += 1
        bad = verdict.shown in BAD and not self.known(verdict)
        self.bad += bad
        if self._bar is not None:
            rate = self.done / max(time.monotonic() - self._began, 1e-6)
            told = f"{self.bad} failed, " if self.bad else ""
            self._bar.update(self._task, advance=1, rate=f"{told}{rate:.0f}/s", description=verdict.case[:60])
        elif bad:
            say(f"{verdict.shown}: {verdict.case} {variant_name(verdict.variant)}".rstrip())


BUILD_NEWS = 20.0
"""Seconds between two lines about the same build."""


class BuildProgress:
    """A line when a build begins or ends, and one now and then with what it is at."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, float]] = {}

    def __call__(self, name: str, state: str, seconds: float, line: str) -> None:
        """Take news of a build: its state, since when, and the last line that it printed."""
        before, at = self._told.get(name, ("", 0.0))
        if state == before and seconds - at < BUILD_NEWS:
            return
        self._told[name] = (state, seconds)
        doing = f": {line[:70]}" if line and state == before else ""
        say(f"  {name}: {state}{f', {seconds:.0f} s' if seconds >= 1 else ''}{doing}")
