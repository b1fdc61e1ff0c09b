"""A summary in Markdown, for the page of a CI step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.engine.stream import Run
from conformance.report._words import (
    SIGNS,
    AbsentRun,
    blamed,
    by_case,
    citation,
    deviations,
    known_groups,
    line,
    news,
    reproduction,
)
from conformance.report.cells import is_cell, tables
from conformance.report.cells import lines as cell_lines
from conformance.report.summary import Summary

MOST = 200
"""Rows in one table: a step's page has a limit of size, and nobody reads further."""

FEW = 3
"""How many case ids a row about known failures names."""

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~&@$])")


def escape(text: str) -> str:
    """Text of a stranger as Markdown that means nothing but itself, on one line."""
    return _ACTIVE.sub(r"\\\1", line(text))


def code(text: str) -> str:
    """Text of a stranger as a code span that can stand in a table."""
    ticks = "`" * (max((len(t) for t in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{line(text, 2000).replace('|', chr(92) + '|')}{pad}{ticks}"


def lines(run: Run) -> Iterator[str]:
    """One run: scope, score, warnings, the table of deviations, counts."""
    summary = Summary.of(run)
    yield f"## {escape(summary.subject)}"
    yield ""
    yield escape(summary.whole_scope) + "."
    yield ""
    known = f" {summary.known.capitalize()}." if summary.known else ""
    yield f"**{escape(summary.score)}{known}**" + ("" if summary.exit is None else f" Exit code {summary.exit}.")
    yield ""
    for warning in summary.warnings:
        yield f"> **Warning:** {escape(warning)}"
        yield ""
    for note in summary.notes:
        yield f"> {escape(note)}"
        yield ""
    rows = by_case(news(deviations(run)))
    if rows:
        yield "| Verdict | Case | Requirement | What was seen |"
        yield "|---|---|---|---|"
        for group in rows[:MOST]:
            asked = "<br>".join(
                f"{escape(citation(r))} {r.level}: {escape(r.text)}" for r in blamed(run, group.records[0])
            )
            yield (
                f"| {SIGNS.get(group.shown, '!')} {group.shown} | {code(group.name)} | {asked} "
                f"| {'<br>'.join(escape(r) for r in group.reasons)}<br>{code(reproduction(run, group.case))} |"
            )
        if len(rows) > MOST:
            yield f"\nand {len(rows) - MOST} more."
        yield ""
    if groups := known_groups(run):
        yield "| Known | Reason | Cases |"
        yield "|---|---|---|"
        for known_group in groups[:MOST]:
            cases = ", ".join(code(case) for case in known_group.cases[:FEW])
            more = f" and {len(known_group.cases) - FEW} more" if len(known_group.cases) > FEW else ""
            yield f"| {known_group.counted} | {escape(known_group.why)} | {cases}{more} |"
        yield ""
    yield "| " + " | ".join(word for word, n in summary.counts.items() if n) + " |"
    yield "|" + "---:|" * max(1, sum(bool(n) for n in summary.counts.values()))
    yield "| " + " | ".join(str(n) for n in summary.counts.values() if n) + " |"


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:  # noqa: ARG001
    """All runs, one below the other, then what could not be run."""
    made: list[str] = []
    for run in runs:
        made += [] if is_cell(run) else [*lines(run), ""]
    made += [f"- {escape(text.strip())}" for text in cell_lines(tables(runs))]
    made += [f"- {escape(a.title)} was not run: {escape(a.reason)}" for a in absent]
    return "\n".join(made).rstrip("\n").encode() + b"\n"
