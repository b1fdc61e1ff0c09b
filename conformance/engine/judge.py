"""From transcript to verdict: pure, so that it runs again on a stored run.

The controls come first (design, section 3): a refusal counts only if the unchanged exchange was accepted before and the
subject was alive afterwards; a wrong answer counts whatever follows; no answer counts only if the subject lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.model import (
    ABSENT,
    ACCEPTED,
    ADAPTER,
    BAD,
    CRASH,
    ERROR,
    HEALTH,
    NOTHING,
    OBSERVATIONS,
    SCOPES,
    TWIN,
    UNANSWERED,
    UNSUPPORTED,
    Case,
    Finding,
    Outcome,
    Part,
    Requirement,
    Transcript,
    Verdict,
    Watch,
)

Weigh = Callable[[str], str]
"""What a violation of a requirement shows as: fail, warn or tolerated."""
OutcomeOf = Callable[[Part], Outcome]
"""How a part ended."""

_SEVERITY = ("pass", "tolerated", "warn", "fail", "leak", "hang", "crash")
_ANSWERED_BADLY = ("violation", "leak", "crash")


def weigher(requirements: Mapping[str, Requirement], *, strict: bool = False) -> Weigh:
    """Weigh by the catalogue; unknown requirements weigh as failures, with `strict` warnings do too."""

    def weigh(requirement: str) -> str:
        row = requirements.get(requirement)
        weight = row.weight if row else "fail"
        return "fail" if strict and weight == "warn" else weight

    return weigh


@dataclass(slots=True)
class Seen:
    """What one round of a case showed, before the rounds are compared.

    `stopped` is set where the round decides nothing: (verdict, reason). `healthy` is None where health was not tried.
    `answered` says that a violation rests on an answer of the subject and needs no health.
    """

    twin: bool = True
    stopped: tuple[str, str] | None = None
    findings: list[Finding] = field(default_factory=list)
    healthy: bool | None = None
    answered: bool = False
    ended: str = ""

    @property
    def worst(self) -> str:
        """The weightiest observation."""
        return max((f.observation for f in self.findings), key=OBSERVATIONS.index, default="as-expected")

    @property
    def clean(self) -> bool:
        """Whether the round can stand alone: its controls held, and nothing that wants a second look was seen."""
        if self.stopped is not None:
            return self.twin
        return self.twin and self.healthy is not False and self.worst in {"as-expected", "tolerated"}


def look(case: Case, transcript: Transcript) -> Seen:
    """What the parts of one round show."""
    seen = Seen()
    ended = _asked_once(case.exchange.outcome)
    twin = next((p for p in transcript.parts if p.name == TWIN), None)
    if (trouble := _trouble(transcript)) is not None:
        seen.stopped = trouble
        return seen
    if twin is not None and (outcome := ended(twin)) != ACCEPTED:
        seen.twin = False
        seen.ended = _told(twin, outcome)
        if outcome == UNSUPPORTED:
            seen.twin, seen.stopped = True, ("unsupported", twin.detail())
        return seen
    absent = next((p for p in transcript.tested if p.last("absent")), None)
    if absent is not None:
        seen.stopped = ("not-applicable", absent.detail())
        return seen
    without = [p for p in transcript.tested if ended(p) == UNSUPPORTED]
    if without and (case.scripted or len(without) == len(transcript.tested)):
        seen.stopped = ("unsupported", without[0].detail())
        return seen
    anew = [p for p in transcript.parts if p.name == HEALTH and p.scope == "subject"]
    seen.healthy = all(ended(p) == ACCEPTED for p in anew) if anew else None
    if seen.healthy is False:
        last = next(p for p in anew if ended(p) != ACCEPTED)
        seen.ended = _told(last, ended(last))
    if case.own_judge is not None:
        seen.findings += [f for turn in _turns(transcript) for f in case.own_judge(turn)]
    if case.expect or case.also:
        missing = list(_by_expectation(case, transcript, seen, ended))
        if missing:
            seen.stopped = ("inconclusive", missing[0])
    seen.answered = any(
        f.observation in _ANSWERED_BADLY and f.part not in _unanswered(transcript, ended) for f in seen.findings
    )
    return seen


def _asked_once(outcome: OutcomeOf) -> OutcomeOf:
    """The same, asked once of each part: to say how an exchange ended its messages are read again."""
    known: dict[int, Outcome] = {}

    def ended(part: Part) -> Outcome:
        found = known.get(id(part))
        if found is None:
            found = known[id(part)] = outcome(part)
        return found

    return ended


def _trouble(transcript: Transcript) -> tuple[str, str] | None:
    """Whatever makes the case an error of the suite or the adapter."""
    for part in transcript.parts:
        kinds = {e.what for e in part.events}
        if ERROR.name in kinds:
            return "error", f"the suite failed in the part {part.name}: {part.detail()}"
        if ADAPTER.name in kinds:
            return "error", f"the adapter failed in the part {part.name}: {part.detail()}"
        if not part.changes:
            continue
        unapplied = set(range(len(part.changes))) - part.applied
        if unapplied and (end := part.ending()) != UNSUPPORTED and end.name != ABSENT.name:
            change = part.changes[min(unapplied)]
            if end == NOTHING:
                return "error", f"the change {change} was never applied in the part {part.name}"
            return "inconclusive", f"{part.name} ended before {change} could be applied: {_told(part, end)}"
    return None


def _turns(transcript: Transcript) -> Iterator[Transcript]:
    for number in sorted({p.turn for p in transcript.tested}):
        yield replace(transcript, parts=tuple(p for p in transcript.parts if p.turn == number))


def _unanswered(transcript: Transcript, ended: OutcomeOf) -> set[str]:
    names = {o.name for o in UNANSWERED}
    return {p.name for p in transcript.tested if ended(p).name in names}


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
        if outcome.name == CRASH.name:
            seen.findings.append(Finding("crash", f"{part.name}: {_told(part, outcome)}", "", part.name))
            continue
        allowed = case.allowed(part.name)
        if allowed:
            finding = _expected(part, outcome, allowed)
            seen.findings.append(finding)
            if finding.observation != "violation":
                seen.findings += _survived(transcript, at, next(o for o in allowed if o.allows(outcome)), ended)
        for requirement, outcomes in case.also.items():
            if not case.scripted or allowed:
                seen.findings.append(replace(_expected(part, outcome, outcomes), requirement=requirement))
    if isinstance(case.expect, Mapping):
        for name in case.expect:
            if not transcript.named(name) and not any(f.observation == "crash" for f in seen.findings):
                last = transcript.tested[-1] if transcript.tested else None
                yield (
                    f"the step {name} was not reached: {last.name} ended in {_told(last, ended(last))}"
                    if last
                    else f"the step {name} was not reached"
                )


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


def judge(case: Case, transcript: Transcript, weigh: Weigh) -> Verdict:
    """The verdict on a case and variant from everything that was seen of it."""
    rounds = [look(case, t) for t in transcript.rounds() if t.parts[0].round > 0]
    if not rounds:
        return _stopped(case, transcript, "inconclusive", "it did not come to run by itself")
    first, last = rounds[0], rounds[-1]
    stopped = next((r.stopped for r in rounds if r.stopped and r.stopped[0] != "inconclusive"), None) or last.stopped
    if stopped is not None:
        return _stopped(case, transcript, *stopped)
    if len(rounds) == 1:
        return _single(case, transcript, first, weigh)
    if not first.twin:
        if not last.twin:
            return _stopped(case, transcript, "inconclusive", f"the twin was not accepted, twice: {last.ended}")
        return _single(case, transcript, last, weigh)
    if first.answered and last.answered:
        return _graded(case, transcript, _merged(first, last), weigh)
    if first.healthy is False:
        return _after_death(case, transcript, first, last, weigh)
    if not last.twin:
        return _stopped(case, transcript, "inconclusive", f"on a fresh start the twin was not accepted: {last.ended}")
    if last.healthy is False:
        return _after_death(case, transcript, last, last, weigh)
    one, two = (_graded(case, transcript, r.findings, weigh) for r in (first, last))
    if one.shown == two.shown:
        return two
    reason = f"seen in 1 of 2 attempts: {(one if one.shown in (*BAD, 'warn') else two).reason}"
    return _stopped(case, transcript, "inconclusive", reason)


def _merged(first: Seen, last: Seen) -> list[Finding]:
    return last.findings if first.worst == last.worst else [*first.findings, *last.findings]


def _single(case: Case, transcript: Transcript, seen: Seen, weigh: Weigh) -> Verdict:
    if not seen.twin:
        return _stopped(case, transcript, "inconclusive", f"the twin was not accepted: {seen.ended}")
    if seen.healthy is False and not seen.answered:
        reason = f"the subject was not alive afterwards ({seen.ended}), and the change is not shown to be why"
        return _stopped(case, transcript, "inconclusive", reason)
    return _graded(case, transcript, seen.findings, weigh)


def _after_death(case: Case, transcript: Transcript, first: Seen, last: Seen, weigh: Weigh) -> Verdict:
    """Health anew failed; the fresh start says whose fault that was."""
    if not last.twin:
        if transcript.parts[-1].generation == transcript.parts[0].generation:
            because = f"the subject is dead since this change ({last.ended}); not repeated, as it is not ours to start"
            return _graded(case, transcript, [*first.findings, Finding("crash", because)], weigh)
        reason = f"health failed ({first.ended}), and on a fresh start so did the twin: {last.ended}"
        return _stopped(case, transcript, "inconclusive", reason)
    if last.healthy is False:
        what = "hang" if last.ended.startswith("timeout") and last.worst != "crash" else "crash"
        because = f"after the change the subject serves nobody ({last.ended}); on a fresh start it serves until then"
        return _graded(case, transcript, [*last.findings, Finding(what, because)], weigh)
    if last.worst == "crash":
        return _graded(case, transcript, last.findings, weigh)
    return _stopped(case, transcript, "inconclusive", f"health failed in 1 of 2 attempts: {first.ended}")


def _stopped(case: Case | Watch, transcript: Transcript, shown: str, reason: str) -> Verdict:
    return Verdict(case.id, transcript.variant, shown, reason, (), dict.fromkeys(case.decides, shown))


def _graded(case: Case | Watch, transcript: Transcript, findings: Iterable[Finding], weigh: Weigh) -> Verdict:
    """Weigh the findings, requirement by requirement; the case shows the worst of them."""
    findings = tuple(findings)
    decided: dict[str, str] = {}
    for requirement in (*case.decides, *(f.requirement for f in findings if f.requirement)):
        own = [f for f in findings if f.requirement == requirement or _falls_on(case, f, requirement)]
        decided[requirement] = max((_shown(f, weigh(requirement)) for f in own), key=_SEVERITY.index, default="pass")
    shown = max((decided[r] for r in case.requirements), key=_SEVERITY.index)
    # What is decided on the side raises the case's verdict only where it is bad: a recorded preference does not.
    shown = max([shown, *(s for s in decided.values() if s != "tolerated")], key=_SEVERITY.index)
    telling = next((f for f in findings if any(_shown(f, weigh(r)) == shown for r in _on(case, f))), None)
    reason = telling.because if telling else "nothing was seen"
    return Verdict(case.id, transcript.variant, shown, reason, findings, decided)


def _on(case: Case | Watch, finding: Finding) -> Sequence[str]:
    return (finding.requirement,) if finding.requirement else case.requirements


def _falls_on(case: Case | Watch, finding: Finding, requirement: str) -> bool:
    return not finding.requirement and requirement in case.requirements


def _shown(finding: Finding, weight: str) -> str:
    match finding.observation:
        case "as-expected":
            return "pass"
        case "tolerated":
            return "tolerated"
        case "violation":
            return weight
        case other:
            return other


def judge_watch(watch: Watch, findings: Sequence[Finding], parts: int, weigh: Weigh) -> Verdict:
    """The verdict on a watch from what it found in all parts of a run."""
    empty = Transcript(watch.id, {}, ())
    if not parts:
        return _stopped(watch, empty, "inconclusive", "it saw no part of any case")
    if not findings:
        findings = (Finding("as-expected", f"nothing in {parts} parts"),)
    return _graded(watch, empty, findings, weigh)
