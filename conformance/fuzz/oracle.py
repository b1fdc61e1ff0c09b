"""What is wrong whatever was sent, and what the cases say of changes like those that were drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.model import (
    ACCEPTED,
    ANYWAY,
    CLOSED,
    CRASH,
    GIVEN,
    HEALTH,
    IN_LEAVING,
    RESET,
    TWIN,
    Case,
    Change,
    Exchange,
    Outcome,
    Part,
    Watch,
)

FINE, REJECTED, OPEN, UNANSWERED = "", "rejected", "open", "unanswered"
"""Nothing to tell; a change that could not be made; no answer to the question, because a control failed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an example showed: FINE, REJECTED, OPEN, or crash, hang, forbidden, unanswered, accepted-anyway; and why."""

    observation: str
    because: str = ""
    outcome: Outcome = ACCEPTED

    @property
    def bad(self) -> bool:
        """Whether it is a finding."""
        return self.observation not in {FINE, REJECTED, OPEN}


def look(exchange: Exchange, parts: Sequence[Part], never: Sequence[Outcome]) -> Seen:
    """Judge the parts of one example: twin, steps, health. `never` are the outcomes that no input justifies."""
    twin = next((p for p in parts if p.name == TWIN), None) or (parts[0] if parts[0].name == HEALTH else None)
    if twin is not None and (outcome := exchange.ended(twin)) != ACCEPTED:
        return Seen(OPEN, f"the twin was not accepted: {outcome}", outcome)
    steps = [p for p in parts if p is not twin and p.name != HEALTH]
    bad: Seen | None = None
    for part in steps:
        outcome = exchange.ended(part)
        if any(n not in part.applied for n in range(len(part.changes))):
            return Seen(REJECTED)
        if outcome.name in {"suite-error", "adapter-error", "absent", "unsupported"}:
            return Seen(REJECTED, part.detail(), outcome)
        bad = bad or _bad(part, outcome, never)
    health = next((p for p in reversed(parts) if p.name == HEALTH and p.scope == "subject" and p is not twin), None)
    if bad is not None and bad.observation == CRASH.name:
        return bad
    if health is not None and (outcome := exchange.ended(health)) != ACCEPTED:
        kind = "crash" if outcome == CRASH else "hang"
        return Seen(kind, f"it serves nobody afterwards: {outcome}", outcome)
    return bad or _silent(exchange, steps) or Seen(FINE)


def _silent(exchange: Exchange, steps: Sequence[Part]) -> Seen | None:
    """The first step that was not answered, though it left whole and as messages leave."""
    for part in steps:
        outcome = exchange.ended(part)
        if outcome in {CLOSED, RESET} and not any(c.op in IN_LEAVING for c in part.changes):
            return Seen(UNANSWERED, f"it ends without an answer: {outcome}", outcome)
    return None


def _bad(part: Part, outcome: Outcome, never: Sequence[Outcome]) -> Seen | None:
    if outcome == CRASH:
        return Seen("crash", f"it died: {part.detail()}", outcome)
    for refused in never:
        if refused.allows(outcome):
            return Seen("forbidden", f"it answered {outcome}, which nothing that is sent justifies", outcome)
    if outcome == ANYWAY:
        return Seen("accepted-anyway", "it accepted what our strict decoder refuses", outcome)
    return None


_NUMBER = re.compile(r"\[-?\d+\]")


def general(place: str) -> str:
    """A place without the numbers of items: what findings are told apart by."""
    return _NUMBER.sub("[]", place)


class Knowledge:
    """What the cases of a role say: which requirement a change is about, and which outcomes they tolerate."""

    def __init__(self, cases: Iterable[Case | Watch]) -> None:
        self.known: list[tuple[Change, Case]] = []
        for case in cases:
            if isinstance(case, Case) and not case.scripted:
                for _, changes in case.attempts():
                    self.known += [(change, case) for change in changes if change.op != GIVEN]

    def about(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """The requirements of the case whose change is most like one of these; none where no case is near."""
        ranked = [(_nearness(change, other), case) for change in changes for other, case in self.known]
        nearest = max((rank for rank, _ in ranked), default=0)
        if nearest < NEAR:
            return ()
        return next(case.requirements for rank, case in ranked if rank == nearest)

    def tolerated(self, changes: Sequence[Change], outcome: Outcome) -> bool:
        """Whether cases with changes of the same kind at the same places allow that outcome."""
        for change in changes:
            if change.op in IN_LEAVING:
                continue
            same = [case for other, case in self.known if _nearness(change, other) >= SAME_PLACE]
            if not any(a.allows(outcome) for case in same for a in _allowed(case)):
                return False
        return bool(changes)

    def forbidden(self, changes: Sequence[Change], outcome: Outcome) -> bool:
        """Whether there are cases with changes at the same places, for each of them, and none allows that outcome."""
        for change in changes:
            same = [case for other, case in self.known if _nearness(change, other) >= SAME_PLACE]
            if not same or any(a.name == outcome.name for case in same for a in _allowed(case)):
                return False
        return bool(changes)


NEAR, SAME_PLACE = 2, 100


def _nearness(one: Change, other: Change) -> int:
    """How much two changes are alike: 0 at different points, 100 and more at the same place."""
    if one.point.partition("[")[0] != other.point.partition("[")[0]:
        return 0
    here, there = general(one.path), general(other.path)
    if here == there:
        return SAME_PLACE + 10 * (one.op == other.op) + (one.wire == other.wire)
    common = 0
    for a, b in zip(here.split("."), there.split("."), strict=False):
        if a != b:
            break
        common += 1
    return 1 + common * 5


def _allowed(case: Case) -> Sequence[Outcome]:
    return () if isinstance(case.expect, Mapping) else case.expect
