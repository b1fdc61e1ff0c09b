"""From transcript to verdict: pure, so that it runs again on a stored run.

The controls come first (design, section 3): a refusal counts only if the unchanged exchange was accepted before and the
subject was alive afterwards; a wrong answer counts whatever follows; no answer counts only if the subject lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache

from conformance.model import (
    ABSENT,
    ACCEPTED,
    ADAPTER,
    BAD,
    CRASH,
    ERROR,
    GIVEN,
    HEALTH,
    NOT_RUN,
    NOTHING,
    OBSERVATIONS,
    SCOPES,
    TIMEOUT,
    TWIN,
    UNANSWERED,
    UNSUPPORTED,
    Case,
    Change,
    Finding,
    Outcome,
    Part,
    Requirement,
    Transcript,
    Verdict,
    Watch,
)

Weigh = Callable[[str], str]
"""What a violation of a requirement shows as: fail, warn, tolerated; not-applicable where the shim decides it."""
OutcomeOf = Callable[[Part], Outcome]
"""How a part ended."""

_OUT = "not-applicable"
_SEVERITY = (_OUT, "pass", "tolerated", "warn", "fail", "leak", "hang", "crash")
_ANSWERED_BADLY = ("violation", "leak", "crash")
_OF_THE_SUBJECT = ("leak", "hang", "crash")
"""Observations that no shim decides, under whatever requirement they were made."""
_SILENT = frozenset(o.name for o in UNANSWERED)
KEPT = 10
"""How many findings of one kind a watch keeps under one requirement."""


def weigher(requirements: Mapping[str, Requirement], *, strict: bool = False, ours: Sequence[str] = ()) -> Weigh:
    """Weigh by the catalogue; unknown requirements weigh as failures, with `strict` warnings do too.

    `ours` are globs of requirements that the shim and not the implementation decides.
    """

    @cache
    def weigh(requirement: str) -> str:
        if any(fnmatchcase(requirement, glob) for glob in ours):
            return _OUT
        row = requirements.get(requirement)
        weight = row.weight if row else "fail"
        return "fail" if strict and weight == "warn" else weight

    return weigh


@dataclass(slots=True)
class Seen:
    """What one round of a case showed, before the rounds are compared.

    `stopped` is set where the round decides nothing: (verdict, reason); `missing` says what was not reached, which
    leaves open only what is not bad already. `healthy` is None where health was not tried; `after` is the part behind
    which it failed. `answered` says that a violation rests on an answer of the subject and needs no health, `broken`
    that the adapter is at fault.
    """

    twin: bool = True
    stopped: tuple[str, str] | None = None
    missing: str = ""
    findings: list[Finding] = field(default_factory=list)
    healthy: bool | None = None
    after: str = ""
    answered: bool = False
    broken: bool = False
    ended: str = ""

    @property
    def worst(self) -> str:
        """The weightiest observation."""
        return max((f.observation for f in self.findings), key=OBSERVATIONS.index, default="as-expected")

    @property
    def bad(self) -> bool:
        """Whether something was seen that wants a second look."""
        return self.worst not in {"as-expected", "tolerated"}

    @property
    def clean(self) -> bool:
        """Whether the round can stand alone: its controls held, and nothing that wants a second look was seen."""
        return self.twin and self.healthy is not False and (self.stopped is not None or not self.bad)


def look(case: Case, transcript: Transcript) -> Seen:
    """What the parts of one round show. Where the protocol's own code fails over them, the suite is at fault."""
    seen = Seen()
    try:
        _look(case, transcript, seen, case.exchange.ended)
    except Exception as why:  # noqa: BLE001 - outcome functions and judges are code of protocols: one case, not the run
        seen.stopped = ("error", f"the suite failed in judging: {type(why).__name__}: {why}")
    return seen


def _look(case: Case, transcript: Transcript, seen: Seen, ended: OutcomeOf) -> None:
    if (trouble := _trouble(transcript, seen, ended)) is not None:
        seen.stopped = trouble
        return
    _look_at_health(transcript, seen, ended)
    twin = next((p for p in transcript.parts if p.name == TWIN), None)
    if twin is not None and (outcome := ended(twin)) != ACCEPTED:
        if outcome == UNSUPPORTED:
            seen.stopped = ("unsupported", twin.detail())
        elif outcome == ABSENT:
            seen.stopped = (_OUT, twin.detail())
        else:
            seen.twin, seen.ended = False, _told(twin, outcome)
        return
    absent = next((p for p in transcript.tested if p.last("absent")), None)
    if absent is not None:
        seen.stopped = (_OUT, absent.detail())
        return
    if case.own_judge is not None:
        silent = _unanswered(transcript, ended)
        for finding in (f for turn in _turns(transcript) for f in case.own_judge(turn)):
            seen.findings.append(finding)
            seen.answered |= finding.observation in _ANSWERED_BADLY and finding.part not in silent
    seen.missing = next(iter(list(_by_expectation(case, transcript, seen, ended))), "")
    without = [p for p in transcript.tested if ended(p) == UNSUPPORTED]
    if seen.bad:  # a violation counts, whatever follows
        return
    if without and (case.scripted or len(without) == len(transcript.tested)):
        seen.stopped = ("unsupported", without[0].detail())
    elif seen.missing:
        seen.stopped = ("inconclusive", seen.missing)


