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
    case_name,
    citation,
    deviations,
    line,
    reproduction,
)
from conformance.report.summary import Summary

MOST = 200
"""Rows in one table: a step's page has a limit of size, and nobody reads further."""

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
    yield escape(summary.scope) + "."
    yield ""
    yield f"**{escape(summary.score)}**" + ("" if summary.exit is None else f" Exit code {summary.exit}.")
    yield ""
    for warning in summary.warnings:
        yield f"> **Warning:** {escape(warning)}"
        yield ""
    for note in summary.notes:
        yield f"> {escape(note)}"
        yield ""
    rows = deviations(run)
    if rows:
        yield "| Verdict | Case | Requirement | What was seen |"
        yield "|---|---|---|---|"
        for record in rows[:MOST]:
            verdict = record.verdict
            asked = "<br>".join(f"{escape(citation(r))} {r.level}: {escape(r.text)}" for r in blamed(run, record))
            yield (
                f"| {SIGNS.get(verdict.shown, '!')} {verdict.shown} | {code(case_name(verdict))} | {asked} "
                f"| {escape(verdict.reason)}<br>{code(reproduction(run, verdict.case))} |"
            )
        if len(rows) > MOST:
            yield f"\nand {len(rows) - MOST} more."
        yield ""
    yield "| " + " | ".join(word for word, n in summary.counts.items() if n) + " |"
    yield "|" + "---:|" * max(1, sum(bool(n) for n in summary.counts.values()))
    yield "| " + " | ".join(str(n) for n in summary.counts.values() if n) + " |"


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:  # noqa: ARG001
    """All runs, one below the other, then what could not be run."""
    made: list[str] = []
    for run in runs:
        made += [*lines(run), ""]
    made += [f"- {escape(a.title)} was not run: {escape(a.reason)}" for a in absent]
    return "\n".join(made).rstrip("\n").encode() + b"\n"
