"""`conformance run`: one subject, one run, its reports and its exit code."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.bench import Protocol
from conformance.cli._common import FORMATS, chosen_protocols, interruptible, report_options, say, write_reports
from conformance.cli._progress import Progress
from conformance.cli._target import Chosen, choose, request_for, target_options
from conformance.engine.baseline import Baseline, write_baseline
from conformance.engine.session import Request, Result, Session, run_session
from conformance.model import EnvironmentProblem, UsageError

EXIT_ORDER = (130, 2, 4, 1, 5, 3, 0)
"""The first that holds, of several runs (design, section 4)."""


@click.command("run")
@target_options
@click.option("--include", multiple=True, metavar="GLOB", help="Only these cases.")
@click.option("--again", multiple=True, metavar="ID", help="Only this case, or this attempt of one: ID[LABEL].")
@click.option("--level", type=click.Choice(["must", "should", "all"]), default="all", help="Only what is so strong.")
@click.option("--strict", is_flag=True, help="Let warnings fail.")
@click.option("--baseline", type=click.Path(dir_okay=False), metavar="FILE", help="Known failures.")
@click.option("--update-baseline", is_flag=True, help="Write the failures of this run to the baseline.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is random on our side.")
@click.option("--repeat", type=click.IntRange(1), default=1, metavar="N", help="Run N times; all must agree.")
@click.option("--fail-fast", type=int, default=0, metavar="N", help="Stop after N failures.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent where, and send nothing to a target.")
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Where the run is stored (reports/NAME).")
@click.option("--events", type=click.Path(dir_okay=False), metavar="FILE", help="The event stream, elsewhere.")
@report_options
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Test one subject: exactly one of --target, --implementation, --adapter and --reference."""
    protocols = chosen_protocols(values["protocol"])
    chosen = choose(values, protocols)
    request = request_for(chosen, values, protocols)
    baseline = _baseline(values, chosen)
    request = replace(
        request,
        include=(*values["include"], *values["again"]),
        level="" if values["level"] == "all" else values["level"],
        strict=values["strict"],
        seed=values["seed"],
        fail_fast=values["fail_fast"],
        baseline=baseline,
    )
    if values["dry_run"]:
        _dry_run(request)
        return
    codes = []
    events = _events(values, chosen)
    for number in range(values["repeat"]):
        place = events if values["repeat"] == 1 else events.with_name(f"{events.stem}-{number + 1}{events.suffix}")
        codes.append(_one_run(replace(request, seed=request.seed + number), place, values))
    if len(set(codes)) > 1:
        say(f"the {len(codes)} runs do not agree: exit codes {codes}")
    ctx.exit(next(code for code in EXIT_ORDER if code in codes))


def _baseline(values: Mapping[str, Any], chosen: Chosen) -> Baseline | None:
    if values["baseline"]:
        path = Path(values["baseline"])
        if values["update_baseline"] and not path.exists():
            return None
        return Baseline.read(path)
    if values["update_baseline"]:
        raise UsageError("--update-baseline has no file to write", hint="name it with --baseline FILE")
    expected = chosen.manifest.expected if chosen.manifest else None
    return Baseline.read(expected) if expected is not None else None


def _events(values: Mapping[str, Any], chosen: Chosen) -> Path:
    if values["events"]:
        return Path(values["events"])
    name = chosen.manifest.name if chosen.manifest else re.sub(r"[^A-Za-z0-9.]+", "-", chosen.title).strip("-")
    return Path(values["out"] or Path("reports", name)) / "events.ndjson"


def _one_run(request: Request, events: Path, values: Mapping[str, Any]) -> int:
    from conformance.engine.stream import read_run
    from conformance.report import terminal

    session: Session | None = None

    async def main() -> Result:
        nonlocal session
        with Progress() as progress:
            session, result = await run_session(request, events, say, progress)
        return result

    try:
        result = interruptible(main)
    except EnvironmentProblem as why:
        _keep(events, why)
        raise
    run = read_run(events)
    to_stdout = any(values[name] == "-" for name in FORMATS)
    _summary(terminal, run, to_stdout=to_stdout)
    for note in result.notes:
        say(f"note: {note}")
    write_reports([run], [], {name: values[name] for name in FORMATS}, strict=request.strict)
    if values["update_baseline"]:
        old = request.baseline
        count = write_baseline(Path(values["baseline"]), result.verdicts, old)
        say(f"{values['baseline']}: {count} entries written; give each its own reason, link and owner")
    return result.exit


def _summary(terminal: Any, run: Any, *, to_stdout: bool) -> None:
    """A table on a terminal, plain lines elsewhere; on standard error when standard output carries a document."""
    stream = sys.stderr if to_stdout else sys.stdout
    if stream.isatty():
        from rich.console import Console

        terminal.show(run, Console(file=stream))
        return
    for line in terminal.plain(run):
        click.echo(line, file=stream)


def _keep(events: Path, why: EnvironmentProblem) -> None:
    if events.exists() and events.stat().st_size:
        why.hint = f"{why.hint}; `conformance report {events}` shows what was seen until then".lstrip("; ")


def _dry_run(request: Request) -> None:
    """Say what would be run and how many exchanges that makes, per host; nothing is sent to a target."""
    from urllib.parse import urlsplit

    from conformance.bench import RoleOffer
    from conformance.engine.catalogue import load_cases, load_catalogue
    from conformance.engine.plan import Terms, make_plan

    catalogue = load_catalogue(request.protocols)
    host = urlsplit(request.title).netloc if request.how == "url" else "this machine"
    total = 0
    for protocol in request.protocols:
        for role in _roles(request, protocol):
            offer = RoleOffer(variants={"http": tuple(request.http) or (1,)})
            has = frozenset({"target", "suites", "slow"})
            terms = Terms(offer, has, {}, request.ours, request.include, request.only, request.level)
            cases = [c for c in load_cases(protocol) if c.role == role]
            plan = make_plan(cases, catalogue.requirements, terms)
            exchanges = sum(2 + max(1, len(p.case.each)) + p.case.repeat - 1 for p in plan.run)
            total += exchanges
            say(f"{role}: {len(plan.run)} cases, about {exchanges} exchanges with {host}")
            for planned in plan.run:
                click.echo(f"{planned.key}")
    more = "; each further HTTP version and suite that the subject offers adds to that"
    seconds = f", at {request.rate:g} a second {total / request.rate:.0f} s" if request.rate else ""
    say(f"in all about {total} exchanges with {host}{seconds}{more}")


def _roles(request: Request, protocol: Protocol) -> list[str]:
    offered = set(request.subject.hello.roles)
    known = [r for r in protocol.roles if not offered or r.name in offered]
    return [r.name for r in known if not request.roles or r.name in request.roles]