def _look_at_health(transcript: Transcript, seen: Seen, ended: OutcomeOf) -> None:
    """Whether the subject was alive afterwards, and if not, behind which part."""
    behind = ""
    for part in transcript.parts:
        if part.name == HEALTH and part.scope == "subject":
            seen.healthy = ended(part) == ACCEPTED
            if not seen.healthy:
                seen.ended, seen.after = _told(part, ended(part)), behind
                return
        elif part.name not in {TWIN, HEALTH}:
            behind = part.name


def _trouble(transcript: Transcript, seen: Seen, ended: OutcomeOf) -> tuple[str, str] | None:
    """Whatever makes the case an error of the suite or the adapter: what it recorded, or a reply that is none."""
    for part in transcript.parts:
        kinds = {e.what for e in part.events}
        if ERROR.name in kinds:
            return "error", f"the suite failed in the part {part.name}: {part.detail()}"
        if ADAPTER.name in kinds or (outcome := ended(part)).name == ADAPTER.name:
            seen.broken = True
            told = part.detail() if ADAPTER.name in kinds else outcome.code
            return "error", f"the adapter failed in the part {part.name}: {told}"
        if (change := _unapplied(part)) is not None and part.ending() == NOTHING:
            if not _passed(change, transcript):
                return _OUT, f"the subject never asks for what is changed: {change.place}"
            return "error", f"the change {change} was never applied in the part {part.name}"
    return None


def _passed(change: Change, transcript: Transcript) -> bool:
    """Whether the point of a change was passed in any part, controls included: a client may ask for less."""
    point = change.point.partition("[")[0]
    return change.op == GIVEN or any(e.what == "sent" and e.name == point for p in transcript.parts for e in p.events)


def _unapplied(part: Part) -> Change | None:
    """The first change of a part that was not applied."""
    if not part.changes:
        return None
    applied = part.applied
    return next((change for n, change in enumerate(part.changes) if n not in applied), None)


def _turns(transcript: Transcript) -> Iterator[Transcript]:
    for number in sorted({p.turn for p in transcript.tested}):
        yield replace(transcript, parts=tuple(p for p in transcript.parts if p.turn == number))


def _unanswered(transcript: Transcript, ended: OutcomeOf) -> set[str]:
    return {p.name for p in transcript.tested if ended(p).name in _SILENT}


def _told(part: Part, outcome: Outcome) -> str:
    detail = part.detail()
    return f"{outcome}: {detail}" if detail else str(outcome)


def _by_expectation(case: Case, transcript: Transcript, seen: Seen, ended: OutcomeOf) -> Iterator[str]:
    """Judge every tested part by the outcomes allowed; yields what was not reached."""
    for at, part in enumerate(transcript.parts):
        if part.name in {TWIN, HEALTH}:
            continue
        outcome = ended(part)
        if outcome == UNSUPPORTED:
            continue  # one attempt of several that the subject has no way to make decides nothing
        if (change := _unapplied(part)) is not None:
            yield f"{part.name} ended before {change} could be applied: {_told(part, outcome)}"
            continue
        if outcome.name == CRASH.name:
            seen.findings.append(Finding("crash", f"{part.name}: {_told(part, outcome)}", "", part.name))
            seen.answered = True
            continue
        allowed = case.allowed(part.name)
        if allowed:
            finding = _expected(part, outcome, allowed)
            seen.findings.append(finding)
            if finding.observation == "violation":
                seen.answered |= outcome.name not in _SILENT
            else:
                seen.findings += _survived(transcript, at, next(o for o in allowed if o.allows(outcome)), ended)
        for requirement, outcomes in case.also.items():
            if not case.scripted or allowed:
                finding = replace(_expected(part, outcome, outcomes), requirement=requirement)
                seen.findings.append(finding)
                seen.answered |= finding.observation == "violation" and outcome.name not in _SILENT
    if isinstance(case.expect, Mapping):
        yield from _not_reached(case.expect, transcript, ended)


def _not_reached(steps: Iterable[str], transcript: Transcript, ended: OutcomeOf) -> Iterator[str]:
    for turn in _turns(transcript):
        last = turn.tested[-1]
        for name in steps:
            if not turn.named(name):
                yield f"the step {name} was not reached: {last.name} ended in {_told(last, ended(last))}"
    if not transcript.tested:
        yield f"the step {next(iter(steps))} was not reached"


