"""`conformance matrix`: every implementation that this machine can build, in one HTML file."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from conformance.cli._common import FORMATS, chosen_protocols, report_options, say, write_reports
from conformance.cli._progress import BuildProgress
from conformance.cli._target import Chosen, is_remote, reference, request_for
from conformance.cli.run import EXIT_ORDER
from conformance.engine.baseline import Baseline
from conformance.engine.session import run_session
from conformance.engine.stream import Run, read_run
from conformance.model import BAD, ConformanceError, UsageError
from conformance.report import AbsentRun, Summary
from conformance.subjects import Manifest, NotBuilt, URLSubject, build, find_manifests, near, subject_of


@dataclass(frozen=True, slots=True)
class Job:
    """One column of the matrix: an implementation by name, a URL, or (both empty) our reference."""

    name: str
    url: str
    protocols: tuple[str, ...]
    events: Path
    seed: int


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job."""

    job: Job
    exit: int
    notes: tuple[str, ...] = ()
    trouble: str = ""


@click.command("matrix")
@click.option("--protocol", multiple=True, metavar="P", help="Only this protocol.")
@click.option("--implementations", metavar="A,B", help="Only these.")
@click.option("--with", "remote", multiple=True, metavar="NAME=URL", help="A deployment as a further column.")
@click.option("--out", type=click.Path(file_okay=False), default="reports", show_default=True, metavar="DIR")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is random on our side.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, help="Runs side by side.")
@report_options
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Run our reference, build what can be built, run all of it, and write DIR/index.html."""
    protocols = chosen_protocols(values["protocol"])
    names = tuple(p.name for p in protocols)
    out = Path(values["out"])
    began = time.monotonic()
    first = _work(Job("", "", names, out / "reference" / "events.ndjson", values["seed"]))
    done = [first]
    _tell(first, time.monotonic() - began)
    manifests = _manifests(values["implementations"], {r.name for p in protocols for r in p.roles})
    absent = _build(manifests)
    jobs = [
        Job(m.name, "", names, out / m.name / "events.ndjson", values["seed"])
        for m in manifests
        if m.name not in {a.name for a in absent}
    ]
    jobs += [Job(n, url, names, out / n / "events.ndjson", values["seed"]) for n, url in map(_pair, values["remote"])]
    with ProcessPoolExecutor(values["workers"], mp_context=get_context("spawn")) as pool:
        for one in pool.map(_work, jobs):
            _tell(one, time.monotonic() - began)
            done.append(one)
    runs = [read_run(d.job.events) for d in done if not d.trouble]
    absent += [AbsentRun(d.job.name, d.job.name, d.trouble, "\n".join(d.notes)) for d in done if d.trouble]
    wanted = {name: values[name] for name in FORMATS}
    wanted["html"] = wanted["html"] or str(out / "index.html")
    write_reports(runs, absent, wanted)
    say(f"{wanted['html']}: {len(runs)} implementations, {len(absent)} that could not run")
    _counts(done, runs)
    ctx.exit(next(code for code in EXIT_ORDER if code in {d.exit for d in done}))


def _pair(text: str) -> tuple[str, str]:
    name, equals, url = text.partition("=")
    if not equals:
        raise UsageError(f"--with {text!r} is no NAME=URL")
    return name, url


def _manifests(names: str | None, roles: set[str]) -> list[Manifest]:
    manifests = find_manifests()
    chosen = [near(name.strip(), manifests) for name in names.split(",")] if names else list(manifests.values())
    return [m for m in chosen if roles & set(m.roles)]


def _build(manifests: Sequence[Manifest]) -> list[AbsentRun]:
    """Build all, a line each; what cannot be built is a column that says so."""
    results = asyncio.run(build(manifests, progress=BuildProgress()))
    titles = {m.name: m.title for m in manifests}
    return [
        AbsentRun(name, titles[name], result.reason, result.detail)
        for name, result in results.items()
        if isinstance(result, NotBuilt)
    ]


def _work(job: Job) -> Done:
    """One run, in a process of its own."""
    try:
        return asyncio.run(_run(job))
    except ConformanceError as why:
        return Done(job, why.exit, (why.hint,) if why.hint else (), why.what)


async def _run(job: Job) -> Done:
    protocols = chosen_protocols(job.protocols)
    values: dict[str, Any] = dict.fromkeys(
        ("http", "lanes", "rate", "patience", "listen", "reachable_as", "ca_file", "client_cert", "insecure", "owned")
    )
    values |= {"role": (), "option": (), "header": (), "connect_to": (), "vantage": ()}
    baseline = None
    if job.url:
        roles = [r.name for p in protocols for r in p.roles if r.kind == "server"]
        chosen = Chosen(URLSubject(job.url, roles), job.name, "url", remote=is_remote(job.url))
        chosen.command = f"--target {job.url}"
    elif not job.name:
        chosen = reference(protocols, seed=job.seed)
    else:
        chosen, baseline = await _implementation(job.name)
    request = request_for(chosen, values, protocols)
    request.seed = job.seed
    request.baseline = baseline
    _, result = await run_session(request, job.events)
    return Done(job, result.exit, tuple(result.notes))


async def _implementation(name: str) -> tuple[Chosen, Baseline | None]:
    manifest = near(name, find_manifests())
    built = (await build([manifest]))[manifest.name]
    digest = "" if isinstance(built, NotBuilt) else built.digest
    subject = subject_of(manifest, built)
    expected = manifest.expected
    chosen = Chosen(subject, manifest.title, "implementation", digest, manifest, f"--implementation {name}")
    return chosen, Baseline.read(expected) if expected else None


def _tell(done: Done, seconds: float) -> None:
    name = done.job.name or "reference"
    if done.trouble:
        say(f"{name}: could not run: {done.trouble}")
        return
    summary = Summary.of(read_run(done.job.events))
    told = {0: "as expected", 1: "FAILS", 5: "BASELINE STALE", 3: "incomplete", 4: "SUITE OR ADAPTER AT FAULT"}
    say(f"{name}: {summary.counted}. {summary.score} {told.get(done.exit, '')} ({seconds:.0f} s)")
    for note in done.notes:
        say(f"  note: {note}")


def _counts(done: Sequence[Done], runs: Sequence[Run]) -> None:
    """The closing line: how many verdicts were as expected, how many not."""
    shown = [r.verdict.shown for run in runs for r in run.verdicts]
    bad = sum(s in BAD for s in shown)
    fine = sum(d.exit == 0 for d in done)
    say(f"{len(shown)} verdicts, {bad} of them failures; {fine} of {len(done)} runs as expected")
