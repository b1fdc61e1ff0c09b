"""Reports for a terminal: plain lines, a table in colour, and one case in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import CONTROLS, HEALTH
from conformance.report._parts import direction, dump, ended, heads, part_title, title
from conformance.report._words import (
    SIGNS,
    AbsentRun,
    blamed,
    case_name,
    citation,
    decided,
    deviations,
    line,
    reproduction,
)
from conformance.report.summary import Summary

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Mapping[str, str] = {
    "pass": "green", "tolerated": "cyan", "warn": "yellow", "fail": "bold red", "crash": "bold red", "hang": "bold red",
    "leak": "bold magenta", "unsupported": "dim", "not-applicable": "dim", "inconclusive": "blue", "error": "magenta",
}  # fmt: skip


def plain(run: Run) -> Iterator[str]:
    """A run as lines for logs: scope, deviations with their commands, what could not be judged, counts, warnings."""
    summary = Summary.of(run)
    yield f"{summary.subject}: {summary.scope}"
    for record in deviations(run):
        yield from _deviation(run, record)
    for record in _unjudged(run):
        verdict = record.verdict
        yield f"{SIGNS[verdict.shown]} {verdict.shown}  {line(case_name(verdict))}: {line(verdict.reason)}"
    yield from _closing(run, summary)


def _unjudged(run: Run) -> list[VerdictRecord]:
    return [r for r in run.verdicts if r.verdict.shown in {"error", "inconclusive"}]


def _deviation(run: Run, record: VerdictRecord) -> Iterator[str]:
    verdict = record.verdict
    yield f"{SIGNS.get(verdict.shown, '!')} {verdict.shown}  {line(case_name(verdict))}"
    for row in blamed(run, record):
        yield f"    {citation(row)} {row.level} ({row.key}): {line(row.text)}"
    yield f"    {line(verdict.reason)}"
    yield f"    {reproduction(run, verdict.case)}"


def _closing(run: Run, summary: Summary) -> Iterator[str]:
    yield f"{summary.counted}. {summary.score}"
    for warning in summary.warnings:
        yield f"warning: {warning}"
    for note in summary.notes:
        yield f"note: {note}"
    yield f"exit {summary.exit}" if summary.exit is not None else "no exit code: the run did not end"
    yield f"run: {run.path}"


def show(run: Run, console: Console) -> None:
    """Print a run as a table, the gravest first, to a rich console (which honours NO_COLOR and its own width)."""
    from rich.table import Table
    from rich.text import Text

    summary = Summary.of(run)
    console.print(Text(f"{summary.subject}: {summary.scope}"))
    rows = [*deviations(run), *_unjudged(run)]
    if rows:
        table = Table(show_edge=False, show_lines=True, pad_edge=False, expand=True)
        table.add_column("", no_wrap=True)
        table.add_column("case", ratio=3, overflow="fold")
        table.add_column("requirement", ratio=3, overflow="fold")
        table.add_column("what was seen", ratio=4, overflow="fold")
        for record in rows:
            verdict = record.verdict
            asked = [f"{citation(r)} {r.level} {r.key}\n{line(r.text)}" for r in blamed(run, record)]
            table.add_row(
                Text(f"{SIGNS.get(verdict.shown, '!')} {verdict.shown}", STYLES.get(verdict.shown, "")),
                Text(line(case_name(verdict))),
                Text("\n".join(asked)),
                Text.assemble(line(verdict.reason), "\n", (reproduction(run, verdict.case), "dim")),
            )
        console.print(table)
    counts = Text(", ").join(Text(f"{n} {word}", STYLES.get(word, "")) for word, n in summary.counts.items() if n)
    console.print(Text.assemble(counts or "nothing ran", ". ", (summary.score, "bold")))
    for warning in summary.warnings:
        console.print(Text(f"warning: {warning}", "yellow"))
    for note in summary.notes:
        console.print(Text(f"note: {note}"))
    console.print(Text(f"exit {summary.exit}" if summary.exit is not None else "no exit code: the run did not end"))
    console.print(Text(f"run: {run.path}", "dim"), soft_wrap=True)


def explain(run: Run, record: VerdictRecord, limit: int = 256) -> Iterator[str]:
    """One case in full: what is asked, what was changed, what was sent and came back, its twin and its health.

    Of a field longer than `limit` octets only the first are shown.
    """
    verdict, case = record.verdict, run.cases.get(record.verdict.case)
    yield f"{SIGNS.get(verdict.shown, '!')} {verdict.shown}  {line(case_name(verdict))}"
    if case is not None:
        yield from textwrap.wrap(line(case.doc, 2000), 118, initial_indent="  ", subsequent_indent="  ")
        if case.expect:
            yield f"  expected: {line(case.expect)}"
    yield f"  seen: {line(verdict.reason, 2000)}"
    for id_, verdict_of in decided(run, record).items():
        row = run.requirements.get(id_)
        asked = f"{citation(row)} {row.level} ({row.key}): {line(row.text, 2000)}" if row else ""
        yield f"  {SIGNS.get(verdict_of, '!')} {verdict_of}  {id_}"
        if asked:
            yield from textwrap.wrap(asked, 114, initial_indent="      ", subsequent_indent="      ")
    parts = run.transcript(record).parts
    for place, part in enumerate(parts):
        yield ""
        shared = "twin (the case before): " if part.name == HEALTH and place < heads(parts) else ""
        yield f"  {shared}{part_title(part)}: {ended(part)}"
        for change in part.changes:
            yield f"    change: {line(str(change))}"
        if part.name in CONTROLS:
            continue
        for event in part.events:
            yield f"    {event.at:9.3f} s {direction(event)} {title(event)}"
            for row_text in dump(event, limit) if event.octets else ():
                yield f"      {row_text}"
    yield ""
    yield f"  {reproduction(run, verdict.case)}"
    yield f"  run: {run.path}"


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:
    """Plain text of several runs; with `full` in the options every deviation is explained."""
    lines: list[str] = []
    for run in runs:
        lines += [*plain(run), ""]
        for record in deviations(run) if options.get("full") else ():
            lines += [*explain(run, record), ""]
    lines += [f"{line(a.title)}: not run: {line(a.reason)}" for a in absent]
    return "\n".join(lines).rstrip("\n").encode() + b"\n"
