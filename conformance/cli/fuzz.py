"""`conformance fuzz`: what nobody wrote a case for, drawn for a while, shrunk and stored."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli._common import chosen_protocols, interruptible, say
from conformance.cli._target import Chosen, choose, request_for, target_options
from conformance.model import Unreachable, UsageError

if TYPE_CHECKING:
    from conformance.bench import Protocol
    from conformance.engine.session import Session
    from conformance.fuzz import Campaign, Finding, Report

PATIENCE = 0.25
"""Seconds to wait on this machine: much of what is drawn is no whole message, and rightly gets no answer."""
FOUND, INCOMPLETE, INTERRUPTED = 1, 3, 130


@click.command("fuzz")
@target_options
@click.option("--time", "seconds", default="60s", show_default=True, metavar="60s", help="How long: 90s, 5m, 1h.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn.")
@click.option("--fault", metavar="NAME", help="With --reference: a mutant of ours, to see the fuzzer at work.")
@click.option("--again", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Play this finding again.")
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Where findings go (reports/NAME/fuzz).")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Draw changes and sequences for a subject; exit 1 where it shows what it must not, whatever is sent."""
    seconds = _seconds(values["seconds"])
    protocols = chosen_protocols(values["protocol"])
    if values["fault"]:
        protocols, chosen = _mutant(values, protocols)
    else:
        chosen = choose(values, protocols)
    request = request_for(chosen, values, protocols)
    request.seed = values["seed"]
    if not request.remote and not values["patience"]:
        request.patience = PATIENCE
    if request.remote and not request.owned:
        raise UsageError(
            "fuzzing may do harm to a target elsewhere", hint="--i-own-this-target allows it, if you do own it"
        )
    name = chosen.manifest.name if chosen.manifest else re.sub(r"[^A-Za-z0-9.]+", "-", chosen.title).strip("-.")
    out = Path(values["out"] or Path("reports", name[:100], "fuzz"))

    async def main() -> int:
        from conformance.cli._diagnose import explained
        from conformance.engine.session import Session

        session = Session(request)
        try:
            await explained(request, session.prepare())
            if values["again"]:
                return await _again(session, Path(values["again"]))
            return await _search(session, seconds, values["seed"], out, chosen)
        finally:
            await session.close()

    ctx.exit(interruptible(main))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise UsageError(f"--time {text!r} is no time", hint="write --time 90s, 5m or 1h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _mutant(values: Mapping[str, Any], protocols: Sequence[Protocol]) -> tuple[list[Protocol], Chosen]:
    """A mutant of ours as the subject."""
    from conformance.cli._common import near
    from conformance.engine.mutants import subject_for

    faults = {fault.name: (protocol, fault) for protocol in protocols for fault in protocol.faults()}
    if values["fault"] not in faults:
        raise UsageError(f"there is no fault {values['fault']!r}", hint=near(values["fault"], faults))
    if not values["reference"]:
        raise UsageError("--fault is one of a peer of ours", hint="give --reference with it")
    protocol, fault = faults[values["fault"]]
    subject = subject_for(fault.make, values["seed"])
    return [protocol], Chosen(subject, fault.name, "reference", command=f"--reference --fault {fault.name}")


async def _search(session: Session, seconds: float, seed: int, out: Path, chosen: Chosen) -> int:
    """A campaign for each role, which share the time."""
    import asyncio

    from conformance.fuzz import Campaign, write_finding

    code = 0
    stored: set[Path] = set()

    def tell(found: Finding) -> None:
        place = write_finding(found, out)
        stored.add(place)
        about = f" ({', '.join(found.requirements)})" if found.requirements else ""
        say(f"{found.role}: {found.observation}: {found.because}{about}")
        for step in found.changes:
            for change in step:
                say(f"    {change}")
        say(f"    {found.reproduce} --again {place}")

    for run in session.runs:
        hello = session.request.subject.hello
        command_line = session.request.command + ("" if session.request.roles else f" --role {run.role.name}")
        campaign = Campaign(
            run,
            seed=seed,
            seconds=seconds / len(session.runs),
            clock=time.monotonic,
            tell=tell,
            subject={"name": hello.name or chosen.title, "version": hello.version},
            reproduce=f"conformance fuzz {command_line} --seed {seed}",
        )
        try:
            report = await campaign.search()
        except asyncio.CancelledError:
            say(_line(campaign, campaign.report))
            return INTERRUPTED
        say(_line(campaign, report))
        for unsteady in report.unsteady:
            say(f"    inconclusive, it does not repeat: {unsteady}")
        code = FOUND if report.findings else code or (INCOMPLETE if report.open and not report.examples else 0)
    return FOUND if stored else code


def _line(campaign: Campaign, report: Report) -> str:
    made = report.examples - report.rejected
    told = f"; {report.open}" if report.open and not report.examples else ""
    return (
        f"{campaign.run.role.name}: {made} examples, {report.exchanges} exchanges, "
        f"{len(report.findings)} findings, {len(report.unsteady)} that do not repeat{told}"
    )


async def _again(session: Session, place: Path) -> int:
    from conformance.fuzz import Campaign, read_finding, replay

    found = read_finding(place)
    run = next((r for r in session.runs if r.role.name == found.role), None)
    if run is None:
        raise Unreachable(f"no {found.role} was found, which the finding is about")
    campaign = Campaign(run, seed=found.seed, seconds=0, clock=time.monotonic)
    times, seen = await replay(campaign, found)
    say(f"{found.name}: seen {times} of 3 times" + (f": {seen.because}" if times else ""))
    return FOUND if times == 3 else INCOMPLETE if times else 0