def _expected(part: Part, outcome: Outcome, allowed: Sequence[Outcome]) -> Finding:
    match = next((o for o in allowed if o.allows(outcome)), None)
    told = f"{part.name}: {_told(part, outcome)}"
    if match is None:
        wanted = " or ".join(str(o) for o in allowed)
        return Finding("violation", f"{told}, where {wanted} is right", "", part.name)
    if match is allowed[0]:
        return Finding("as-expected", told, "", part.name)
    because = f"{told}, which {match.citation} allows" if match.citation else told
    return Finding("tolerated", because, "", part.name)


def _survived(transcript: Transcript, at: int, outcome: Outcome, ended: OutcomeOf) -> Iterator[Finding]:
    """Whether what must live on after an allowed outcome does: health in it, right behind the part."""
    for part in transcript.parts[at + 1 :]:
        if part.name != HEALTH:
            break
        narrow = SCOPES.index(part.scope) >= SCOPES.index(outcome.survives) and part.scope != "subject"
        if narrow and ended(part) != ACCEPTED:
            but = _told(part, ended(part))
            told = f"after {outcome}, the {outcome.survives} should live on, but {but}"
            yield Finding("violation", told, outcome.citation, transcript.parts[at].name)


def judge(case: Case, transcript: Transcript, weigh: Weigh, only: Seen | None = None) -> Verdict:
    """The verdict on a case and variant from everything that was seen of it.

    `only` is what its one round showed, where that was looked at before.
    """
    rounds = [only] if only else [look(case, t) for t in transcript.rounds() if t.parts[0].round > 0]
    if not rounds:
        return _stopped(case, transcript, "inconclusive", "it did not come to run by itself")
    verdict = _compared(case, transcript, rounds, weigh)
    missing = next((r.missing for r in rounds if r.missing), "")
    if missing and verdict.shown in {"pass", "tolerated"}:
        return _stopped(case, transcript, "inconclusive", missing)
    return verdict


def _compared(case: Case, transcript: Transcript, rounds: Sequence[Seen], weigh: Weigh) -> Verdict:
    first, last = rounds[0], rounds[-1]
    stopped = next((r.stopped for r in rounds if r.stopped and r.stopped[0] != "inconclusive"), None)
    if stopped is not None:
        return _stopped(case, transcript, *stopped)
    if len(rounds) == 1:
        return _single(case, transcript, first, weigh)
    if not first.twin:
        if not last.twin:
            return _stopped(case, transcript, "inconclusive", f"the twin was not accepted, twice: {last.ended}")
        return _single(case, transcript, last, weigh)
    if first.answered and last.answered:
        died = [_death(case, last)] if first.healthy is False and last.healthy is False else []
        return _agreed(case, transcript, first.findings, [*last.findings, *died], weigh)
    if first.healthy is False:
        return _after_death(case, transcript, first, last, weigh)
    if not last.twin:
        if first.answered:
            return _graded(case, transcript, first.findings, weigh)
        return _stopped(case, transcript, "inconclusive", f"on a fresh start the twin was not accepted: {last.ended}")
    if last.healthy is False:
        return _stopped(case, transcript, "inconclusive", f"health failed in 1 of 2 attempts: {last.ended}")
    if last.stopped is not None:
        return _stopped(case, transcript, *last.stopped)
    return _agreed(case, transcript, first.findings, last.findings, weigh)


def _agreed(
    case: Case, transcript: Transcript, first: Sequence[Finding], last: Sequence[Finding], weigh: Weigh
) -> Verdict:
    """What two attempts show together: nothing conclusive where only one of them shows something bad."""
    one, two = (_graded(case, transcript, findings, weigh) for findings in (first, last))
    if one.shown == two.shown and one.requirements == two.requirements:
        return two
    bad = [v for v in (one, two) if v.shown in (*BAD, "warn")]
    if len(bad) == 1:
        return _stopped(case, transcript, "inconclusive", f"seen in 1 of 2 attempts: {bad[0].reason}")
    return _graded(case, transcript, (*first, *last), weigh)


def _single(case: Case, transcript: Transcript, seen: Seen, weigh: Weigh) -> Verdict:
    if not seen.twin:
        return _stopped(case, transcript, "inconclusive", f"the twin was not accepted: {seen.ended}")
    if seen.healthy is False and not seen.answered:
        reason = f"the subject was not alive afterwards ({seen.ended}), and the change is not shown to be why"
        return _stopped(case, transcript, "inconclusive", reason)
    if seen.stopped is not None:
        return _stopped(case, transcript, *seen.stopped)
    return _graded(case, transcript, seen.findings, weigh)


