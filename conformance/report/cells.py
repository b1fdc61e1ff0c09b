"""The role by role table: who met whom, how far they came, and where they did not, who deviates from what.

A cell is a stored run like any other, in which another subject stood in the place of a peer of ours. Who deviates is
read from the runs that both sides had with our peers: it is said only where just one of them fails there what it asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import BAD
from conformance.report._words import blamed, case_name, citation, line
from conformance.report.summary import gating
from conformance.report.terminal import explain

WELL = ("pass", "tolerated")
ASIDE = ("not-applicable", "unsupported")


def is_cell(run: Run) -> bool:
    """Whether a stored run is a cell: another subject stood in the place of a peer of ours."""
    return bool(run.header.subject.get("others"))


@dataclass(frozen=True, slots=True)
class Blame:
    """Who deviates in a failing cell: the side and its requirements; both empty where that cannot be told."""

    side: str
    because: str


@dataclass(frozen=True)
class Meeting:
    """One cell: a run, and the runs of its sides with our peers, by title."""

    run: Run
    alone: Mapping[str, Run]

    @property
    def subject(self) -> str:
        """The side under test."""
        return str(self.run.header.subject.get("title") or self.run.header.subject.get("name", ""))

    @property
    def others(self) -> tuple[str, ...]:
        """Those who stand in the place of our peers."""
        return tuple(str(o.get("title") or o.get("name", "")) for o in self.run.header.subject["others"])

    @property
    def roles(self) -> tuple[str, ...]:
        """The role under test, and those of the others."""
        own = self.run.header.subject.get("roles") or [""]
        return (str(own[0]), *(str(o["role"]) for o in self.run.header.subject["others"]))

    @cached_property
    def met(self) -> list[VerdictRecord]:
        """The verdicts on exchanges that both sides could have."""
        return [r for r in self.run.verdicts if r.verdict.shown not in ASIDE]

    @property
    def passed(self) -> int:
        """How many of them went as they should."""
        return sum(r.verdict.shown in WELL for r in self.met)

    @property
    def word(self) -> str:
        """One word for the cell: `pass`, `mixed`, `fail`, or why there is nothing to say."""
        if not self.met:
            return "not-applicable"
        return "pass" if self.passed == len(self.met) else "mixed" if self.passed else "fail"

    @property
    def short(self) -> str:
        """Passed exchanges of all."""
        return f"{self.passed}/{len(self.met)}" if self.met else "n/a"

    @property
    def agreed(self) -> str:
        """The versions and suites in which something went as it should."""
        axes: dict[str, dict[str, None]] = {}
        for record in self.met:
            for axis, value in record.verdict.variant.items() if record.verdict.shown in WELL else ():
                axes.setdefault(str(axis), {})[str(value)] = None
        return "; ".join(line(f"{axis} {_few(list(values))}") for axis, values in sorted(axes.items()))

    @cached_property
    def failing(self) -> list[VerdictRecord]:
        """What did not go as it should, in the order in which it was tried."""
        return [r for r in self.met if r.verdict.shown not in WELL]

    @property
    def stage(self) -> str:
        """The first exchange that failed, and how it ended; or why none could be had."""
        if self.failing:
            first = self.failing[0].verdict
            return f"{line(case_name(first))}: {line(first.reason)}"
        aside = [r.verdict.reason for r in self.run.verdicts]
        return line(aside[0]) if aside and not self.met else ""

    def evidence(self, most: int = 16_000) -> str:
        """The first failing exchange in full, of its text so many characters."""
        told = "\n".join(explain(self.run, self.failing[0])) if self.failing else ""
        return told if len(told) <= most else told[:most] + " …"

    @property
    def blame(self) -> Blame:
        """Which side deviates, from which requirement, as far as the runs with our peers tell."""
        if not self.failing:
            return Blame("", "")
        if all(r.verdict.shown == "error" for r in self.failing):
            return Blame("", "neither side: the suite or an adapter is at fault")
        cases = {r.verdict.case for r in self.failing}
        own = self.alone.get(self.subject)
        same = [r for r in own.verdicts if r.verdict.case in cases] if own else []
        if found := _deviations(own, same):
            return Blame(self.subject, f"it fails the same exchange with our peer too: {found}")
        sides = {self.subject: _of_role(own, self.roles[0])}
        sides |= {
            title: _of_role(self.alone.get(title), role)
            for title, role in zip(self.others, self.roles[1:], strict=True)
        }
        missing = [title for title in sides if title not in self.alone]
        if missing:
            return Blame("", f"it cannot be told: {' and '.join(missing)} did not run with our peers")
        deviating = {title: told for title, told in sides.items() if told}
        if len(deviating) == 1:
            ((title, told),) = deviating.items()
            return Blame(title, f"it alone fails requirements with our peers, which may be the cause: {told}")
        if deviating:
            both = "; ".join(f"{title}: {told}" for title, told in deviating.items())
            return Blame("", f"it cannot be told: more than one side fails requirements with our peers ({both})")
        return Blame("", "it cannot be told: with our peers each side does what it should")


def _few(values: Sequence[str], most: int = 3) -> str:
    return ", ".join(values[:most]) + (f" and {len(values) - most} more" if len(values) > most else "")


def _of_role(run: Run | None, role: str) -> str:
    if run is None:
        return ""
    return _deviations(
        run, [r for r in run.verdicts if r.verdict.case in run.cases and run.cases[r.verdict.case].role == role]
    )


def _deviations(run: Run | None, records: Iterable[VerdictRecord], most: int = 3) -> str:
    """The gating requirements that fail in some verdicts, the first few by name."""
    if run is None:
        return ""
    rows = {
        row.id: citation(row)
        for record in records
        if record.verdict.shown in BAD
        for row in blamed(run, record)
        if gating(run, row)
    }
    told = [f"{cite} ({id_})" for id_, cite in rows.items()]
    return ", ".join(told[:most]) + (f" and {len(told) - most} more" if len(told) > most else "")


@dataclass(frozen=True)
class Table:
    """The cells of one constellation of roles: a row for each subject, a column for those that it met."""

    roles: tuple[str, ...]
    meetings: tuple[Meeting, ...]

    @property
    def subjects(self) -> list[str]:
        """The rows."""
        return list(dict.fromkeys(m.subject for m in self.meetings))

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """The columns."""
        return list(dict.fromkeys(m.others for m in self.meetings))

    def cell(self, subject: str, others: tuple[str, ...]) -> Meeting | None:
        """The meeting of a row with a column, if it took place."""
        return next((m for m in self.meetings if m.subject == subject and m.others == others), None)


def tables(runs: Sequence[Run]) -> list[Table]:
    """All tables that the cells among some stored runs fill."""
    alone = {str(r.header.subject.get("title") or r.header.subject.get("name", "")): r for r in runs if not is_cell(r)}
    by_roles: dict[tuple[str, ...], list[Meeting]] = {}
    for run in runs:
        if is_cell(run):
            meeting = Meeting(run, alone)
            by_roles.setdefault(meeting.roles, []).append(meeting)
    return [Table(roles, tuple(found)) for roles, found in by_roles.items()]


def lines(found: Sequence[Table]) -> Iterator[str]:
    """The tables as lines for logs: only what did not go as it should, and counts."""
    for table in found:
        words = [m.word for m in table.meetings]
        counts = ", ".join(f"{words.count(w)} {w}" for w in ("pass", "mixed", "fail", "not-applicable") if w in words)
        yield f"{' with '.join(table.roles)}: {counts}"
        for meeting in table.meetings:
            if meeting.failing:
                told = meeting.blame
                yield f"  {meeting.subject} with {' and '.join(meeting.others)}: {meeting.short}; {meeting.stage}"
                yield f"    {told.side + ' deviates: ' if told.side else ''}{told.because}"
