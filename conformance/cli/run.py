"""`conformance run`: one subject, one run, its reports and its exit code."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from conformance.cli._common import (
    FORMATS,
    check_reports,
    check_roles,
    chosen_protocols,
    interruptible,
    near,
    report_options,
    say,
    write_reports,
)
from conformance.cli._target import SUBJECTS, Chosen, choose, request_for, target_options
from conformance.model import EnvironmentProblem, UsageError, variant_name

if TYPE_CHECKING:
    from conformance.bench import Protocol
    from conformance.engine.baseline import Baseline
    from conformance.engine.session import Request, Result
    from conformance.engine.stream import Run

EXIT_ORDER = (130, 2, 4, 1, 5, 3, 0)
"""The first that holds, of several runs (design, section 4)."""
INCOMPLETE, INTERRUPTED = 3, 130


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
@click.option("--resume", is_flag=True, help="Go on with the stored run of this name, which was cut short.")
@click.option("--fail-fast", type=click.IntRange(0), default=0, metavar="N", help="Stop after N failures.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent where, and send nothing to a target.")
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Where the run is stored (reports/NAME).")
@click.option("--events", type=click.Path(dir_okay=False), metavar="FILE", help="The event stream, elsewhere.")
@report_options
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Test one subject: exactly one of --target, --implementation, --adapter and --reference."""
    request, chosen = wanted(ctx, values)
    if values["dry_run"]:
        _dry_run(request)
        return
    if values["resume"] and values["repeat"] > 1:
        raise UsageError("--resume goes on with one run, --repeat makes several", hint="leave one of them away")
    codes: list[int] = []
    runs: list[Run] = []
    events = _events(values, chosen)
    for number in range(values["repeat"]):
        place = events if values["repeat"] == 1 else events.with_name(f"{events.stem}-{number + 1}{events.suffix}")
        code, run = _one_run(replace(request, seed=request.seed + number), place, values)
        codes.append(code)
        runs.append(run)
        if code == INTERRUPTED:
            break
    if _disagree(runs):
        codes.append(INCOMPLETE)
    ctx.exit(next(code for code in EXIT_ORDER if code in codes))


def wanted(ctx: click.Context, values: dict[str, Any]) -> tuple[Request, Chosen]:
    """What the options of `conformance run` ask for; UsageError where they contradict each other."""
    _command_line_first(ctx, values)
    check_reports(values)
    protocols = chosen_protocols(values["protocol"])
    check_roles(values["role"], protocols)
    protocols = _concerned(protocols, values["role"], (*values["include"], *values["again"]))
    again = _again(values["again"], protocols)
    chosen = choose(values, protocols)
    request = request_for(chosen, values, protocols)
    asked = replace(
        request,
        include=(*values["include"], *again),
        attempts=again,
        level="" if values["level"] == "all" else values["level"],
        strict=values["strict"],
        seed=values["seed"],
        fail_fast=values["fail_fast"],
        baseline=_baseline(values, chosen),
    )
    return asked, chosen


def _concerned(protocols: Sequence[Protocol], roles: Sequence[str], ids: Sequence[str]) -> list[Protocol]:
    """Those that have the roles and cases that are asked for; all where none has, so that others can say so."""
    found = [
        p
        for p in protocols
        if (not roles or {r.name for r in p.roles} & set(roles))
        and (not ids or any(fnmatchcase(p.name, id_.partition("/")[0]) for id_ in ids))
    ]
    return found or list(protocols)


