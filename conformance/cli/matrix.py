"""`conformance matrix`: every implementation that this machine can build, in one HTML file."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli._cells import CellJob, cell_jobs, run_cell
from conformance.cli._common import (
    FORMATS,
    check_reports,
    chosen_protocols,
    interruptible,
    report_options,
    say,
    write_reports,
)
from conformance.cli._progress import BuildProgress
from conformance.cli._target import Chosen, is_remote, reference, request_for
from conformance.cli.run import EXIT_ORDER, INTERRUPTED
from conformance.model import BAD, ConformanceError, Unreachable, UsageError

if TYPE_CHECKING:
    from conformance.engine.baseline import Baseline
    from conformance.engine.stream import Run
    from conformance.report import AbsentRun
    from conformance.subjects import Manifest


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
    from conformance.engine.stream import read_run
    from conformance.report.cells import is_cell, lines, tables

    check_reports(values)
    protocols = chosen_protocols(values["protocol"])
    names = tuple(p.name for p in protocols)
    manifests = _manifests(values["implementations"], {r.name for p in protocols for r in p.roles})
    remote = [_pair(text) for text in values["remote"]]
    out = Path(values["out"])
    began = time.monotonic()
    first = _work(Job("", "", names, out / "reference" / "events.ndjson", values["seed"]))
    done = [first]
    _tell(first, time.monotonic() - began)
    absent = _build(manifests)
    jobs = [
        Job(m.name, "", names, out / m.name / "events.ndjson", values["seed"])
        for m in manifests
        if m.name not in {a.name for a in absent}
    ]
    jobs += [Job(n, url, names, out / n / "events.ndjson", values["seed"]) for n, url in remote]
    for one in _all(jobs if first.exit != INTERRUPTED else (), values["workers"]):
        _tell(one, time.monotonic() - began)
        done.append(one)
    runs = [read_run(d.job.events) for d in done if not d.trouble]
    absent += _troubled(done, {m.name: m for m in manifests})
    if all(d.exit != INTERRUPTED for d in done):
        there = {m.name: m.roles for m in manifests if m.name not in {a.name for a in absent}}
        met = _cells(cell_jobs(names, there, out, values["seed"]), values["workers"])
        for line in lines(tables([*runs, *met])):
            say(line)
        runs += met
    wanted = {name: values[name] for name in FORMATS}
    wanted["html"] = wanted["html"] or str(out / "index.html")
    write_reports(runs, absent, wanted)
    alone = [run for run in runs if not is_cell(run)]
    say(f"{wanted['html']}: {len(alone)} implementations, {len(absent)} that could not run")
    _counts(done, alone)
    ctx.exit(next(code for code in EXIT_ORDER if code in {d.exit for d in done}))


def _all(jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    """Run jobs side by side; after Ctrl-C those under way write what they have, and no more begin."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [(job, pool.submit(_work, job)) for job in jobs]
        for job, future in futures:
            try:
                yield future.result()
            except KeyboardInterrupt:
                say("interrupted: waiting for what is under way")
                pool.shutdown(cancel_futures=True)
                yield Done(job, INTERRUPTED, (), "interrupted")
                return


