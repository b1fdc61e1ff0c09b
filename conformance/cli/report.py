"""`conformance report`: everything that can be made of stored runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from conformance.cli._common import FORMATS, check_reports, chosen_protocols, near, report_options, write_reports
from conformance.model import UsageError

if TYPE_CHECKING:
    from conformance.engine.stream import Run


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path())
@report_options
@click.option("--against", type=click.Path(), metavar="OLD", help="Compare with an older run.")
@click.option("--judge-again", is_flag=True, help="Judge the stored transcripts with the judges of today.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Explain a case in full.")
@click.option("--full", is_flag=True, help="Evidence of what passed, too, in HTML.")
@click.pass_context
def command(ctx: click.Context, /, runs: tuple[str, ...], **values: Any) -> None:
    """Make reports of RUNS: event streams, or folders that hold one."""
    from conformance.report import against, terminal

    check_reports(values)
    people = sys.stderr if any(values[name] == "-" for name in FORMATS) else sys.stdout
    read = [_read(Path(place)) for place in runs]
    _check_cases(values["cases"], read)
    write_reports(read, [], {name: values[name] for name in FORMATS}, full=values["full"])
    for run in read:
        for record in run.verdicts:
            if record.verdict.case in values["cases"]:
                for line in terminal.explain(run, record):
                    click.echo(line, file=people)
    if values["judge_again"]:
        ctx.exit(max([_judge_again(run, people) for run in read]))
    if values["against"]:
        comparison = against(_read(Path(values["against"])), read[-1])
        for line in comparison.lines():
            click.echo(line, file=people)
        ctx.exit(comparison.exit)
    if not any(values[name] for name in FORMATS) and not values["cases"]:
        for run in read:
            for line in terminal.plain(run):
                click.echo(line)


def _read(place: Path) -> Run:
    """A stored run; UsageError also for a file that only begins like one."""
    import msgspec

    from conformance.engine.stream import read_run

    try:
        return read_run(_stream(place))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as why:
        raise UsageError(f"{place} is no run that this version can read: {why}") from why


def _check_cases(wanted: Sequence[str], runs: Sequence[Run]) -> None:
    known = {record.verdict.case for run in runs for record in run.verdicts}
    for case in wanted:
        if case not in known:
            raise UsageError(f"the case {case!r} is in none of these runs", hint=near(case, known, "see --json -"))


def _stream(place: Path) -> Path:
    stream = place / "events.ndjson" if place.is_dir() else place
    if not stream.exists():
        raise UsageError(f"{place} holds no stored run", hint="a run is stored as events.ndjson")
    return stream


def _judge_again(run: Run, people: IO[str]) -> int:
    """Say which verdicts are others today; 1 when any is."""
    from conformance.engine.again import judge_again
    from conformance.engine.catalogue import load_cases, load_catalogue

    named = {id_.partition("/")[0] for id_ in run.cases}
    protocols = [p for p in chosen_protocols(()) if p.name in named]
    cases = {c.id: c for p in protocols for c in load_cases(p)}
    rejudged = list(judge_again(run, cases, load_catalogue(protocols).requirements))
    changed = [r for r in rejudged if not r.same]
    for one in changed:
        now = f"{one.now.shown} ({one.now.reason})" if one.now else "no case of that name any more"
        click.echo(f"{one.stored.case}: was {one.stored.shown}, is {now}", file=people)
    click.echo(f"{len(rejudged) - len(changed)} of {len(rejudged)} verdicts are the same", file=people)
    return 1 if changed else 0
