"""What several commands need: the loop and its interruption, choice of protocols, reports at the end.

What imports an event loop or a protocol is imported inside functions, so that `--help` stays fast.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from conformance.model import EnvironmentProblem, UsageError

if TYPE_CHECKING:
    from conformance.bench import Protocol

T = TypeVar("T")
FORMATS = ("json", "junit", "markdown", "html")
INTERRUPTED = 130
FEW = 12
"""How many names a hint lists."""


def say(text: str = "") -> None:
    """A line for people, on standard error."""
    click.echo(text, err=True)


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a name that does not exist: those that look like it, or else what there is."""
    import difflib

    names = sorted(known)
    likely = difflib.get_close_matches(name, names, 3)
    if likely:
        return f"did you mean {' or '.join(likely)}?"
    return otherwise if otherwise and len(names) > FEW else f"there are {', '.join(names)}"


def chosen_protocols(names: Sequence[str]) -> list[Protocol]:
    """The protocols of these names, or all."""
    from conformance.engine.catalogue import protocols

    known = protocols()
    for name in names:
        if name not in known:
            raise UsageError(f"there is no protocol {name!r}", hint=near(name, known))
    return [known[name] for name in (dict.fromkeys(names) or sorted(known))]


def check_roles(names: Sequence[str], protocols: Sequence[Protocol]) -> None:
    """UsageError for a role that none of these protocols has."""
    known = [r.name for p in protocols for r in p.roles]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no role {name!r}", hint=near(name, known))


def interruptible(
    make: Callable[[], Coroutine[Any, Any, T]],
    told: str = "interrupted: writing what was seen; once more to leave at once",
) -> T:
    """Run a coroutine; the first Ctrl-C cancels it, so that it can write what it has, the second ends the process.

    A coroutine that lets itself be cancelled ends the command with 130; one that returns decides itself.
    """
    import asyncio

    async def main() -> T:
        task = asyncio.ensure_future(make())
        loop = asyncio.get_running_loop()
        pressed = 0

        def stop() -> None:
            nonlocal pressed
            pressed += 1
            if pressed > 1:
                os._exit(INTERRUPTED)
            say(told)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            return await task
        except asyncio.CancelledError:
            if not pressed:
                raise
            say("interrupted before anything was seen")
            raise click.exceptions.Exit(INTERRUPTED) from None

    return asyncio.run(main())


def write_document(place: str, content: bytes, what: str, hint: str = "") -> None:
    """Write a document to a file, or to standard output for `-`. EnvironmentProblem when that cannot be done."""
    if place == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(content)
    except OSError as why:
        raise EnvironmentProblem(f"{what} {place} cannot be written: {why.strerror}", hint=hint) from why


def check_reports(values: Mapping[str, Any]) -> None:
    """UsageError when two documents are to go to standard output."""
    there = [name for name in FORMATS if values[name] == "-"]
    if len(there) > 1:
        raise UsageError(
            f"--{' and --'.join(there)} both go to standard output", hint="give all but one of them a file"
        )


def write_reports(runs: Sequence[Any], absent: Sequence[Any], wanted: dict[str, str | None], **options: Any) -> None:
    """Write the report formats that were asked for; `-` is standard output. All that can be written is."""
    from conformance.report import report_named

    failed: EnvironmentProblem | None = None
    for name, place in wanted.items():
        if place is None:
            continue
        try:
            content = report_named(name)(runs, absent, options)
            hint = "the run itself is stored; `conformance report` makes reports of it at any time"
            write_document(place, content, f"the {name} report", hint)
        except EnvironmentProblem as why:
            failed = failed or why
    if failed is not None:
        raise failed


def report_options(command: Any) -> Any:
    """The options that say where reports go."""
    for name in reversed(FORMATS):
        text = f"Write the {name.upper() if name != 'markdown' else 'Markdown'} report there (- is standard output)."
        command = click.option(f"--{name}", type=click.Path(), metavar="FILE", help=text)(command)
    return command
