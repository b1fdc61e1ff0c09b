"""Reports: pure folds over stored runs.

A report format is a callable of runs, absent runs and options that gives the octets of a document. Formats register
through the entry-point group `conformance.reports`, ours too. Nothing here knows more than the stream tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from conformance.engine.stream import Run
from conformance.model import UsageError
from conformance.report import html, json_result, junit, markdown, terminal
from conformance.report._words import AbsentRun
from conformance.report.compare import Comparison, Difference, against
from conformance.report.summary import Standing, Summary

Report = Callable[[Sequence[Run], Sequence[AbsentRun], Mapping[str, Any]], bytes]

REPORTS: Mapping[str, Report] = {
    "text": terminal.report,
    "json": json_result.report,
    "junit": junit.report,
    "markdown": markdown.report,
    "html": html.report,
}
"""Our own formats; jinja2 and rich are imported only when one is made."""

GROUP = "conformance.reports"


def report_named(name: str) -> Report:
    """A format, ours or one that another package registers. UsageError when there is none of that name."""
    if name in REPORTS:
        return REPORTS[name]
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        raise UsageError(
            f"there is no report format {name!r}", hint=f"there are {', '.join(sorted({*REPORTS, *known}))}"
        )
    loaded: Report = known[name].load()
    return loaded


__all__ = [
    "REPORTS", "AbsentRun", "Comparison", "Difference", "Report", "Standing", "Summary", "against", "report_named",
]  # fmt: skip