def _cells(jobs: Sequence[CellJob], workers: int) -> list[Run]:
    """Let everyone meet everyone, side by side; what could not meet is said."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from conformance.engine.stream import read_run

    found = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for job, trouble in pool.map(run_cell, jobs):
            if trouble:
                say(f"{job.cell.name}: could not meet: {trouble}")
            else:
                found.append(read_run(job.events))
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, url = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(
            f"--with {text!r} is no NAME=URL", hint="NAME becomes the name of a folder: --with site=https://…"
        )
    return name, url


def _manifests(names: str | None, roles: set[str]) -> list[Manifest]:
    from conformance.subjects import find_manifests, near

    manifests = find_manifests()
    chosen = [near(name.strip(), manifests) for name in names.split(",")] if names else list(manifests.values())
    return [m for m in chosen if roles & set(m.roles)]


def _build(manifests: Sequence[Manifest]) -> list[AbsentRun]:
    """Build all, a line each; what cannot be built is a column that says so."""
    from conformance.report import AbsentRun
    from conformance.subjects import NotBuilt, build

    results = interruptible(lambda: build(manifests, progress=BuildProgress()), "interrupted")
    known = {m.name: m for m in manifests}
    return [
        AbsentRun(name, known[name].title, result.reason, result.detail, tuple(known[name].roles))
        for name, result in results.items()
        if isinstance(result, NotBuilt)
    ]


def _troubled(done: Sequence[Done], known: Mapping[str, Manifest]) -> list[AbsentRun]:
    """Those that were built and came to no run: each a column that says why."""
    from conformance.report import AbsentRun

    found = []
    for one in done:
        name = one.job.name
        title, roles = (known[name].title, tuple(known[name].roles)) if name in known else (name, ())
        found += [AbsentRun(name, title, one.trouble, "\n".join(one.notes), roles)] if one.trouble else []
    return found


def _work(job: Job) -> Done:
    """One run, in a process of its own."""
    import asyncio

    try:
        return asyncio.run(_run(job))
    except ConformanceError as why:
        return Done(job, why.exit, (why.hint,) if why.hint else (), why.what)
    except KeyboardInterrupt:
        return Done(job, INTERRUPTED, (), "interrupted before anything was seen")
    except Exception as why:  # noqa: BLE001 - a bug of ours costs one column, not the matrix
        return Done(job, 4, (), f"the suite is at fault: {type(why).__name__}: {why}")


async def _run(job: Job) -> Done:
    from conformance.cli._diagnose import run_explained
    from conformance.subjects import URLSubject

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
    dialect = chosen.manifest.dialect if chosen.manifest else ""
    try:
        result = await run_explained(request, job.events)
    except Unreachable as why:
        if not dialect or dialect not in why.what:
            raise
        return Done(job, 0, (), why.what)
    return Done(job, result.exit, tuple(result.notes))


async def _implementation(name: str) -> tuple[Chosen, Baseline | None]:
    from conformance.engine.baseline import Baseline
    from conformance.subjects import NotBuilt, build, find_manifests, near, subject_of

    manifest = near(name, find_manifests())
    built = (await build([manifest]))[manifest.name]
    digest = "" if isinstance(built, NotBuilt) else built.digest
    subject = subject_of(manifest, built)
    expected = manifest.expected
    chosen = Chosen(subject, manifest.title, "implementation", digest, manifest, f"--implementation {name}")
    return chosen, Baseline.read(expected) if expected else None


def _tell(done: Done, seconds: float) -> None:
    from conformance.engine.stream import read_run
    from conformance.report import Summary

    name = done.job.name or "reference"
    if done.trouble:
        say(f"{name}: {'nothing to test, as expected' if not done.exit else 'could not run'}: {done.trouble}")
        return
    summary = Summary.of(read_run(done.job.events))
    told = {0: "as expected", 1: "FAILS", 5: "BASELINE STALE", 3: "incomplete", 4: "SUITE OR ADAPTER AT FAULT"}
    known = f" {summary.known.capitalize()}." if summary.known else ""
    say(f"{name}: {summary.counted}. {summary.score}{known} {told.get(done.exit, '')} ({seconds:.0f} s)")
    for note in done.notes:
        say(f"  note: {note}")


def _counts(done: Sequence[Done], runs: Sequence[Run]) -> None:
    """The closing line: how many verdicts were as expected, how many not."""
    records = [r for run in runs for r in run.verdicts]
    bad = [r for r in records if r.verdict.shown in BAD]
    known = sum(r.known is not None for r in bad)
    fine = sum(d.exit == 0 for d in done)
    told = f"{len(bad)} of them failures, {known} known"
    say(f"{len(records)} verdicts, {told}; {fine} of {len(done)} runs as expected")
