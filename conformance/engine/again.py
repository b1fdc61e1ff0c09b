"""Judges a stored run again: the judges of today on the transcripts of then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.engine.judge import Watching, Weigh, judge, weigher
from conformance.engine.plan import ours_of
from conformance.engine.stream import Run, VerdictRecord
from conformance.model import Case, Requirement, Verdict, Watch


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
    scope = run.header.scope

    def weigh(role: str) -> Weigh:
        return weigher(requirements, strict=bool(scope.get("strict")), ours=ours_of(scope.get("ours", ()), role))

    for record in run.verdicts:
        if record.written is not None:
            record = replace(record, verdict=record.written, written=None)  # noqa: PLW2901 - what its judge said then
        case = cases.get(record.verdict.case)
        if case is None:
            yield Rejudged(record.verdict, None)
        elif isinstance(case, Watch):
            yield Rejudged(record.verdict, _watched(run, record, case, weigh(case.role)))
        elif not record.parts:
            yield Rejudged(record.verdict, record.verdict)
        else:
            yield Rejudged(record.verdict, judge(case, run.transcript(record), weigh(case.role)))


def _watched(run: Run, stored: VerdictRecord, watch: Watch, weigh: Weigh) -> Verdict:
    """What a watch makes of all parts of its role, each seen once, as when they were stored."""
    if stored.verdict.shown in {"not-applicable", "unsupported"}:
        return stored.verdict
    roles = {c.id: c.role for c in run.cases.values()}
    watching = Watching(watch)
    first: dict[int, str] = {}
    for record in run.verdicts:
        if roles.get(record.verdict.case) == watch.role:
            first = dict.fromkeys(record.parts, (record.written or record.verdict).shown) | first
    for number in sorted(first):
        watching.see(run.part(number), first[number])
    return watching.verdict(weigh)
