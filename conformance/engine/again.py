"""Judges a stored run again: the judges of today on the transcripts of then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.engine.judge import judge, judge_watch, weigher
from conformance.engine.stream import Run
from conformance.model import Case, Finding, Requirement, Verdict, Watch


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A stored verdict beside that of today; `now` is None where the case exists no more."""

    stored: Verdict
    now: Verdict | None

    @property
    def same(self) -> bool:
        """Whether nothing changed: what is shown, and what of each requirement."""
        return (
            self.now is not None
            and self.now.shown == self.stored.shown
            and dict(self.now.requirements) == dict(self.stored.requirements)
        )


def judge_again(
    run: Run, cases: Mapping[str, Case | Watch], requirements: Mapping[str, Requirement]
) -> Iterator[Rejudged]:
    """Every verdict of a run beside the one that its parts get today. What did not run then keeps its verdict."""
    weigh = weigher(requirements, strict=bool(run.header.scope.get("strict")))
    for record in run.verdicts:
        case = cases.get(record.verdict.case)
        if case is None:
            yield Rejudged(record.verdict, None)
        elif isinstance(case, Watch):
            yield Rejudged(record.verdict, _watched(run, case, requirements))
        elif not record.parts:
            yield Rejudged(record.verdict, record.verdict)
        else:
            yield Rejudged(record.verdict, judge(case, run.transcript(record), weigh))


def _watched(run: Run, watch: Watch, requirements: Mapping[str, Requirement]) -> Verdict:
    findings: list[Finding] = []
    seen = 0
    roles = {c.id: c.role for c in run.cases.values()}
    numbers = dict.fromkeys(
        number for record in run.verdicts if roles.get(record.verdict.case) == watch.role for number in record.parts
    )
    for number in numbers:
        part = run.part(number)
        if all(part.variant.get(axis) in values for axis, values in watch.where.items()):
            seen += 1
            findings += watch.look(part)
    return judge_watch(watch, findings, seen, weigher(requirements))
