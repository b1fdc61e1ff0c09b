"""Annotations and the step summary, where GitHub's runner asks for them by its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.model import BAD, EnvironmentProblem

if TYPE_CHECKING:
    from conformance.engine.stream import Run

MOST = 10
"""Annotations of one kind that the runner shows for a step; what is beyond is lost, so that it is counted instead."""


def tell_ci(run: Run, *, to_stdout: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Annotate the failures that no baseline knows, and append the Markdown report to the step's summary.

    EnvironmentProblem when the summary cannot be written.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    for line in annotated(run):
        click.echo(line, file=sys.stderr if to_stdout else sys.stdout)
    if place := environment.get("GITHUB_STEP_SUMMARY"):
        from conformance.report import report_named

        try:
            with Path(place).open("ab") as summary:
                summary.write(report_named("markdown")([run], [], {}) + b"\n")
        except OSError as why:
            raise EnvironmentProblem(f"the step summary {place} cannot be written: {why.strerror}") from why


def annotated(run: Run) -> Iterator[str]:
    """Workflow commands for what is new, gravest first: errors for failures, a last one for those beyond ten."""
    from conformance.report._words import by_case, deviations, line, news

    failed = by_case(r for r in news(deviations(run)) if r.verdict.shown in BAD)
    for group in failed[:MOST] if len(failed) <= MOST else failed[: MOST - 1]:
        yield _error(f"{group.shown}: {line(group.name)}", line("; ".join(group.reasons)))
    if len(failed) > MOST:
        yield _error("conformance", f"and {len(failed) - MOST + 1} more")


def _error(title: str, text: str) -> str:
    return f"::error title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
