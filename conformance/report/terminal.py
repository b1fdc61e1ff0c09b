"""Reports for a terminal: plain lines, a table in colour, and one case in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import CONTROLS, HEALTH
from conformance.report._parts import direction, dump, ended, heads, part_title, title
from conformance.report._words import (
    EXITS,
    NOT_COUNTED,
    SHIM,
    SIGNS,
    AbsentRun,
    Group,
    blamed,
    by_case,
    case_name,
    citation,
    closer_look,
    decided,
    deviations,
    findings,
    known_groups,
    line,
    news,
    plain_reason,
    plainly,
    reproduction,
)
from conformance.report.summary import Summary

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Mapping[str, str] = {
    "pass": "green", "tolerated": "cyan", "warn": "yellow", "fail": "bold red", "crash": "bold red", "hang": "bold red",
    "leak": "bold magenta", "unsupported": "dim", "not-applicable": "dim", "inconclusive": "blue", "error": "magenta",
}  # fmt: skip


FEW = 3
"""How many case ids a line about known failures names."""


def plain(run: Run) -> Iterator[str]:
    """A run as lines for logs: scope, what is new and bad with its command, what is known, counts, warnings.

    What is shown of a case in several variants stands once.
    """
    summary = Summary.of(run)
    yield f"{summary.subject}: {summary.scope}"
    for number, reason in summary.outside:
        yield f"    out of scope: {number} case{'s' if number > 1 else ''}: {reason}"
    for group in by_case(news(deviations(run))):
        yield from _deviation(run, group)
    yield from _open(run)
    yield from _known(run)
    yield from _closing(run, summary)


def _sign(shown: str) -> str:
    return SIGNS.get(shown, "!")


def _unjudged(run: Run) -> list[VerdictRecord]:
    return [r for r in run.verdicts if r.verdict.shown in {"error", "inconclusive"}]


def _open(run: Run) -> Iterator[str]:
    """What came to no verdict, by its reason: one cause mostly stands behind all of it."""
    causes: dict[tuple[str, str], list[VerdictRecord]] = {}
    for record in (r for r in news(_unjudged(run)) if r.written is None):  # of a lie the warnings tell
        causes.setdefault((record.verdict.shown, plainly(record)), []).append(record)
    for (shown, reason), records in causes.items():
        names = [group.name for group in by_case(records)]
        if len(names) == 1:
            yield f"{_sign(shown)} {shown}  {line(names[0])}: {line(reason)}"
        else:
            more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
            yield f"{_sign(shown)} {shown}  {len(names)} cases: {line(reason)}"
            yield f"    {line(', '.join(names[:FEW]))}{more}"


def _deviation(run: Run, group: Group) -> Iterator[str]:
    yield f"{_sign(group.shown)} {group.shown}  {line(group.name)}"
    for row in blamed(run, group.records[0]):
        yield f"    {citation(row)} {row.level} ({row.key}): {line(row.text)}"
    for reason in group.reasons:
        yield f"    {line(reason)}"
    yield f"    {reproduction(run, group.case)}"


def _known(run: Run) -> Iterator[str]:
    """What the baseline knows, by its reasons: the cases are named, their requirements are for the other reports."""
    groups = known_groups(run)
    if groups:
        yield f"known to {line(groups[0].known.file or 'the baseline')}:"
    for group in groups:
        yield f"    {group.counted}: {group.why}"
        cases = group.cases
        more = f" and {len(cases) - FEW} more" if len(cases) > FEW else ""
        yield f"        {line(', '.join(cases[:FEW]))}{more}"


def _closing(run: Run, summary: Summary) -> Iterator[str]:
    yield f"{summary.counted}. {summary.score}{f' {summary.known.capitalize()}.' if summary.known else ''}"
    for warning in summary.warnings:
        yield f"warning: {warning}"
    for note in summary.notes:
        yield f"note: {note}"
    yield _exit(summary)
    if news(deviations(run)):
        yield f"what was sent and came back: {closer_look(run)}"
    yield f"run: {run.path}"


def _exit(summary: Summary) -> str:
    if summary.exit is None:
        return "no exit code: the run did not end"
    if summary.exit == 0 and summary.known:
        return f"exit 0: {summary.known}"
    return f"exit {summary.exit}: {EXITS.get(summary.exit, 'unknown')}"


def show(run: Run, console: Console) -> None:
    """Print a run as a table, the gravest first, to a rich console (which honours NO_COLOR and its own width)."""
    from rich.table import Table
    from rich.text import Text

    summary = Summary.of(run)
    console.print(Text(f"{summary.subject}: {summary.scope}"))
    for number, reason in summary.outside:
        console.print(Text(f"    out of scope: {number} case{'s' if number > 1 else ''}: {reason}", "dim"))
    groups = by_case(news(deviations(run)))
    if groups:
        table = Table(show_edge=False, show_lines=True, pad_edge=False, expand=True)
        table.add_column("", no_wrap=True)
        table.add_column("case", ratio=3, overflow="fold")
        table.add_column("requirement", ratio=3, overflow="fold")
        table.add_column("what was seen", ratio=4, overflow="fold")
        for group in groups:
            asked = [f"{citation(r)} {r.level} {r.key}\n{line(r.text)}" for r in blamed(run, group.records[0])]
            table.add_row(
                Text(f"{_sign(group.shown)} {group.shown}", STYLES.get(group.shown, "")),
                Text(line(group.name)),
                Text("\n".join(asked)),
                Text.assemble(*(f"{line(r)}\n" for r in group.reasons), (reproduction(run, group.case), "dim")),
            )
        console.print(table)
    for text in (*_open(run), *_known(run)):
        console.print(Text(text, "dim" if text.startswith("     ") else ""))
    counts = Text(", ").join(Text(f"{n} {word}", STYLES.get(word, "")) for word, n in summary.counts.items() if n)
    known = f" {summary.known.capitalize()}." if summary.known else ""
    console.print(Text.assemble(counts or "nothing ran", ". ", (summary.score + known, "bold")))
    for warning in summary.warnings:
        console.print(Text(f"warning: {warning}", "yellow"))
    for note in summary.notes:
        console.print(Text(f"note: {note}"))
    console.print(Text(_exit(summary)))
    if news(deviations(run)):
        console.print(Text(f"what was sent and came back: {closer_look(run)}", "dim"), soft_wrap=True)
    console.print(Text(f"run: {run.path}", "dim"), soft_wrap=True)


def explain(run: Run, record: VerdictRecord, limit: int = 256) -> Iterator[str]:
    """One case in full: what is asked, what was changed, what was sent and came back, its twin and its health.

    Of a field longer than `limit` octets only the first are shown.
    """
    verdict, case = record.verdict, run.cases.get(record.verdict.case)
    yield f"{_sign(verdict.shown)} {verdict.shown}  {line(case_name(verdict))}"
    if record.known is not None:
        yield f"  known: {line(record.known.reason, 2000)} {line(record.known.link)}".rstrip()
    if case is not None:
        yield from textwrap.wrap(line(case.doc, 2000), 118, initial_indent="  ", subsequent_indent="  ")
        if case.expect:
            yield f"  expected: {line(case.expect)}"
    yield f"  seen: {line(plainly(record), 2000)}"
    for id_, verdict_of in decided(run, record).items():
        row = run.requirements.get(id_)
        asked = f"{citation(row)} {row.level} ({row.key}): {line(row.text, 2000)}" if row else ""
        yield f"  {_sign(verdict_of)} {verdict_of}  {id_}"
        if asked:
            yield from textwrap.wrap(asked, 114, initial_indent="      ", subsequent_indent="      ")
    for word, finding in findings(run, record):
        aside = f" ({SHIM})" if word == NOT_COUNTED else ""
        yield f"  {word}{aside}: {line(plain_reason(finding.because, [finding.part]), 1000)}"
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