def _after_death(case: Case, transcript: Transcript, first: Seen, last: Seen, weigh: Weigh) -> Verdict:
    """Health anew failed; the fresh start says whose fault that was."""
    if not last.twin:
        if transcript.parts[-1].generation == transcript.parts[0].generation:
            because = f"the subject is dead since this change ({last.ended}); not repeated, as it is not ours to start"
            died = Finding("crash", because, "", first.after, {"repeated": False})
            return _graded(case, transcript, [*first.findings, died], weigh)
        if first.answered:
            return _graded(case, transcript, first.findings, weigh)
        reason = f"health failed ({first.ended}), and on a fresh start so did the twin: {last.ended}"
        return _stopped(case, transcript, "inconclusive", reason)
    if last.healthy is False:
        return _graded(case, transcript, [*last.findings, _death(case, last)], weigh)
    return _stopped(case, transcript, "inconclusive", f"health failed in 1 of 2 attempts: {first.ended}")


def _death(case: Case, seen: Seen) -> Finding:
    """Only health failed on a fresh start: a crash, or a hang where nothing but silence tells of it."""
    what = "hang" if seen.ended.startswith(TIMEOUT.name) and seen.worst != "crash" else "crash"
    change = f"the attempt {seen.after}" if case.each else "the change"
    because = f"after {change} the subject serves nobody ({seen.ended}); on a fresh start it serves until then"
    return Finding(what, because, "", seen.after)


def _stopped(case: Case | Watch, transcript: Transcript, shown: str, reason: str) -> Verdict:
    return Verdict(case.id, transcript.variant, shown, reason, (), dict.fromkeys(case.decides, shown))


def _graded(case: Case | Watch, transcript: Transcript, findings: Iterable[Finding], weigh: Weigh) -> Verdict:
    """Weigh the findings, requirement by requirement; the case shows the worst of them."""
    findings = tuple(findings)
    named: dict[str, set[str]] = {requirement: set() for requirement in case.decides}
    for finding in findings:
        for requirement in _on(case, finding):
            named.setdefault(requirement, set()).add(finding.observation)
    decided: dict[str, str] = {}
    for requirement, seen in named.items():
        weight = weigh(requirement)
        shows = [_OUT] if weight == _OUT else [_shown(observation, weight) for observation in seen]
        decided[requirement] = max(shows, key=_SEVERITY.index, default="pass")
    # What is decided on the side raises the case's verdict only where it is bad: a recorded preference does not.
    sides = (s for s in decided.values() if s != "tolerated")
    grave = (f.observation for f in findings if f.observation in _OF_THE_SUBJECT)
    shown = max([*(decided[r] for r in case.requirements), *sides, *grave], key=_SEVERITY.index)
    telling = next((f for f in findings if any(_shown(f.observation, weigh(r)) == shown for r in _on(case, f))), None)
    reason = telling.because if telling else "nothing was seen"
    return Verdict(case.id, transcript.variant, shown, reason, findings, decided)


def _on(case: Case | Watch, finding: Finding) -> Sequence[str]:
    return (finding.requirement,) if finding.requirement else case.requirements


def _shown(observation: str, weight: str) -> str:
    match observation:
        case "as-expected":
            return "pass"
        case "tolerated":
            return "tolerated"
        case "violation":
            return weight
        case other:
            return other


class Watching:
    """What a watch has seen so far: as few findings as its verdict needs, however many parts there are."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.parts = 0
        self.trouble = ""
        self._kept: dict[tuple[str, str], list[Finding]] = {}

    def see(self, part: Part, shown: str) -> None:
        """Look at a part, unless the watch's `where` excludes its variant.

        `shown` is the verdict that the part was first of: where that is none, a part without findings proves nothing.
        """
        for axis, values in self.watch.where.items():
            if values != "first" and part.variant.get(axis) not in values:
                return
        self.parts += shown not in NOT_RUN
        try:
            for finding in self.watch.look(part):
                kept = self._kept.setdefault((finding.observation, finding.requirement), [])
                if len(kept) < KEPT:
                    kept.append(finding)
        except Exception as why:  # noqa: BLE001 - a watch is code of a protocol: its failure is its own verdict
            told = f"the suite failed in the part {part.name}: {type(why).__name__}: {why}"
            self.trouble = self.trouble or told

    def verdict(self, weigh: Weigh) -> Verdict:
        """The verdict on the watch."""
        empty = Transcript(self.watch.id, {}, ())
        if self.trouble:
            return _stopped(self.watch, empty, "error", self.trouble)
        findings = [f for kept in self._kept.values() for f in kept]
        if not self.parts and all(f.observation == "as-expected" for f in findings):
            return _stopped(self.watch, empty, "inconclusive", "it saw no part of any case that came to a verdict")
        if not findings and self.watch.absent:
            return _stopped(self.watch, empty, "not-applicable", self.watch.absent)
        nothing = Finding("as-expected", f"nothing in {self.parts} parts")
        return _graded(self.watch, empty, findings or [nothing], weigh)
