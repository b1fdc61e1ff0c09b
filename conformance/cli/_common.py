"""What several commands need: the loop and its interruption, choice of protocols, reports at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance.bench import Protocol
from conformance.engine.catalogue import protocols
from conformance.model import EnvironmentProblem, UsageError

T = TypeVar("T")
FORMATS = ("json", "junit", "markdown", "html")


def say(text: str = "") -> None:
    """A line for people, on standard error."""
    click.echo(text, err=True)


def chosen_protocols(names: Sequence[str]) -> list[Protocol]:
    """The protocols of these names, or all."""
    known = protocols()
    for name in names:
        if name not in known:
            raise UsageError(f"there is no protocol {name!r}", hint=f"there are {', '.join(sorted(known))}")
    return [known[name] for name in (names or sorted(known))]


def interruptible(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine; the first Ctrl-C cancels it, so that it can write what it has, the second ends the process."""

    async def main() -> T:
        task = asyncio.ensure_future(make())
        loop = asyncio.get_running_loop()
        pressed = 0

        def stop() -> None:
            nonlocal pressed
            pressed += 1
            if pressed > 1:
                os._exit(130)
            say("interrupted: writing what was seen; once more to leave at once")
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        return await task

    return asyncio.run(main())


def write_reports(runs: Sequence[Any], absent: Sequence[Any], wanted: dict[str, str | None], **options: Any) -> None:
    """Write the report formats that were asked for; `-` is standard output."""
    from conformance.report import report_named

    for name, place in wanted.items():
        if place is None:
            continue
        content = report_named(name)(runs, absent, options)
        if place == "-":
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            continue
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(content)
        except OSError as why:
            raise EnvironmentProblem(
                f"the {name} report {place} cannot be written: {why.strerror}",
                hint="the run itself is stored; `conformance report` makes reports of it at any time",
            ) from why


def report_options(command: Any) -> Any:
    """The options that say where reports go."""
    for name in reversed(FORMATS):
        text = f"Write the {name.upper() if name != 'markdown' else 'Markdown'} report there (- is standard output)."
        command = click.option(f"--{name}", type=click.Path(), metavar="FILE", help=text)(command)
    return command