def _command_line_first(ctx: click.Context, values: dict[str, Any]) -> None:
    """A subject on the command line replaces the one of the configuration, whatever its kind."""
    given = [n for n in SUBJECTS if ctx.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    if given:
        values |= {name: None for name in SUBJECTS if name not in given}


def _again(names: Sequence[str], protocols: Sequence[Protocol]) -> dict[str, tuple[str, ...]]:
    """Case ids with the labels of the attempts that are wanted, none for all. UsageError for what does not exist."""
    if not names:
        return {}
    from conformance.engine.catalogue import load_cases
    from conformance.model import Case

    cases = {c.id: c for p in protocols for c in load_cases(p)}
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        id_, bracket, label = name.partition("[")
        case = cases.get(id_)
        if case is None:
            hint = near(id_, cases, "conformance show cases lists them; --include takes globs")
            raise UsageError(f"there is no case {id_!r}", hint=hint)
        label = label.removesuffix("]")
        labels = tuple(case.each) if isinstance(case, Case) else ()
        if not bracket:
            found[id_] = ()
            continue
        if label not in labels:
            raise UsageError(
                f"{id_} has no attempt {label!r}", hint=near(label, labels) if labels else "it has but one"
            )
        if found.get(id_) != ():
            found[id_] = (*found.get(id_, ()), label)
    return found


def _baseline(values: Mapping[str, Any], chosen: Chosen) -> Baseline | None:
    from conformance.engine.baseline import Baseline

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
    name = chosen.manifest.name if chosen.manifest else re.sub(r"[^A-Za-z0-9.]+", "-", chosen.title).strip("-.")
    # A part of the suite must not take the place of a run of all of it.
    part = "part-" if values["include"] or values["again"] or values["role"] or values["level"] != "all" else ""
    return Path(values["out"] or Path("reports", part + name[:100])) / "events.ndjson"


def _one_run(request: Request, events: Path, values: Mapping[str, Any]) -> tuple[int, Run]:
    from conformance.cli._ci import tell_ci
    from conformance.cli._diagnose import run_explained
    from conformance.cli._progress import Progress
    from conformance.engine.stream import read_run

    earlier = read_run(events) if values["resume"] else None

    async def main() -> Result:
        known = request.baseline.expects if request.baseline else lambda _: False
        with Progress(known=known) as progress:
            return await run_explained(request, events, say, progress, earlier)

    before = _stamp(events)
    try:
        result = interruptible(main)
    except EnvironmentProblem:
        if _stamp(events) != before:
            _salvage(events)
        raise
    run = read_run(events)
    to_stdout = any(values[name] == "-" for name in FORMATS)
    _summary(run, to_stdout=to_stdout)
    tell_ci(run, to_stdout=to_stdout)
    write_reports([run], [], {name: values[name] for name in FORMATS}, strict=request.strict)
    if values["update_baseline"]:
        _update(Path(values["baseline"]), result, request.baseline)
    return result.exit, run


def _update(path: Path, result: Result, old: Baseline | None) -> None:
    from conformance.engine.baseline import write_baseline

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = write_baseline(path, result.verdicts, old)
    except OSError as why:
        raise EnvironmentProblem(f"the baseline {path} cannot be written: {why.strerror}") from why
    say(f"{path}: {count} entries written; give each its own reason, link and owner")


def _summary(run: Run, *, to_stdout: bool) -> None:
    """A table on a terminal, plain lines elsewhere; on standard error when standard output carries a document."""
    from conformance.report import terminal

    stream = sys.stderr if to_stdout else sys.stdout
    if stream.isatty():
        from rich.console import Console

        terminal.show(run, Console(file=stream))
        return
    for line in terminal.plain(run):
        click.echo(line, file=stream)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)


def _salvage(events: Path) -> None:
    """Show what was stored before the run could not be stored any further."""
    from conformance.engine.stream import read_run
    from conformance.report import terminal

    try:
        lines = list(terminal.plain(read_run(events)))
    except UsageError:
        return
    for line in lines:
        say(line)


def _disagree(runs: Sequence[Run]) -> bool:
    """Say which verdicts are not the same in all runs."""
    shown: dict[tuple[str, str], dict[str, None]] = {}
    for run in runs:
        for record in run.verdicts:
            key = (record.verdict.case, variant_name(record.verdict.variant))
            shown.setdefault(key, {})[record.verdict.shown] = None
    differing = {" ".join(key).rstrip(): list(words) for key, words in shown.items() if len(words) > 1}
    for name, words in differing.items():
        say(f"the {len(runs)} runs do not agree: {name}: {', '.join(words)}")
    return bool(differing)


def _dry_run(request: Request) -> None:
    """Say what would be run and how many exchanges that makes, per host; nothing is sent to a target."""
    from urllib.parse import urlsplit

    from conformance.bench import RoleOffer
    from conformance.engine.catalogue import load_cases, load_catalogue
    from conformance.engine.plan import Terms, make_plan
    from conformance.model import Case

    catalogue = load_catalogue(request.protocols)
    host = urlsplit(request.title).netloc if request.how == "url" else "this machine"
    total = 0
    for protocol in request.protocols:
        for role in _roles(request, protocol):
            offer = RoleOffer(variants={"http": tuple(request.http) or (1,)})
            cases = [c for c in load_cases(protocol) if c.role == role]
            needs = {need for c in cases if isinstance(c, Case) for need in c.needs | c.exchange.needs}
            has = frozenset(needs - {"destructive", "bulk"} if request.remote else needs)
            terms = Terms(
                offer, has, ours=request.ours, include=request.include, only=request.only, level=request.level
            )
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
